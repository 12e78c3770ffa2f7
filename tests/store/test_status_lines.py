import os
from pathlib import Path

import pytest

from mcp_dynaload.store.status_lines import KEPT_SECONDS, MAX_LINE_BYTES, StatusLines

pytestmark = pytest.mark.proves("status")


def test_each_session_has_the_line_that_was_kept_last_until_it_is_forgotten(tmp_path: Path) -> None:
    lines = StatusLines(tmp_path / "status")
    for session_id, line in (("one", "dynaload 1 of 9"), ("two", "dynaload 2 of 9"), ("one", "dynaload 3 of 9")):
        lines.keep(session_id, line)
    assert [lines.read(session_id) for session_id in ("one", "two")] == ["dynaload 3 of 9", "dynaload 2 of 9"]

    lines.forget("one")
    lines.forget("never known")

    with pytest.raises(FileNotFoundError):
        lines.read("one")
    assert [file.name for file in (tmp_path / "status").iterdir()] == ["two"]


@pytest.mark.parametrize("session_id", ["", ".", "..", "../secret", "a/b", "a\\b", "a\0b", "a\n", "x" * 101, "ä"])
def test_an_id_that_is_no_files_name_reaches_no_file(tmp_path: Path, session_id: str) -> None:
    (tmp_path / "secret").write_text("not for you")
    lines = StatusLines(tmp_path / "status")

    lines.keep(session_id, "a line")
    lines.forget(session_id)

    with pytest.raises(FileNotFoundError):
        lines.read(session_id)
    assert [file.name for file in tmp_path.rglob("*")] == ["secret"]


def test_what_a_killed_session_has_left_goes_when_another_begins(tmp_path: Path) -> None:
    lines = StatusLines(tmp_path)
    for session_id in ("old", "young"):
        lines.keep(session_id, "a line")
    age = KEPT_SECONDS + 60
    written = (tmp_path / "old").stat().st_mtime - age
    os.utime(tmp_path / "old", (written, written))

    lines.keep("new", "a line")

    assert {file.name for file in tmp_path.iterdir()} == {"young", "new"}


def test_nobody_else_can_read_them_and_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    lines = StatusLines(tmp_path / "status")
    lines.keep("one", "x" * 10_000)

    assert [path.stat().st_mode & 0o077 for path in (tmp_path / "status", tmp_path / "status" / "one")] == [0, 0]
    assert lines.read("one") == "x" * MAX_LINE_BYTES
