"""Listing servers with no client connected."""

from pathlib import Path

import anyio
import pytest

from mcp_dynaload.upstream.list_offline import list_upstreams
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool

TOOLS = [tool("echo", "Repeat the words")]


@pytest.mark.proves("fresh-machine")
async def test_a_server_that_hangs_costs_the_others_nothing_and_is_told_when_the_time_is_over(tmp_path: Path) -> None:
    heard = dict[str, Listing]()
    first = anyio.Event()

    async def note(name: str, listing: Listing) -> None:
        heard[name] = listing
        first.set()

    silent = config("silent", offers={"tools": TOOLS}, never_answers=True)
    with anyio.fail_after(30):
        listed = await list_upstreams([silent, config("good", offers={"tools": TOOLS})], tmp_path, tmp_path, note, 5.0)

    assert [listing.tools for listing in heard.values()] == [tuple(TOOLS)]
    assert list(listed.listings) == list(heard) == ["good"]
    assert list(listed.errors) == ["silent"]
    assert listed.errors["silent"].startswith("MCP server 'silent' was not listed: all had 5 s together.")
