"""Our server in memory, in front of real scripted processes, with a real client."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
from mcp import Client, MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    CallToolResult,
    Implementation,
    PromptListChangedNotification,
    ResourceListChangedNotification,
    ResourceUpdatedNotification,
    TextContent,
    ToolListChangedNotification,
)

from mcp_dynaload.catalog.names import Registration
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.profiles import ChosenProfile, Profile
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.caller import HOOK_MARK
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.client import ClientEnvironment
from mcp_dynaload.proxy.process_context import ProcessContext
from mcp_dynaload.proxy.quarantine import Quarantine
from mcp_dynaload.proxy.server import ProxyServer, open_proxy_server
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.definitions import DefinitionStore
from mcp_dynaload.store.peers import Peers
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.status_lines import StatusLines
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.pipeline import Telemetry
from mcp_dynaload.upstream.listing import Listing
from tests.proxy.catalogs import IndexByWords, stored_catalog
from tests.waiting import HANG_SECONDS, PATIENT_MS

QUIET = Settings(warm_upstreams=False, detection_timeout_ms=PATIENT_MS)


@dataclass
class Connected:
    """A client of ours, and what it was told."""

    client: Client
    live: CatalogState
    told: list[str] = field(default_factory=list[str])
    news: anyio.Event = field(default_factory=anyio.Event)
    follows: bool = True
    """Whether it lists the tools when told that they have changed."""

    async def knows_meanings(self) -> None:
        """Have tools ranked by meaning, too; what a test puts in the ranker's place before would be replaced by it."""
        index = self.live.index
        if isinstance(index, IndexByWords):
            index.wants_meanings.set()
        with anyio.fail_after(HANG_SECONDS):
            while not index.knows_meanings:
                await anyio.lowlevel.checkpoint()

    async def raw(self, method: str, **params: object) -> Json:
        """Send a request that the client's models would not let pass."""
        return await self.client.session._dispatcher.send_raw_request(method, params)  # pyright: ignore[reportPrivateUsage]

    async def names(self) -> list[str]:
        return [tool["name"] for tool in (await self.raw("tools/list"))["tools"]]

    async def call(self, called: str, **arguments: object) -> CallToolResult:
        return await self.client.call_tool(called, arguments)

    async def say(self, called: str, **arguments: object) -> str:
        return text_of(await self.call(called, **arguments))

    async def hook(self, event: object, **fields: object) -> Json:
        arguments = {"event": event, **fields}
        return json.loads(text_of(await self.client.call_tool("dynaload_hook", arguments, meta={HOOK_MARK: True})))

    async def prompt(self, text: object, **fields: object) -> Json:
        return await self.hook("UserPromptSubmit", prompt=text, **fields)

    async def until_told(self, what: str, times: int = 1) -> None:
        with anyio.fail_after(HANG_SECONDS):
            while self.told.count(what) < times:
                await self.news.wait()

    def note(self, what: str) -> None:
        self.told.append(what)
        self.news.set()
        self.news = anyio.Event()


def text_of(result: CallToolResult) -> str:
    content = result.content[0]
    assert isinstance(content, TextContent)
    return content.text


@asynccontextmanager
async def proxy_of(
    folder: Path,
    configs: Sequence[UpstreamConfig],
    listings: Mapping[str, Listing] | None = None,
    *,
    settings: Settings = QUIET,
    session_id: str | None = None,
    tool_search: bool = True,
    event_bus: EventBus | None = None,
    peers: Peers | None = None,
    registration: Registration | None = None,
    definitions: DefinitionStore | None = None,
    profile: ChosenProfile | None = None,
    profiles: Mapping[str, Profile] | None = None,
    is_interactive: bool = False,
) -> AsyncGenerator[tuple[ProxyServer, CatalogState]]:
    """Open our server with a cache that holds these listings."""
    file = folder / "state" / "dynaload.db"
    with closing(CatalogCache(Database(file))) as records, closing(SqliteUsage(Database(file))) as usage:
        by_name = {config.name: config for config in configs}
        for name, listing in (listings or {}).items():
            records.keep_listing(by_name[name].fingerprint(folder), name, listing.as_json())
        is_dynamic = settings.dynamic_loading_enabled
        quarantine = Quarantine(definitions, Masker(), settings.pinning, folder)
        live = stored_catalog(
            by_name, records, folder, is_dynamic=is_dynamic, registration=registration, quarantine=quarantine
        )
        environment = ClientEnvironment(session_id, is_interactive=is_interactive, tool_search=tool_search, model=None)
        lines = StatusLines(folder / "state" / "status")
        telemetry = Telemetry(event_bus or EventBus())
        shared = ProcessContext(
            settings,
            live,
            environment,
            usage,
            lines,
            telemetry,
            peers=peers or Peers(),
            profile=profile or ChosenProfile(),
            read_profiles=lambda: profiles or {},
        )
        async with open_proxy_server(shared, folder / "logs") as proxy:
            yield proxy, live


_NOTICES = {
    ToolListChangedNotification: "tools",
    PromptListChangedNotification: "prompts",
    ResourceListChangedNotification: "resources",
    ResourceUpdatedNotification: "updated",
}


@asynccontextmanager
async def client_of(proxy: ProxyServer, live: CatalogState) -> AsyncGenerator[Connected]:
    """Connect a client that follows list changes as Claude Code does."""
    async with following(
        proxy.server, live, client_info=Implementation(name="mcp-dynaload-tests", version="1")
    ) as client:
        yield client


@asynccontextmanager
async def following(target: Any, live: CatalogState, **options: Any) -> AsyncGenerator[Connected]:
    """Connect the same, over any transport."""
    connected: Connected | None = None

    async def on_message(message: object) -> None:
        notice = _NOTICES.get(type(message))  # pyright: ignore[reportArgumentType]
        if connected is None or notice is None:
            return
        if notice == "tools" and connected.follows:
            tasks.start_soon(list_refresh, connected)
        connected.note(notice)

    async def list_refresh(client: Connected) -> None:
        try:
            await client.names()
        except MCPError as error:
            if error.code != CONNECTION_CLOSED:  # it may leave meanwhile
                raise

    async with anyio.create_task_group() as tasks:
        async with Client(target, mode="legacy", message_handler=on_message, **options) as client:
            connected = Connected(client, live)
            yield connected
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def connected_to(
    folder: Path,
    *configs: UpstreamConfig,
    listings: Mapping[str, Listing] | None = None,
    settings: Settings = QUIET,
    session_id: str | None = None,
    tool_search: bool = True,
    event_bus: EventBus | None = None,
    peers: Peers | None = None,
    registration: Registration | None = None,
    definitions: DefinitionStore | None = None,
    profile: ChosenProfile | None = None,
    profiles: Mapping[str, Profile] | None = None,
) -> AsyncGenerator[Connected]:
    """Open our server and connect a client to it."""
    async with (
        proxy_of(
            folder,
            configs,
            listings,
            settings=settings,
            session_id=session_id,
            tool_search=tool_search,
            event_bus=event_bus,
            peers=peers,
            registration=registration,
            definitions=definitions,
            profile=profile,
            profiles=profiles,
        ) as (proxy, live),
        client_of(proxy, live) as client,
    ):
        yield client
