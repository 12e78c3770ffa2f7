"""The catalogs that the golden prompts speak of, listed from the servers themselves."""

import json
import os
from pathlib import Path

import anyio
from mcp import Client

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.servers_file import read_upstreams
from mcp_dynaload.demo import SERVERS
from mcp_dynaload.demo.serve import build
from mcp_dynaload.measure.quality.labelled import NamedCatalog, characters_in_fours, read_catalog
from mcp_dynaload.upstream.list_offline import list_upstreams
from tests.e2e.stage import NPM_BIN, PROXY_COMMAND
from tests.e2e.upstreams import Workplace

Definitions = dict[str, list[Json]]
"""The answers of servers to `tools/list`, by name of the server."""


def list_catalogs(folder: Path) -> dict[str, NamedCatalog]:
    """List `demo`, the embedded servers; and `real`, the servers that the end-to-end tests install."""
    return {
        "demo": _known(folder / "demo.json", anyio.run(_demo_definitions, folder / "demo")),
        "real": _known(folder / "real.json", anyio.run(_real_definitions, folder / "real")),
    }


def _known(file: Path, definitions: Definitions) -> NamedCatalog:
    file.write_text(json.dumps(definitions), encoding="utf-8")
    return read_catalog(file, characters_in_fours)


async def _demo_definitions(workspace: Path) -> Definitions:
    found: Definitions = {}
    for name in SERVERS:
        async with Client(build(name, workspace)) as client:
            tools = (await client.list_tools()).tools
        found[name] = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
    return found


async def _real_definitions(folder: Path) -> Definitions:
    place = Workplace(folder, NPM_BIN, PROXY_COMMAND)
    place.prepare()
    locations = Locations(folder / "config", folder / "state", place.project)
    read = read_upstreams(locations, explicit=[place.servers_file], environ=os.environ, trust_all=False)
    listed = await list_upstreams(read.upstreams, place.project, folder / "logs")
    if listed.errors:
        raise RuntimeError(f"run .ci/install-e2e: {listed.errors}")
    return {name: list(listed.listings[name].tools) for name in sorted(listed.listings)}
