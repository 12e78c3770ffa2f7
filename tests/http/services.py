"""The service on a loopback port of this process, in front of real scripted servers, and clients of it."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import anyio
from fastapi import FastAPI
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.configuration import Configuration, read_configuration
from mcp_dynaload.http.app import create_app
from mcp_dynaload.http.dependencies import ServiceState, serving_of
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import SERVER
from tests.proxy.clients import Connected, following
from tests.transparency.serving import served
from tests.waiting import HANG_SECONDS, PATIENT

CLAUDE_CODE = Implementation(name="claude-code", version="2.1.332")
TRANSPORTS = ("http", "sse")


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    origin: str
    app: FastAPI

    @property
    def state(self) -> ServiceState:
        return serving_of(self.app)

    def url(self, transport: str = "http") -> str:
        return f"{self.origin}/{'mcp' if transport == 'http' else 'sse'}"

    @asynccontextmanager
    async def client(
        self, transport: str = "http", *, headers: Mapping[str, str] | None = None, info: Implementation = CLAUDE_CODE
    ) -> AsyncGenerator[Connected]:
        """Connect a client that follows list changes."""
        import httpx2

        if transport == "http":
            async with httpx2.AsyncClient(headers=dict(headers or {}), timeout=30) as http:
                streams = streamable_http_client(self.url(), http_client=http)
                async with following(streams, self.state.proxy.live, client_info=info) as client:
                    yield client
            return
        streams = sse_client(self.url(transport), headers=dict(headers or {}))
        async with following(streams, self.state.proxy.live, client_info=info) as client:
            yield client


def a_configuration(folder: Path, servers: Mapping[str, Json], **variables: str) -> Configuration:
    """Return the configuration of a service in front of these servers, whose tools are in its cache."""
    configuration = a_new_configuration(folder, servers, **variables)
    _fill_cache(configuration)
    return configuration


def a_new_configuration(folder: Path, servers: Mapping[str, Json], **variables: str) -> Configuration:
    """Return the same with nothing known of the servers yet."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "servers.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    places = {
        "MCP_DYNALOAD_CONFIG_DIR": str(folder / "config"),
        "MCP_DYNALOAD_STATE_DIR": str(folder / "state"),
        "CLAUDE_PROJECT_DIR": str(folder),
    }
    quiet = {"MCP_DYNALOAD_WARM_UPSTREAMS": "false"}
    configuration = read_configuration({**PATIENT, **quiet, **places, **variables}, explicit=[file])
    assert configuration.upstreams.problems == ()
    return configuration


@asynccontextmanager
async def running(configuration: Configuration, port: int = 0) -> AsyncGenerator[Service]:
    """Run the service, on a free port if none is given."""
    app = create_app(configuration)
    async with served(app, port) as origin:
        with anyio.fail_after(HANG_SECONDS):
            while not hasattr(app.state, "serving"):  # noqa: ASYNC110 - uvicorn tells nobody that it has started
                await anyio.sleep(0.005)
        yield Service(origin.replace("localhost", "127.0.0.1"), app)


@asynccontextmanager
async def service_of(folder: Path, servers: Mapping[str, Json], **variables: str) -> AsyncGenerator[Service]:
    """Configure the service and run it."""
    async with running(a_configuration(folder, servers, **variables)) as service:
        yield service


def _fill_cache(configuration: Configuration) -> None:
    """Keep what scripted servers say in their scripts that they offer."""
    project = configuration.locations.project_dir
    with closing(CatalogCache(Database(configuration.locations.database_file))) as records:
        for name, config in configuration.configs.items():
            if str(SERVER) in config.args:
                offers: Json = json.loads(config.args[-1])["offers"]
                listing = Listing(tools=tuple(offers["tools"]), resources=tuple(offers.get("resources", ())))
                records.keep_listing(config.fingerprint(project), name, listing.as_json())
