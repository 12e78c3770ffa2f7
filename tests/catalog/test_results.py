"""Results as the client can read them; the real client says in `tests/e2e/test_odd_results.py` which those are."""

import pytest

from mcp_dynaload.catalog.results import readable_result
from tests.e2e.odd_results import ASKED, ODD_PROMPTS, ODD_RESOURCES, ODD_RESULTS, OddResult

LEVELS = 100_000
ODD = (("tools/call", ODD_RESULTS), ("prompts/get", ODD_PROMPTS), ("resources/read", ODD_RESOURCES))


@pytest.mark.proves("in-words")
@pytest.mark.parametrize(
    ("method", "odd"),
    [pytest.param(method, odd, id=f"{method} {odd.given}"[:70]) for method, kinds in ODD for odd in kinds],
)
def test_what_the_client_would_refuse_is_mended_and_all_else_is_the_very_same(method: str, odd: OddResult) -> None:
    found, why = readable_result(method, odd.given, uri=ASKED)

    assert found == (odd.given if odd.mended is None else odd.mended)
    assert bool(why) == (odd.mended is not None)
    assert (found is odd.given) == (odd.mended is None)
    if found or method == "tools/call":
        assert readable_result(method, found) == (found, ())


def test_of_what_is_no_content_only_the_begin_is_shown() -> None:
    found, _ = readable_result("tools/call", {"content": [{"type": "hologram", "data": "x" * 10_000_000}]})

    assert len(found["content"][0]["text"]) < 5_000


def test_what_is_nested_too_deeply_to_be_shown_is_told() -> None:
    deep: list[object] = []
    for _ in range(LEVELS):
        deep = [deep]

    assert readable_result("tools/call", {"content": [deep]})[0] == {
        "content": [{"type": "text", "text": "(nested too deeply)"}]
    }
    assert readable_result("tools/call", {"structuredContent": {"a": deep}})[1] == ()


@pytest.mark.parametrize(
    ("blob", "why"),
    [("@", "contents[0].blob is '@', not base64"), (None, "contents[0].blob is null, not base64")],
)
def test_a_refusal_tells_of_what_the_server_meant_to_give(blob: object, why: str) -> None:
    _, odd = readable_result("resources/read", {"contents": [{"uri": ASKED, "blob": blob}]})

    assert [f"{one.place} {one.why}" for one in odd] == [why, "contents has no usable element"]
