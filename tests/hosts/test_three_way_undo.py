from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.json_edit import canonical
from mcp_dynaload.hosts.claude_code.three_way_undo import undone, undone_lines

words = st.sampled_from("abcd")
values: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 2) | words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
objects: st.SearchStrategy[Any] = st.dictionaries(words, values, max_size=4)


@given(objects, objects)
def test_undoing_at_once_gives_what_was_before(before: Any, after: Any) -> None:
    result, kept = undone(before, after, after)

    assert canonical(result) == canonical(before)
    assert kept == ()


@given(objects, objects)
def test_undoing_no_change_changes_nothing(value: Any, current: Any) -> None:
    assert undone(value, value, current) == (current, ())


@given(objects, objects, objects)
def test_what_others_did_to_keys_that_we_did_not_touch_is_kept(before: Any, after: Any, theirs: Any) -> None:
    added = {f"their-{key}": value for key, value in theirs.items()}

    result, kept = undone(before, after, after | added)

    assert canonical(result) == canonical(before | added)
    assert kept == ()


def test_elements_that_others_added_to_a_list_stay_where_they_are() -> None:
    before, after = {"l": ["a", "old", "b"]}, {"l": ["a", "new", "b", "ours"]}

    assert undone(before, after, {"l": ["x", "a", "new", "y", "b", "ours", "z"]})[0] == {
        "l": ["x", "a", "old", "y", "b", "z"]
    }


def test_an_element_that_others_removed_does_not_come_back() -> None:
    assert undone({"l": ["old"]}, {"l": ["new"]}, {"l": []})[0] == {"l": []}


def test_elements_that_we_had_merged_come_back_both() -> None:
    assert undone({"l": ["a", "b", "c"]}, {"l": ["ab", "c"]}, {"l": ["ab", "c", "d"]})[0] == {"l": ["a", "b", "c", "d"]}


def test_an_element_that_we_had_removed_comes_back_where_it_stood() -> None:
    assert undone({"l": ["a", "b", "c"]}, {"l": ["a", "c"]}, {"l": ["a", "c", "d"]})[0] == {"l": ["a", "b", "c", "d"]}
    assert undone({"l": ["a", "b"]}, {"l": ["b"]}, {"l": ["b", "a"]})[0] == {"l": ["b", "a"]}


def test_a_removed_key_comes_back_where_it_stood() -> None:
    result, _ = undone({"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}, {"a": 1, "c": 3, "d": 4})

    assert list(result) == ["a", "b", "c", "d"]


def test_a_value_that_both_changed_stays_and_is_named() -> None:
    assert undone({"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 3}}) == ({"a": {"b": 3}}, ("a.b",))


def test_half_a_server_is_never_left() -> None:
    before: Json = {"mcpServers": {}}
    after: Json = {"mcpServers": {"gh": {"command": "npx"}}}

    result, kept = undone(before, after, {"mcpServers": {"gh": {"command": "npx", "env": {"A": "1"}}}})

    assert result == {"mcpServers": {"gh": {"command": "npx", "env": {"A": "1"}}}}
    assert kept == ("mcpServers.gh",)


def test_lines_of_a_text_are_undone_one_by_one() -> None:
    assert undone_lines("a\nold\nb\n", "a\nnew\nb\n", "a\nnew\nb\nmore\n") == "a\nold\nb\nmore\n"
