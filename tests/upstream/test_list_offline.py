"""Listing servers with no client connected."""

from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

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

    silent, good = (
        config("silent", offers={"tools": TOOLS}, never_answers=True),
        config("good", offers={"tools": TOOLS}),
    )
    missing = replace(good, name="missing", command="no-such-program-here")
    with anyio.fail_after(30), capture_logs() as logged:
        listed = await list_upstreams([silent, missing, good], tmp_path, tmp_path, note, 5.0)

    assert [listing.tools for listing in heard.values()] == [tuple(TOOLS)]
    assert list(listed.listings) == list(heard) == ["good"]
    assert list(listed.errors) == ["silent", "missing"]
    assert listed.errors["missing"].endswith("install it, or give its full path.\nThe other servers are unaffected.")
    unlisted = [line["upstream"] for line in logged if line["event"] == "upstream_not_listed"]
    assert sorted(unlisted) == ["missing", "silent"]
    assert listed.errors["silent"].startswith("MCP server 'silent' was not listed: all had 5 s together.")
