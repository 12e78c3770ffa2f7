"""Which definitions are those that were approved."""

from collections.abc import Mapping

import pytest

from mcp_dynaload.catalog.pinning import ALL_KINDS, Baseline, DefinitionElement, Key, element_of, elements_of, judge
from mcp_dynaload.catalog.tool import Json

TOOL: Json = {
    "name": "send",
    "title": "Send",
    "description": "Send a letter",
    "inputSchema": {"type": "object", "properties": {"to": {"type": "string"}}},
    "outputSchema": {"type": "object"},
    "annotations": {"readOnlyHint": False},
    "_meta": {"a": 1},
}


def nothing(element: DefinitionElement) -> str:
    return ""


def approved(*elements: DefinitionElement) -> Mapping[Key, set[str]]:
    found: dict[Key, set[str]] = {}
    for element in elements:
        found.setdefault(element.key, set()).add(element.digest)
    return found


def reasons(elements: list[DefinitionElement], baseline: Baseline) -> list[tuple[str, str]]:
    return [(one.element.name, one.reason) for one in judge(elements, baseline, nothing).held]


@pytest.mark.proves("pinning")
@pytest.mark.parametrize(
    "change",
    [
        {"title": "Send it"},
        {"description": "Send a letter."},
        {"inputSchema": {"type": "object", "properties": {"to": {"type": "string", "description": "x"}}}},
        {"outputSchema": {"type": "object", "properties": {}}},
        {"annotations": {"readOnlyHint": True}},
        {"_meta": {"a": 2}},
        {"x-vendor": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_field_of_an_element_that_differs_is_a_change(change: Json) -> None:
    baseline = Baseline(approved(element_of("tool", "send", TOOL)))

    assert reasons([element_of("tool", "send", {**TOOL, **change})], baseline) == [("send", "changed")]


def test_another_order_of_keys_is_none() -> None:
    baseline = Baseline(approved(element_of("tool", "send", TOOL)))

    assert reasons([element_of("tool", "send", dict(reversed(TOOL.items())))], baseline) == []


def test_any_version_that_was_approved_counts_and_one_that_is_missing_is_no_change() -> None:
    one, other = element_of("tool", "send", TOOL), element_of("tool", "send", {**TOOL, "title": "Other"})
    baseline = Baseline(approved(one, other, element_of("tool", "gone", {"name": "gone"})))

    assert reasons([one], baseline) == reasons([other], baseline) == []


def test_of_two_elements_with_one_name_both_must_be_approved() -> None:
    known, other = element_of("tool", "send", TOOL), element_of("tool", "send", {**TOOL, "title": "Other"})

    assert reasons([known, other], Baseline(approved(known))) == [("send", "changed")]


def test_new_elements_join_only_where_their_kind_is_open() -> None:
    elements = elements_of({"tool": [TOOL], "prompt": [{"name": "p"}]}, "Be kind.")

    first, later = judge(elements, Baseline({}, ALL_KINDS), nothing), judge(elements, Baseline(), nothing)

    assert [(one.kind, one.name) for one in first.joined] == [("tool", "send"), ("prompt", "p"), ("instructions", "")]
    assert first.held == later.joined == ()
    assert [one.reason for one in later.held] == ["new", "new", "new"]


def test_a_finding_holds_back_what_nobody_has_approved_at_first_sight_too() -> None:
    bad, good = element_of("tool", "bad", {"name": "bad"}), element_of("tool", "send", TOOL)

    def scan(element: DefinitionElement) -> str:
        return "speaks to the model" if element.name == "bad" else ""

    found = judge([bad, good], Baseline({}, ALL_KINDS), scan)

    assert [one.name for one in found.joined] == ["send"]
    assert [(one.element.name, one.reason) for one in found.held] == [("bad", "finding: speaks to the model")]
    assert judge([bad], Baseline(approved(bad)), scan).held == ()


def test_what_is_nested_too_deeply_to_be_written_has_a_digest_all_the_same() -> None:
    deep: Json = {}
    for _ in range(100_000):
        deep = {"a": deep}

    assert element_of("tool", "deep", deep).digest
