"""Files that a command writes what it measured to: looked at before anything is measured, which may take hours."""

import os
from pathlib import Path

from mcp_dynaload.errors import ConfigError, DynaloadError


def check_output_file(option: str, path: Path | None) -> None:
    """See that a file can be written there.

    Raises:
        ConfigError: It cannot.
    """
    if path is None:
        return
    folder = path.absolute().parent
    if not folder.is_dir():
        raise ConfigError(f"{option} {path}: there is no folder {folder}; make it, or name another file")
    if path.is_dir():
        raise ConfigError(f"{option} {path}: it is a folder; name a file")
    _check_writable(option, path, path if path.exists() else folder)


def check_output_folder(option: str, path: Path | None) -> None:
    """See that files can be written to this folder, which need not exist.

    Raises:
        ConfigError: They cannot.
    """
    if path is None:
        return
    there = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise ConfigError(f"{option} {path}: {there} is no folder; name another")
    _check_writable(option, path, there)


def write_output(option: str, path: Path, text: str) -> str | None:
    """Write a file, its folder too where there is none; returns why that is not possible, to be told after the rest.

    What was measured is written before it is printed: whoever reads that may have gone away.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        return f"{option} {path}: it cannot be written ({error.strerror}); name another file"
    return None


def fail_if(problem: str | None) -> None:
    """End the command where a file could not be written.

    Raises:
        DynaloadError: One could not.
    """
    if problem is not None:
        raise DynaloadError(problem)


def _check_writable(option: str, path: Path, there: Path) -> None:
    needed = os.W_OK | os.X_OK if there.is_dir() else os.W_OK
    if not os.access(there, needed):
        raise ConfigError(f"{option} {path}: you may not write to {there}; name another file or folder")
