"""Writes planned changes all or not at all, and keeps what is needed to take them back."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.files import read_text
from mcp_dynaload.hosts.claude_code.install_plan import InstallPlan
from mcp_dynaload.hosts.claude_code.links import LinkEdit
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit
from mcp_dynaload.machine.atomic_files import write_atomically
from mcp_dynaload.machine.private_files import make_private_folder

_MANIFEST = "manifest.json"
_VERSION = 1
"""The form of the manifest."""

_UNDONE = "undone.json"

Write = Callable[[Path, bytes], None]
"""Puts a new content into a file at once."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file of a backup, as it was before and as `init` left it."""

    path: Path
    before: str | None
    """None where `init` made the file."""

    after: str


@dataclass(frozen=True, slots=True)
class Backup:
    """The files that one `init` changed."""

    folder: Path
    files: tuple[SavedFile, ...]
    prefixes: Mapping[str, str]
    """Normalised names of the servers that moved, with the prefixes of their tools."""

    made_folders: tuple[Path, ...]
    trusted: Path | None
    links: tuple[LinkEdit, ...] = ()


def save_backup(backups_dir: Path, plan: InstallPlan, now: datetime) -> Backup:
    """Copy what the files hold now, and what they are going to hold, to a new folder.

    Raises:
        HostError: the folder cannot be written.
    """
    folder = backups_dir / f"{now:%Y%m%dT%H%M%S}-{now.microsecond:06}-{secrets.token_hex(2)}"
    files = tuple(SavedFile(edit.path, edit.before, edit.after or "") for edit in plan.edits)
    changed = [edit.path for edit in (*plan.edits, *plan.links)]
    made = tuple(dict.fromkeys(parent for path in changed for parent in _missing_parents(path)))
    backup = Backup(folder, files, plan.prefixes, made, plan.trusted, plan.links)
    try:
        make_private_folder(folder)
        for index, file in enumerate(files):
            if file.before is not None:
                write_atomically(folder / f"{index}.before", to_bytes(file.before))
            write_atomically(folder / f"{index}.after", to_bytes(file.after))
        write_atomically(folder / _MANIFEST, (json.dumps(_manifest(backup, now), indent=2) + "\n").encode())
    except OSError as error:
        raise HostError(f"{folder}: the backup cannot be written ({error.strerror}); nothing was changed") from error
    return backup


def read_backups(backups_dir: Path) -> list[Backup]:
    """Read the backups of each `init` that was not undone, the newest first.

    Raises:
        HostError: a backup is damaged.
    """
    folders = sorted((path.parent for path in backups_dir.glob(f"*/{_MANIFEST}")), reverse=True)
    return [_read_backup(folder) for folder in folders]


def drop_backup(backup: Backup) -> None:
    """Delete a backup that is not needed any more: it may hold secrets. What makes it one goes first."""
    (backup.folder / _MANIFEST).unlink(missing_ok=True)
    for path in backup.folder.iterdir():
        path.unlink()
    backup.folder.rmdir()


def mark_undone(backup: Backup) -> None:
    """Keep a backup, but no longer as something to undo."""
    (backup.folder / _MANIFEST).rename(backup.folder / _UNDONE)


def write_edits(edits: Sequence[FileEdit], write: Write) -> None:
    """Write all edits, or leave all files as they were.

    Raises:
        HostError: a file changed since it was read, or cannot be written.
    """
    done: list[FileEdit] = []
    made: list[Path] = []
    edit = None
    try:
        for edit in edits:
            _refuse_if_changed(edit)
            for folder in reversed(list(_missing_parents(edit.path))):
                folder.mkdir()
                made.append(folder)
            done.append(edit)
            _put(edit.path, edit.after, write)
    except BaseException as error:  # Ctrl-C too: half a change would leave the client without its servers
        left = _put_back(done)
        remove_folders(made)
        if left or isinstance(error, OSError):
            why = f"cannot be written ({error.strerror})" if isinstance(error, OSError) else "was not written"
            name = edit.path if edit is not None else "a file"
            raise HostError(f"{name}: {why}; {_outcome(left)}") from error
        raise


def _put_back(edits: Sequence[FileEdit]) -> list[str]:
    """Put back what each file held, the last one first; return those of which that failed, and why."""
    left: list[str] = []
    for edit in reversed(edits):
        try:
            _put(edit.path, edit.before, write_atomically)
        except (OSError, HostError) as error:  # the others are to be put back all the same
            left.append(f"{edit.path} ({error})")
    return left


def _outcome(left: Sequence[str]) -> str:
    if not left:
        return "nothing changed"
    return f"put these back by hand, from the copies in our backups folder: {', '.join(left)}"


def remove_folders(folders: Sequence[Path]) -> None:
    """Remove those of the folders that are empty, the deepest first."""
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def to_bytes(text: str) -> bytes:
    """Return the bytes that `read_text` made the text of."""
    return text.encode("utf-8", "surrogateescape")


def _put(path: Path, text: str | None, write: Write) -> None:
    if read_text(path) == text:
        return
    if text is None:
        path.unlink()
    else:
        write(path, to_bytes(text))


def _refuse_if_changed(edit: FileEdit) -> None:
    if read_text(edit.path) != edit.before:
        raise HostError(f"{edit.path} was changed by another program just now; run this again")


def _missing_parents(path: Path) -> Iterator[Path]:
    for parent in path.parents:
        if parent.exists():
            return
        yield parent


def _manifest(backup: Backup, now: datetime) -> Json:
    return {
        "version": _VERSION,
        "made_at": now.isoformat(),
        "files": [
            {"path": str(file.path), "sha256_before": _digest(file.before), "sha256_after": _digest(file.after)}
            for file in backup.files
        ],
        "links": [{"path": str(link.path), "before": link.before, "after": link.after} for link in backup.links],
        "prefixes": dict(backup.prefixes),
        "made_folders": [str(folder) for folder in backup.made_folders],
        "trusted": None if backup.trusted is None else str(backup.trusted),
    }


def _read_backup(folder: Path) -> Backup:
    try:
        manifest = cast(Json, json.loads((folder / _MANIFEST).read_text("utf-8")))
        if (version := manifest["version"]) != _VERSION:
            raise HostError(
                f"{folder}: the backup is of another version of mcp-dynaload ({version}, ours is {_VERSION});"
                " run this with that one, or put the files in it back by hand"
            )
        files = tuple(_read_file(folder, index, record) for index, record in enumerate(manifest["files"]))
        trusted = manifest["trusted"]
        return Backup(
            folder,
            files,
            cast(dict[str, str], manifest["prefixes"]),
            tuple(Path(made) for made in manifest["made_folders"]),
            None if trusted is None else Path(trusted),
            tuple(LinkEdit(Path(link["path"]), link["before"], link["after"]) for link in manifest.get("links", ())),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HostError(f"{folder}: the backup is damaged ({error}); restore the files in it by hand") from error


def _read_file(folder: Path, index: int, record: Any) -> SavedFile:
    is_new = record["sha256_before"] is None
    before = None if is_new else (folder / f"{index}.before").read_bytes().decode("utf-8", "surrogateescape")
    after = (folder / f"{index}.after").read_bytes().decode("utf-8", "surrogateescape")
    if (_digest(before), _digest(after)) != (record["sha256_before"], record["sha256_after"]):
        raise ValueError(f"the copies of {record['path']} do not have the recorded SHA-256")
    return SavedFile(Path(record["path"]), before, after)


def _digest(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(to_bytes(text)).hexdigest()
