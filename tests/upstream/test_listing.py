import json
import sys
from collections.abc import Mapping

import anyio
import pytest
from mcp import MCPError
from mcp_types import INTERNAL_ERROR, METHOD_NOT_FOUND
from structlog.testing import capture_logs

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamAnswerError
from mcp_dynaload.transport.sdk_json import writable
from mcp_dynaload.upstream.era import Era
from mcp_dynaload.upstream.list_reading import ListingBudget, read_listing
from mcp_dynaload.upstream.list_rules import MAX_LEVELS
from mcp_dynaload.upstream.listing import Listing

EMPTY: Json = {"tools": [], "prompts": [], "resources": [], "resourceTemplates": []}
EVERYTHING: Json = {"tools": {}, "prompts": {}, "resources": {}}


def an_era(capabilities: Json = EVERYTHING) -> Era:
    return Era("2025-11-25", {"name": "s", "version": "1"}, capabilities, "Be careful.")


async def listing_of(
    pages: Mapping[tuple[str, str | None], Json | Exception], era: Era | None = None, before: Listing | None = None
) -> Listing:
    """Read the listing of a server that has these pages, by method and cursor, and empty ones otherwise."""

    async def request(method: str, params: Json) -> Json:
        page = pages.get((method, params.get("cursor")), EMPTY)
        if isinstance(page, Exception):
            raise page
        return page

    return await read_listing(era or an_era(), request, before=before)


async def test_all_pages_of_all_lists_are_read() -> None:
    listing = await listing_of(
        {
            ("tools/list", None): {"tools": [{"name": "a", "x": 1}], "nextCursor": "2"},
            ("tools/list", "2"): {"tools": [{"name": "b"}], "nextCursor": "3"},
            ("tools/list", "3"): {"tools": [{"name": "c"}], "nextCursor": ""},
            ("prompts/list", None): {"prompts": [{"name": "p"}]},
            ("resources/list", None): {"resources": [{"uri": "r:1"}]},
            ("resources/templates/list", None): {"resourceTemplates": [{"uriTemplate": "r:{x}"}]},
        }
    )
    assert listing == Listing(
        tools=({"name": "a", "x": 1}, {"name": "b"}, {"name": "c"}),
        prompts=({"name": "p"},),
        resources=({"uri": "r:1"},),
        templates=({"uriTemplate": "r:{x}"},),
        instructions="Be careful.",
        server_info={"name": "s", "version": "1"},
        capabilities=EVERYTHING,
        version="2025-11-25",
    )


async def test_what_a_server_does_not_offer_is_not_asked_for() -> None:
    refused = MCPError(code=INTERNAL_ERROR, message="never ask")
    pages: dict[tuple[str, str | None], Json | MCPError] = {
        (method, None): refused for method in ("tools/list", "prompts/list", "resources/list")
    }

    listing = await listing_of(pages, an_era({}))

    assert (listing.tools, listing.prompts, listing.resources) == ((), (), ())


async def test_a_list_that_the_server_lacks_after_all_is_empty() -> None:
    lacking = MCPError(code=METHOD_NOT_FOUND, message="Method not found")
    listing = await listing_of(
        {("resources/list", None): {"resources": [{"uri": "r:1"}]}, ("resources/templates/list", None): lacking}
    )
    assert (listing.resources, listing.templates) == (({"uri": "r:1"},), ())


async def test_a_list_that_fails_is_an_error() -> None:
    with pytest.raises(MCPError):
        await listing_of({("prompts/list", None): MCPError(code=INTERNAL_ERROR, message="broken")})


def of_levels(levels: int) -> Json:
    """Return a tool that is nested so deeply."""
    inner: object = "x"
    for _ in range(levels - 1):
        inner = [inner]
    return {"name": f"of {levels}", "inputSchema": {"type": "object"}, "_meta": inner}


async def test_an_element_nested_so_deeply_that_no_list_could_be_written_costs_only_itself() -> None:
    tools = [of_levels(MAX_LEVELS), of_levels(MAX_LEVELS + 1), of_levels(sys.getrecursionlimit()), {"name": "after"}]
    wide: Json = {"name": "wide", "_meta": [["x"], {"x": 1}] * MAX_LEVELS}

    listing = await listing_of({("tools/list", None): {"tools": [*tools, wide]}})

    assert listing.tools == (tools[0], tools[3], wide)
    assert writable({"jsonrpc": "2.0", "id": 1, "result": {"tools": [tools[0]]}})
    assert listing.too_deep == {"tools": [f"of {MAX_LEVELS + 1}", f"of {sys.getrecursionlimit()}"]}
    assert listing.gaps == ()


@pytest.mark.parametrize("cursor", ["again", 5, {"a": 1}, None, ["x"]])
async def test_a_cursor_that_comes_back_or_is_none_ends_the_list(cursor: object) -> None:
    page: Json = {"tools": [{"name": "a"}], "nextCursor": cursor}
    listing = await listing_of({("tools/list", None): page, ("tools/list", "again"): page})

    assert len(listing.tools) <= 2


async def test_elements_without_a_name_are_dropped_and_told() -> None:
    with capture_logs() as logs:
        listing = await listing_of({("tools/list", None): {"tools": [None, 3, "x", {}, {"name": 5}, {"title": "a"}]}})

    assert listing.tools == ()
    assert [entry["count"] for entry in logs] == [6]


@pytest.mark.proves("in-words")
@pytest.mark.parametrize(
    ("page", "why"),
    [
        ({"tools": 7}, "'tools' is 7"),
        ({"tools": "text"}, "'tools' is 'text'"),
        ({"tools": {"a": {"name": "a"}}}, "'tools' is an object"),
        ({"tools": None}, "'tools' is null"),
        ({}, "'tools' is missing"),
    ],
)
async def test_an_answer_without_a_list_is_no_empty_list(page: Json, why: str) -> None:
    with pytest.raises(UpstreamAnswerError, match=f"it answered 'tools/list' without a list: {why}"):
        await listing_of({("tools/list", None): page})
    listing = await listing_of({("tools/list", None): page, ("prompts/list", None): {"prompts": [{"name": "p"}]}})

    assert (listing.tools, listing.prompts) == ((), ({"name": "p"},))
    assert listing.gaps == (f"tools: {why}; 0 were read",)


async def test_a_list_that_is_answered_with_nothing_readable_costs_no_other() -> None:
    listing = await listing_of(
        {
            ("tools/list", None): {"tools": [{"name": "a"}]},
            ("prompts/list", None): UpstreamAnswerError("HTTP 500", "it answered with HTTP 500"),
            ("resources/list", None): {},
        }
    )

    assert listing.tools == ({"name": "a"},)
    assert listing.gaps == ("prompts: 'prompts/list' failed: it answered with HTTP 500; 0 were read",)


def test_a_listing_is_the_same_after_it_was_stored() -> None:
    listing = Listing(tools=({"name": "a"},), capabilities={"tools": {}}, version="1", gaps=("tools: broken",))

    assert Listing.from_json(listing.as_json()) == listing


async def test_the_digest_is_the_same_where_all_elements_are_and_survives_the_store() -> None:
    async def digest_of(*pages: Json) -> str:
        cursors = [None, *map(str, range(1, len(pages)))]
        following = [*cursors[1:], ""]
        answers: dict[tuple[str, str | None], Json | MCPError] = {
            ("tools/list", cursor): {**page, "nextCursor": after}
            for cursor, after, page in zip(cursors, following, pages, strict=True)
        }
        listing = await listing_of(answers)
        assert Listing.from_json(json.loads(json.dumps(listing.as_json()))).digest == listing.digest
        return listing.digest

    same = await digest_of({"tools": [{"name": "a"}, {"name": "b", "x": 1}]})

    assert same == await digest_of({"tools": [{"name": "a"}]}, {"tools": [{"name": "b", "x": 1}]})
    others = [
        await digest_of({"tools": [{"name": "a"}, {"name": "b", "x": other}]}) for other in (True, 1.0, "1", [1], None)
    ]
    others += [
        await digest_of({"tools": [{"name": "b", "x": 1}, {"name": "a"}]}),
        await digest_of({"tools": [{"name": "a"}, {"name": "b", "x": 1}, {}]}),
        await digest_of({"tools": [{"name": "a"}]}),
    ]
    assert len({same, *others}) == len(others) + 1


async def test_a_listing_in_part_has_no_digest() -> None:
    broken = MCPError(code=INTERNAL_ERROR, message="broken")

    listing = await listing_of({("tools/list", None): {"tools": [{"name": "a"}]}, ("prompts/list", None): broken})

    assert (listing.tools, listing.digest) == (({"name": "a"},), "")


@pytest.mark.parametrize("data", [{}, {"tools": [], "prompts": [], "resources": [], "templates": [], "more": 1}])
def test_stored_data_of_another_form_is_refused(data: Json) -> None:
    with pytest.raises((KeyError, TypeError)):
        Listing.from_json(data)


async def endless(method: str, params: Json) -> Json:
    """Return one page of a list without end: two new tools on each."""
    number = int(params.get("cursor") or 0)
    return {"tools": [{"name": f"a{number}"}, {"name": f"b{number}"}], "nextCursor": str(number + 1)}


@pytest.mark.proves("bounded")
@pytest.mark.parametrize(
    ("budget", "gap"),
    [
        (ListingBudget(pages=3), "tools: it has more than 3 pages; 6 were read"),
        (ListingBudget(elements=5), "tools: it has more than 5 elements; 5 were read"),
        (ListingBudget(bytes=100), "tools: the lists are longer than 100 bytes; 7 were read"),
    ],
)
async def test_of_a_list_without_end_as_much_is_kept_as_the_budget_allows(budget: ListingBudget, gap: str) -> None:
    with anyio.fail_after(5):
        listing = await read_listing(an_era({"tools": {}}), endless, budget)

    assert listing.gaps == (gap,)
    assert f"; {len(listing.tools)} were read" in gap


async def test_of_a_list_that_stops_answering_as_much_is_kept_as_came_in_time() -> None:
    async def request(method: str, params: Json) -> Json:
        return await endless(method, params) if not params else await anyio.sleep_forever() or {}

    listing = await read_listing(an_era({"tools": {}}), request, ListingBudget(seconds=0.1))

    assert listing.gaps == ("tools: 'tools/list' was not answered in 0.1 s; 2 were read",)


async def test_what_could_not_be_read_again_stays_as_it_was() -> None:
    before = Listing(tools=({"name": "a", "x": 1}, {"name": "b"}), prompts=({"name": "p"},))
    broken = MCPError(code=INTERNAL_ERROR, message="broken")
    pages: dict[tuple[str, str | None], Json | MCPError] = {
        ("tools/list", None): {"tools": [{"name": "a", "x": 2}], "nextCursor": "2"},
        ("tools/list", "2"): broken,
        ("prompts/list", None): broken,
    }

    listing = await listing_of(pages, before=before)

    assert listing.tools == ({"name": "a", "x": 2}, {"name": "b"})
    assert listing.prompts == ({"name": "p"},)
    assert len(listing.gaps) == 2
