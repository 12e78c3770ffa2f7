import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.server.acceptance import acceptable
from mcp_dynaload.upstream.listing import Listing

GOOD: Json = {"name": "good", "inputSchema": {"type": "object"}, "vendorField": 1}


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "bad"},
        {"name": "bad", "inputSchema": {"type": "object"}, "annotations": 7},
        {"name": "bad", "inputSchema": {"type": "object"}, "_meta": "x"},
        {"name": "bad", "inputSchema": "none"},
    ],
)
def test_a_tool_that_clients_refuse_does_not_cost_them_the_others(bad: Json) -> None:
    assert acceptable("a", Listing(tools=(bad, GOOD))) == Listing(tools=(GOOD,))


def test_the_same_holds_for_prompts_resources_and_templates() -> None:
    listing = Listing(
        prompts=({"name": "p", "arguments": 1}, {"name": "q"}),
        resources=({"uri": "file:///a"}, {"uri": "file:///b", "name": "b"}),
        templates=({"uriTemplate": "a://{b}"}, {"uriTemplate": "c://{d}", "name": "d"}),
    )
    assert acceptable("a", listing) == Listing(
        prompts=({"name": "q"},),
        resources=({"uri": "file:///b", "name": "b"},),
        templates=({"uriTemplate": "c://{d}", "name": "d"},),
    )
