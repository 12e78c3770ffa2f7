"""Keeps a folder of ours out of a repository without touching a file that others share."""

from pathlib import Path

from mcp_dynaload.errors import HostError
from mcp_dynaload.machine.bounded_files import is_inside, read_bounded


def exclude_file(folder: Path) -> Path | None:
    """Return the file in which the folder's repository keeps what only this user ignores; None outside a repository."""
    for parent in (folder, *folder.parents):
        git = parent / ".git"
        if git.is_dir() or git.is_file():
            common = git if git.is_dir() else _common_dir(git)
            exclude = common / "info" / "exclude"
            return exclude if is_inside(exclude, common) else None
    return None


def excluding(text: str, pattern: str) -> str:
    """Return the exclude file's text with the pattern in it."""
    if pattern in text.splitlines():
        return text
    newline = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{newline}{pattern}\n"


def _common_dir(link: Path) -> Path:
    """Return the repository's own folder, of a worktree or submodule whose `.git` is a file."""
    try:
        git_dir = (link.parent / read_bounded(link).decode().removeprefix("gitdir:").strip()).resolve()
        common = git_dir / "commondir"
        return (git_dir / read_bounded(common).decode().strip()).resolve() if common.is_file() else git_dir
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, a null character in the path
        raise HostError(f"{link}: the repository that it names cannot be found ({error}); repair the file") from error
