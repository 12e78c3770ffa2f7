"""Files that commands write: what cannot be one is told before hours of measuring, and after them nothing is lost."""

from pathlib import Path

import pytest

from mcp_dynaload.cli.output_files import check_output_file, check_output_folder, fail_if, write_output
from mcp_dynaload.errors import ConfigError, DynaloadError


def may_not(path: Path, mode: int) -> bool:
    return False


def test_what_cannot_be_written_to_is_told_with_its_option_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.md"
    file.write_text("")
    with pytest.raises(ConfigError, match=r"--report .*gone/x.md: there is no folder .*gone; make it"):
        check_output_file("--report", tmp_path / "gone" / "x.md")
    with pytest.raises(ConfigError, match=r"--report .*: it is a folder; name a file"):
        check_output_file("--report", tmp_path)
    with pytest.raises(ConfigError, match=r"--out .*a.md/x: .*a.md is no folder; name another"):
        check_output_folder("--out", file / "x")
    monkeypatch.setattr("os.access", may_not)  # the tests may run as root, who may write anywhere
    with pytest.raises(ConfigError, match=r"--report .*a.md: you may not write to .*a.md"):
        check_output_file("--report", file)
    with pytest.raises(ConfigError, match=r"--out .*new/deep: you may not write to"):
        check_output_folder("--out", tmp_path / "new" / "deep")


def test_a_file_is_written_with_its_folder_and_what_failed_is_told_afterwards(tmp_path: Path) -> None:
    made, refused = tmp_path / "new" / "x.md", tmp_path / "new"

    problems = [write_output("--out", path, "text") for path in (made, refused)]

    assert made.read_text() == "text"
    assert problems == [None, f"--out {refused}: it cannot be written (Is a directory); name another file"]
    fail_if(problems[0])
    with pytest.raises(DynaloadError, match="cannot be written"):
        fail_if(problems[1])
