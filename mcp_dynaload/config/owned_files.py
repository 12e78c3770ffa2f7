"""A file of the user's or a project's that is changed for the user: one at a time, and trusted afterwards as before."""

from collections.abc import Callable
from pathlib import Path

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.trust import is_trusted_content, trust_content
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.machine.atomic_files import locked, write_atomically
from mcp_dynaload.machine.bounded_files import is_inside, read_bounded


def edit_file(
    places: Locations,
    path: Path,
    lock: str,
    edit: Callable[[bytes | None], bytes | None],
    *,
    is_projects: bool,
    trusts_new: bool = False,
) -> bool:
    """Change a file; return whether it is used: the user's own always is, a project's if it was trusted before.

    `edit` gets the content, None where there is no file, and returns the new one, None where nothing changes. A
    project's file that was not there is trusted if `trusts_new`.

    Raises:
        ConfigError: The file cannot be read or written, or `edit` raises it; nothing is changed then.
        StoreError: The record of trust cannot be read or written.
    """
    if is_projects and not is_inside(path, places.project_dir):
        raise ConfigError(f"{path} is a link that leads out of the project; put a plain file there")
    try:
        with locked(places.state_dir / lock):
            raw = _read(path)
            new = edit(raw)
            known = trusts_new if raw is None else is_projects and is_trusted_content(path, raw, places.state_dir)
            if new is not None:
                target = path.resolve()  # the file of a link is changed, the link stays
                target.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(target, new)
                if is_projects and known:
                    trust_content(path, new, places.state_dir)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be changed ({error.strerror}); {_fix(path, error)}") from error
    return known or not is_projects


def _fix(path: Path, error: OSError) -> str:
    """Return what to look at: the file itself, its folder, or another file that the change needs."""
    blamed, folder = Path(error.filename) if isinstance(error.filename, str) else path, path.resolve().parent
    if folder in (blamed, *blamed.parents) and (blamed not in (path, path.resolve()) or not folder.is_dir()):
        return f"make {folder} a folder in which you may write"
    if blamed in (path, path.resolve()):
        return "make it a plain file that you may read and write"
    return f"make {blamed} a file that you may write"


def _read(path: Path) -> bytes | None:
    try:
        return read_bounded(path)
    except FileNotFoundError:
        return None
