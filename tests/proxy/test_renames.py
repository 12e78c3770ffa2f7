"""Where a server's name for something is another's, that is told: in the log, to who journals, and to `doctor`."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.cli.oddities import in_json, in_words
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.proxy.clients import proxy_of

pytestmark = pytest.mark.proves("attribution")

TAKING = Listing(
    tools=(tool("b__c"), tool("own")), prompts=({"name": "b__p"},), resources=({"uri": "f:x", "name": "x"},)
)
OWNER = Listing(tools=(tool("c"),), prompts=({"name": "p"},), resources=({"uri": "f:x", "name": "x"},))


async def test_a_renamed_tool_prompt_or_resource_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    async with proxy_of(tmp_path, [config("a"), config("a__b")], {"a__b": OWNER}) as (_, live):
        live.observe_oddities(lambda name, oddities: told.append(f"{name}: {oddities}"))
        with capture_logs() as logs:
            await live.update("a", TAKING)
            await live.update("a", TAKING)

        (taken,) = [t for t in live.catalog.tools if t.original_name == "b__c"]
        sentences = live.oddities["a"].sentences
        assert {t.name for t in live.catalog.tools} == {"a__b__c", "a__own", taken.name}
        assert told == ["a__b: 1 renamed", "a: 2 renamed"]  # of two with one URI the first keeps it
        assert sentences[0] == f"tool 'b__c' renamed: a__b__c is another's here, so it is offered as {taken.name!r}"
        assert in_words("a", live.oddities["a"]).startswith("server a: definitions or names that are another server's")
        assert in_json(live.oddities["a"])["renamed"] == len(sentences)
    assert [entry["upstream"] for entry in logs if entry["event"] == "listing_mended"] == [
        t.split(":")[0] for t in told
    ]


async def test_what_is_renamed_is_known_from_the_cache(tmp_path: Path) -> None:
    listings = {"a": TAKING, "a__b": OWNER}
    async with proxy_of(tmp_path, [config("a"), config("a__b")], listings) as (_, live):
        assert list(live.oddities) == ["a", "a__b"]
        assert [sentence.split(" renamed")[0] for sentence in live.oddities["a"].sentences] == [
            "tool 'b__c'",
            "prompt 'b__p'",
        ]


async def test_a_server_alone_is_told_nothing_of(tmp_path: Path) -> None:
    async with proxy_of(tmp_path, [config("a")], {"a": TAKING}) as (_, live):
        assert live.oddities == {}
