from pathlib import Path

import pytest

from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.git_exclude import exclude_file, excluding


def test_the_file_is_found_from_a_folder_inside_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert exclude_file(tmp_path / "a" / "b") == tmp_path / ".git" / "info" / "exclude"


def test_a_worktree_shares_the_file_of_its_repository(tmp_path: Path) -> None:
    git_dir = tmp_path / "main" / ".git" / "worktrees" / "side"
    git_dir.mkdir(parents=True)
    (git_dir / "commondir").write_text("../..\n")
    side = tmp_path / "side"
    side.mkdir()
    (side / ".git").write_text(f"gitdir: {git_dir}\n")

    assert exclude_file(side) == tmp_path / "main" / ".git" / "info" / "exclude"


@pytest.mark.parametrize("content", [b"gitdir: \xff", b"gitdir: a\0b"])
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".git").write_bytes(content)

    with pytest.raises(HostError, match="repair the file"):
        exclude_file(tmp_path)


def test_a_link_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").write_text("gitdir: x")

    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("mcp_dynaload.hosts.claude_code.git_exclude.read_bounded", refuse)
    with pytest.raises(HostError, match=r"\.git: .*Permission denied"):
        exclude_file(tmp_path)


def test_a_pattern_is_added_once() -> None:
    assert excluding("", "x/") == "x/\n"
    assert excluding("a", "x/") == "a\nx/\n"
    assert excluding("x/\nb\n", "x/") == "x/\nb\n"
