"""The files of the program that an entry starts: whether they have changed is seen without starting it."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PROGRAMS = frozenset(
    (
        *(".py", ".pyz", ".js", ".mjs", ".cjs", ".ts", ".mts", ".rb", ".sh", ".bash", ".php", ".pl", ".lua", ".jar"),
        *(".exe", ".cmd", ".bat", ".wasm", ".json", ".jsonc", ".yaml", ".yml", ".toml"),
    )
)
"""Endings of arguments that are code, or configuration from which a server makes its tools. A database, a log or a
folder among the arguments changes whenever the server is used, and says nothing."""

Stamp = tuple[str, int, int]
"""A file's path, its size, and the time of its last change in nanoseconds."""


def program_stamp(command: str, args: Sequence[str], env: Mapping[str, str], folder: Path) -> tuple[Stamp, ...]:
    """Return what tells these files from others: the program, and its arguments that are programs."""
    return tuple(stamp for path in _files(command, args, env, folder) if (stamp := _stamp(path)) is not None)


def _files(command: str, args: Sequence[str], env: Mapping[str, str], folder: Path) -> Iterator[Path]:
    if found := shutil.which(command, path=env.get("PATH")):
        yield folder / found
    for arg in args:
        path = Path(arg)
        if path.suffix.lower() in PROGRAMS:
            yield folder / path


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # it is no file, or no name for one
        return None
    return str(path), found.st_size, found.st_mtime_ns
