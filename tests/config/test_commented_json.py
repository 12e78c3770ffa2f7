"""JSON with comments: what an edit changes, and that it changes nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.config.commented_json import (
    edit_commented,
    parse_commented,
    with_member,
    without_comments,
    without_member,
)

FILE = """\
// my servers
{
  "mcpServers": {
    // for the notes
    "notes": { "command": "notes", "args": ["a // b"] }, // daily
    /* the old one:
       "gone": {} */
    "issues": {
      "type": "http",
      "url": "https://issues.example.com/mcp" // no key
    }
  },
  "mine": 1
}
"""

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
objects: st.SearchStrategy[Any] = st.dictionaries(st.text("abc/*", max_size=3), values, max_size=4)
layouts: st.SearchStrategy[Any] = st.sampled_from([{"indent": 2}, {"indent": "\t"}, {}, {"separators": (",", ":")}])


@given(objects, objects, layouts, st.booleans(), st.booleans())
def test_an_edited_text_means_the_new_value(old: Any, new: Any, layout: Any, is_crlf: bool, is_commented: bool) -> None:
    text = json.dumps(old, **layout)
    text = text.replace("\n", " // } ,\n") if is_commented else text
    text = text.replace("\n", "\r\n") if is_crlf else text

    edited = edit_commented(text, new)

    assert parse_commented(edited) == new
    if old == new:
        assert edited == text


def test_comments_go_and_everything_else_stays_in_its_place() -> None:
    plain = without_comments(FILE)

    assert len(plain) == len(FILE)
    assert plain.count("\n") == FILE.count("\n")
    assert json.loads(plain)["mcpServers"]["notes"]["args"] == ["a // b"]
    assert "daily" not in plain


def test_a_new_member_comes_last_and_no_other_byte_changes() -> None:
    added = with_member(FILE, ("mcpServers", "git"), {"command": "git"})

    new = ',\n    "git": {\n      "command": "git"\n    }\n  },'
    assert added == FILE.replace("\n    }\n  },", f"\n    }}{new}")


def test_a_new_member_stands_behind_the_comment_of_the_last_one() -> None:
    text = '{\n  "a": {\n    "x": 1 // the x\n  }\n}\n'

    assert with_member(text, ("a", "y"), 2) == '{\n  "a": {\n    "x": 1, // the x\n    "y": 2\n  }\n}\n'


ISSUES = """\
    "issues": {
      "type": "http",
      "url": "https://issues.example.com/mcp" // no key
    }
"""


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("notes", FILE.replace('    "notes": { "command": "notes", "args": ["a // b"] }, // daily\n', "")),
        ("issues", FILE.replace(ISSUES, "").replace("}, // daily", "} // daily")),
    ],
)
def test_a_removed_member_takes_its_own_lines_along_and_nothing_else(name: str, left: str) -> None:
    assert without_member(FILE, ("mcpServers", name)) == left


def test_a_file_without_servers_gets_the_object_and_keeps_what_is_there() -> None:
    assert with_member("{\n  // none yet\n}\n", ("mcpServers", "a"), {}) == (
        '{\n  // none yet\n  "mcpServers": {\n    "a": {}\n  }\n}\n'
    )
    assert with_member('{"x": 1}', ("mcpServers", "a"), {"command": "b"}) == (
        '{"x": 1, "mcpServers": {"a": {"command": "b"}}}'
    )


def test_an_entry_is_replaced_where_it_stands() -> None:
    edited = with_member(FILE, ("mcpServers", "notes", "command"), "other")

    assert edited == FILE.replace('"command": "notes"', '"command": "other"')
