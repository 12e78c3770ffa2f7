import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.masking.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Größe, 日本語, 🙂", "plain, Größe, 日本語, 🙂"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("a\U000e0041\U000e007f", "a\\U000e0041\\U000e007f"),
        ("a\u200bb\ufeffc", "a\\u200bb\\ufeffc"),
        ("a\u2028b\x85c", "a\\u2028b\\x85c"),
        ("a\u00a0b\u3000c", "a b c"),
        ("a\ud800", "a\\ud800"),
        ("a\rb\x08c\x00", "a\\rb\\x08c\\x00"),
    ],
)
def test_what_acts_or_hides_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_and_tabs_stay_where_they_are_asked_for() -> None:
    assert printable("a\n\tb\x1b", keeps_lines=True) == "a\n\tb\\x1b"
    assert printable("a\n\tb") == "a\\n\\tb"


@given(st.text())
def test_the_result_is_always_printable(text: str) -> None:
    assert printable(text).isprintable()
