"""Links in the client's folders: what each is, and what it is to become."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.errors import HostError

OCCUPIED = ""
"""Stands for the target of what is no link: no link has an empty one."""


@dataclass(frozen=True, slots=True)
class LinkEdit:
    """The target of a link before and after; None where there is no link."""

    path: Path
    before: str | None
    after: str | None


def read_link(path: Path) -> str | None:
    """Return where the link leads; None where there is nothing, `OCCUPIED` where something else stands."""
    if path.is_symlink():
        return str(path.readlink())
    return OCCUPIED if os.path.lexists(path) else None


def write_links(edits: Sequence[LinkEdit]) -> None:
    """Make all links what they are to become.

    Raises:
        HostError: something else has come there since it was looked at, or the folder cannot be written.
    """
    for edit in edits:
        if read_link(edit.path) != edit.before:
            raise HostError(f"{edit.path} was changed by another program just now; run this again")
        try:
            if edit.after is None:
                edit.path.unlink(missing_ok=True)
            else:
                edit.path.parent.mkdir(parents=True, exist_ok=True)
                _put_link(edit.path, edit.after)
        except OSError as error:
            raise HostError(f"{edit.path}: the link cannot be made ({error.strerror}); nothing changed") from error


def _put_link(path: Path, target: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.symlink_to(target)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
