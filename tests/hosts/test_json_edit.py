import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.json_edit import canonical, edit_json, parse_object

FILE = Path("settings.json")

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
objects: st.SearchStrategy[Any] = st.dictionaries(st.text(max_size=3), values, max_size=5)
layouts: st.SearchStrategy[Any] = st.sampled_from(
    [
        {"indent": 2},
        {"indent": 4},
        {"indent": "\t"},
        {},
        {"separators": (",", ":")},
        {"indent": 1, "ensure_ascii": False},
    ]
)


@given(objects, objects, layouts, st.booleans())
def test_an_edited_text_means_the_new_value(old: Any, new: Any, layout: Any, is_crlf: bool) -> None:
    text = json.dumps(old, **layout)
    text = text.replace("\n", "\r\n") if is_crlf else text

    assert canonical(json.loads(edit_json(text, new))) == canonical(new)


@given(objects, layouts)
def test_an_edit_that_changes_nothing_changes_no_byte(value: Any, layout: Any) -> None:
    text = json.dumps(value, **layout) + "\n"

    assert edit_json(text, value) == text


words = st.text("abc", max_size=3)
plain: st.SearchStrategy[Any] = st.dictionaries(
    words,
    st.recursive(
        st.integers() | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=10,
    ),
)


@given(plain.filter(bool), plain, st.sampled_from([{"indent": 2}, {"indent": 4}, {"indent": "\t"}]))
def test_a_file_written_by_a_program_looks_as_if_that_program_had_made_the_change(
    old: Any, new: Any, layout: Any
) -> None:
    grown = old | {key: value for key, value in new.items() if key not in old}

    assert edit_json(json.dumps(old, **layout), grown) == json.dumps(grown, **layout)


def test_only_the_lines_that_change_differ() -> None:
    text = '{\n    "a": [1,2,   3],\n    "b": {"x": 1.50, "y": "\\u00e9"},\n    "c": {}\n}\n'

    edited = edit_json(text, {"a": [1, 2, 3], "b": {"x": 1.5, "y": "é", "z": [True]}, "c": {"n": {"m": 1}}})

    assert edited == (
        '{\n    "a": [1,2,   3],\n    "b": {"x": 1.50, "y": "\\u00e9", "z": [true]},\n'
        '    "c": {\n        "n": {\n            "m": 1\n        }\n    }\n}\n'
    )


def test_elements_of_an_array_keep_their_text_when_others_go() -> None:
    text = '["keep", {"a":1}]'

    assert edit_json(f'{{"l": {text}}}', {"l": [{"a": 1}, "new"]}) == '{"l": [{"a":1}, "new"]}'


def test_a_byte_order_mark_stays() -> None:
    assert edit_json("\ufeff{}\n", {"a": 1}) == '\ufeff{\n  "a": 1\n}\n'


def test_a_file_of_blanks_is_an_empty_object() -> None:
    assert parse_object(" \n", FILE) == {}
    assert json.loads(edit_json("\n", {"a": 1})) == {"a": 1}


def test_a_mistake_is_named_with_file_and_line() -> None:
    with pytest.raises(HostError, match=r"settings\.json: line 3, column 1"):
        parse_object('{\n  "a": 1,\n}', FILE)
    with pytest.raises(HostError, match="a JSON object was expected, not list"):
        parse_object("[]", FILE)
    with pytest.raises(HostError, match="line 2: not UTF-8"):
        parse_object('{\n"a": "\udcff"}', FILE)


@pytest.mark.proves("plain-json")
def test_a_file_with_a_number_that_json_cannot_say_is_refused_with_its_line() -> None:
    for word in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(HostError, match=f"line 2: {word} is no JSON"):
            parse_object(f'{{"NaN": "Infinity NaN",\n"a": [{word}]}}', FILE)


@pytest.mark.proves("plain-json")
def test_a_number_that_is_too_large_is_written_as_one_wherever_it_is_moved() -> None:
    moved = parse_object('{"a": {"timeout": 1e400, "low": -1e400, "NaN": "-Infinity \\" Infinity"}}', FILE)

    for text in ("", "{}", '{\n  "b": 1\n}'):
        written = edit_json(text, moved)
        assert json.loads(written, parse_constant=pytest.fail) == moved
