"""Tables on terminals of any width."""

import errno
import io
import json

import pytest
from rich.text import Text

from mcp_dynaload.cli.screen import PlainConsole, json_to_copy, show_table

HEADS = ("time", "session", "kind", "ms", "what", "details")
ROWS = [
    ("21:00:02", "abcdefgh", "loaded_tools_changed", "12.3", "", "needed for the prompt; added git__git_show"),
    ("21:00:03", "abcdefgh", "tool_called", "1,112.3", "knowledge__search_notes", ""),
]


@pytest.mark.parametrize("columns", [200, 100, 80, 60, 40])
def test_only_the_widest_column_of_a_table_is_ever_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    show_table("", HEADS, ROWS, ("ms",))
    shown = capsys.readouterr().out

    assert [cell for row in ROWS for cell in row[:-1] if cell not in shown] == []
    assert " ".join(ROWS[0][-1].split()) in " ".join(shown.split())
    assert max(len(line) for line in shown.splitlines()) <= columns


def test_columns_without_room_stand_below_their_row_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "44")

    show_table("", HEADS, ROWS, ("ms",))

    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "time      session   kind",
        "21:00:02  abcdefgh  loaded_tools_changed",
        "    ms 12.3, details needed for the prompt;",
        "    added git__git_show",
        "21:00:03  abcdefgh  tool_called",
        "    ms 1,112.3, what knowledge__search_notes",
    ]


def test_with_room_for_all_no_head_is_broken_and_a_row_may_end_early(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    show_table("", ("a long head", "b"), [("x",), ("y", 1)])

    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == ["a long head  b", "x", "y            1"]


def test_a_table_without_rows_is_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("", HEADS, [])

    assert capsys.readouterr().out.split() == [*HEADS]


def test_text_with_markup_and_wide_signs_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    show_table("", ("a", "b"), [("[red]日本", 1), ("x", 2)])
    lines = capsys.readouterr().out.splitlines()

    assert [Text(line.rstrip()).cell_len for line in lines] == [12] * 3


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_json_to_copy_stays_json_in_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    entry = {"args": ["ü", "日本", "\ud800", "\u2028", "🙂"]}
    output = io.TextIOWrapper(io.BytesIO(), encoding, "backslashreplace")
    monkeypatch.setattr("sys.stdout", output)

    output.write(json_to_copy(entry))
    output.seek(0)

    assert json.loads(output.read()) == entry


def test_letters_that_the_output_has_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), "latin-1"))

    assert json_to_copy(["ü"]) == '[\n  "ü"\n]'


class Full(io.StringIO):
    """A file on a disk that is full."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_could_not_be_written_does_not_come_with_what_is_printed_next() -> None:
    printed = io.StringIO()
    console = PlainConsole(file=Full())
    with pytest.raises(OSError, match="No space left"):
        console.print("lost")
    console.file = printed
    console.print("told")

    assert printed.getvalue() == "told\n"
