from pathlib import Path

from mcp_dynaload.hosts.git_exclude import exclude_file, excluding


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


def test_a_pattern_is_added_once() -> None:
    assert excluding("", "x/") == "x/\n"
    assert excluding("a", "x/") == "a\nx/\n"
    assert excluding("x/\nb\n", "x/") == "x/\nb\n"
