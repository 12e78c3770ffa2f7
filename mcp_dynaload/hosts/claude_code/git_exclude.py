"""Keeps a folder of ours out of a repository without touching a file that others share."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from mcp_dynaload.config.paths import PROJECT_CONFIG_DIR
from mcp_dynaload.errors import HostError
from mcp_dynaload.machine.bounded_files import is_inside, read_bounded

Sharing = Literal["tracked", "ignored", "open", "unknown"]
"""Whether git shares a file, ignores it, or would share it with the next that is added; unknown without a git to ask.

A file that is not there yet is one of them, too.
"""

EXCLUDED = f"{PROJECT_CONFIG_DIR}/"
"""The line that keeps our folder in a project out of its repository."""

GIT_SECONDS = 10.0

_NOTHING_RUN = ("-c", "core.fsmonitor=false")
"""A repository's own settings could name a program there."""


_MATCH = re.compile(r"(?P<source>.*?):(?P<line>\d+):(?P<pattern>.*)\t")


def exclude_file(folder: Path) -> Path | None:
    """Return the file in which the folder's repository keeps what only this user ignores; None outside a repository."""
    for parent in (folder, *folder.parents):
        git = parent / ".git"
        if git.is_dir() or git.is_file():
            common = git if git.is_dir() else _common_dir(git)
            exclude = common / "info" / "exclude"
            return exclude if is_inside(exclude, common) else None
    return None


def ignoring_line(file: Path) -> str | None:
    """Return where git is told to ignore the file, and by which pattern; None where it does not, or tracks the file.

    Raises:
        HostError: git cannot say.
    """
    line, is_ignored = _deciding_line(_git(file, "check-ignore", "--verbose", "--"))
    return line if is_ignored else None


def sharing(file: Path) -> Sharing:
    """Return whether a file is shared through its repository, or would be if it were made.

    Raises:
        HostError: git cannot say.
    """
    if _program() is None:
        return "unknown"
    if _git(file, "ls-files", "--"):  # which git has even where it was removed from the folder
        return "tracked"
    return "open" if ignoring_line(file) is None else "ignored"


def outranking_line(file: Path, pattern: str) -> str | None:
    """Return which line takes a file into the repository that the pattern in the exclude file is to keep out.

    None where nothing does, there is no git to ask or no repository. It is asked beforehand, with the pattern in a file
    of the same kind: a `.gitignore` outranks both.

    Raises:
        HostError: git cannot say.
    """
    if _program() is None or exclude_file(file.parent) is None:
        return None
    with TemporaryDirectory() as folder:
        excluded = Path(folder) / "exclude"
        excluded.write_text(f"{pattern}\n", encoding="utf-8")
        told = _git(file, "-c", f"core.excludesFile={excluded}", "check-ignore", "--verbose", "--")
    line, is_ignored = _deciding_line(told)
    return None if is_ignored else line or "a line of a .gitignore that begins with `!`"


def _deciding_line(told: str | None) -> tuple[str, bool]:
    """Return the line by which git decides on a file, with its place, and whether it ignores the file by that."""
    found = _MATCH.match(told or "")
    if found is None:
        return "", False
    return f"line {found['line']} of {found['source']} (`{found['pattern']}`)", not found["pattern"].startswith("!")


def _program() -> str | None:
    """Return the git to ask; none that a relative part of the PATH leads to: that could be the repository's own."""
    absolute = [folder for folder in os.get_exec_path() if Path(folder).is_absolute()]
    return shutil.which("git", path=os.pathsep.join(absolute))


def _git(file: Path, *arguments: str) -> str | None:
    """Return what git says of a file in a repository; None if there is nothing to say.

    Where there is no git on this machine, nothing is shared by it.
    """
    git = _program()
    if git is None or exclude_file(file.parent) is None:
        return None
    folder = next(parent for parent in file.parents if parent.is_dir())
    # Not those of git itself: in a hook they name another repository.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        asked = subprocess.run(
            [git, *_NOTHING_RUN, *arguments, str(file.relative_to(folder))],
            cwd=folder,
            env={
                **environ,
                "LC_ALL": "C",
                "GIT_NO_LAZY_FETCH": "1",
                "GIT_OPTIONAL_LOCKS": "0",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HostError(f"git cannot say whether it shares {file} ({error}); use --scope user") from error
    if asked.returncode not in (0, 1):  # 1: it ignores no such file
        told = asked.stderr.decode(errors="replace").strip()
        raise HostError(f"git cannot say whether it shares {file} ({told}); mend that, or use --scope user")
    return asked.stdout.decode(errors="surrogateescape") or None


def check_private(
    file: Path, *, exists: bool, shared: Sharing, outranking: str | None, exclude: Path, text: str, pattern: str
) -> None:
    """Refuse to put into a file of the repository what is private to its user, unless only this user has the file.

    `text` is that of the exclude file, `pattern` the line that is to keep the file out of the repository, `outranking`
    the line because of which it would not.

    Raises:
        HostError: Others have it, or may have it.
    """
    if shared == "tracked":
        raise HostError(
            f"{file} is shared through the repository (git tracks it), and what is private to you would end in it:"
            f" use --scope user, or take the file out of the repository first: git rm --cached {file}"
        )
    if shared == "open" and outranking is not None:
        raise HostError(
            f"{file} would be shared through the repository with the next `git add`, and what is private to you would"
            f" end in it: {outranking} outranks `{pattern}` in {exclude}; take it out, or use --scope user"
        )
    if exists and shared != "ignored" and pattern not in text.splitlines():
        raise HostError(
            f"{file} may be shared through the repository, and what is private to you would end in it: use --scope"
            f" user, or, if nobody else is to have the file, add the line `{pattern}` to {exclude}"
        )


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
