"""Our server in memory, in front of real scripted processes, with a real client."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
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
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.proxy.caller import HOOK_MARK
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.client import ClientEnvironment
from mcp_dynaload.proxy.process_context import Shared
from mcp_dynaload.proxy.server import Front, open_front
from mcp_dynaload.store.catalog_cache import Records
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.peers import Peers
from mcp_dynaload.store.sqlite_usage import LocalMemory
from mcp_dynaload.store.status_lines import StatusLines
from mcp_dynaload.telemetry.event_bus import Facts
from mcp_dynaload.telemetry.pipeline import Telemetry
from mcp_dynaload.upstream.listing import Listing
from tests.proxy.catalogs import stored_catalog
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

    async def raw(self, method: str, **params: object) -> Json:
        """A request that the client's models would not let pass."""
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
async def front_of(
    folder: Path,
    configs: Sequence[UpstreamConfig],
    listings: Mapping[str, Listing] | None = None,
    *,
    settings: Settings = QUIET,
    session_id: str | None = None,
    tool_search: bool = True,
    facts: Facts | None = None,
    peers: Peers | None = None,
    registration: Registration | None = None,
) -> AsyncGenerator[tuple[Front, CatalogState]]:
    """Our server with a cache that holds these listings."""
    file = folder / "state" / "dynaload.db"
    with closing(Records(Database(file))) as records, closing(LocalMemory(Database(file))) as usage:
        by_name = {config.name: config for config in configs}
        for name, listing in (listings or {}).items():
            records.keep_listing(by_name[name].fingerprint(folder), name, listing.as_json())
        is_dynamic = settings.dynamic_loading_enabled
        live = stored_catalog(by_name, records, folder, is_dynamic=is_dynamic, registration=registration)
        environment = ClientEnvironment(session_id, is_interactive=False, tool_search=tool_search, model=None)
        lines = StatusLines(folder / "state" / "status")
        telemetry = Telemetry(facts or Facts())
        shared = Shared(settings, live, environment, usage, lines, telemetry, peers=peers or Peers())
        async with open_front(shared, folder / "logs") as front:
            yield front, live


_NOTICES = {
    ToolListChangedNotification: "tools",
    PromptListChangedNotification: "prompts",
    ResourceListChangedNotification: "resources",
    ResourceUpdatedNotification: "updated",
}


@asynccontextmanager
async def client_of(front: Front, live: CatalogState) -> AsyncGenerator[Connected]:
    """A connected client that follows list changes as Claude Code does."""
    async with following(
        front.server, live, client_info=Implementation(name="mcp-dynaload-tests", version="1")
    ) as client:
        yield client


@asynccontextmanager
async def following(target: Any, live: CatalogState, **options: Any) -> AsyncGenerator[Connected]:
    """The same, over any transport."""
    connected: Connected | None = None

    async def on_message(message: object) -> None:
        notice = _NOTICES.get(type(message))  # pyright: ignore[reportArgumentType]
        if connected is None or notice is None:
            return
        if notice == "tools" and connected.follows:
            tasks.start_soon(reread, connected)
        connected.note(notice)

    async def reread(client: Connected) -> None:
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
    facts: Facts | None = None,
    peers: Peers | None = None,
    registration: Registration | None = None,
) -> AsyncGenerator[Connected]:
    """Both at once."""
    async with (
        front_of(
            folder,
            configs,
            listings,
            settings=settings,
            session_id=session_id,
            tool_search=tool_search,
            facts=facts,
            peers=peers,
            registration=registration,
        ) as (front, live),
        client_of(front, live) as client,
    ):
        yield client
