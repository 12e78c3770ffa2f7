"""Results as the client can read them; the real client says in `tests/e2e/test_odd_results.py` which those are."""

import pytest

from mcp_dynaload.catalog.results import readable_result
from mcp_dynaload.catalog.tool import Json
from tests.e2e.odd_results import ODD_RESULTS, OddResult

LEVELS = 100_000


@pytest.mark.proves("in-words")
@pytest.mark.parametrize("odd", ODD_RESULTS, ids=lambda odd: str(odd.given)[:60])
def test_what_the_client_would_refuse_is_mended_and_all_else_is_the_very_same(odd: OddResult) -> None:
    found, why = readable_result("tools/call", odd.given)

    assert found == (odd.given if odd.mended is None else odd.mended)
    assert bool(why) == (odd.mended is not None)
    assert (found is odd.given) == (odd.mended is None)
    assert readable_result("tools/call", found) == (found, ())


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
    ("messages", "mended"),
    [
        ([{"role": "user", "content": "hi"}], [{"role": "user", "content": {"type": "text", "text": "hi"}}]),
        (["hi"], [{"role": "user", "content": {"type": "text", "text": "hi"}}]),
        ([{"role": "system", "content": "hi"}], [{"role": "user", "content": {"type": "text", "text": "hi"}}]),
    ],
)
def test_the_messages_of_a_prompt_are_mended_alike(messages: object, mended: object) -> None:
    found, _ = readable_result("prompts/get", {"description": None, "messages": messages})

    assert found == {"messages": mended}


@pytest.mark.parametrize(
    ("method", "given"), [("prompts/get", {"messages": None}), ("resources/read", {"contents": 5}), ("prompts/get", {})]
)
def test_where_nothing_is_to_be_read_there_is_a_reason(method: str, given: Json) -> None:
    found, why = readable_result(method, given)

    assert found == {}
    assert why
