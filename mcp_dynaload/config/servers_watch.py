"""The servers files while a session runs: whether they have changed, and which servers hold then."""

import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.servers_file import FileRead, UpstreamsRead
from mcp_dynaload.config.trust import has_record
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import StoreError

Stamp = tuple[tuple[int, int, int] | None, ...]
"""Time, size and number of each file; None where there is none."""


@dataclass(frozen=True, slots=True)
class ServersChange:
    """The difference between the servers of before and those of now, by name."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()
    """Their entries differ in how they are started or reached."""

    adjusted: tuple[str, ...] = ()
    """Their entries differ in other things, such as what is pinned."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.restarted or self.adjusted)

    def __str__(self) -> str:
        parts = {"added": self.added, "removed": self.removed, "changed": (*self.restarted, *self.adjusted)}
        return "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)


def watched_files(places: Locations, explicit: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files that decide which servers there are."""
    if explicit:
        return tuple(path.absolute() for path in explicit)
    return places.user_servers_file, places.project_servers_file, places.trust_file


def stamp_of(files: Iterable[Path]) -> Stamp:
    """Return what differs when one of the files does; blocks for microseconds."""
    return tuple(map(_stamp, files))


def change_between(old: Mapping[str, UpstreamConfig], new: Mapping[str, UpstreamConfig]) -> ServersChange:
    """Return what has become of each server."""
    both = [name for name in new if name in old]
    restarted = [name for name in both if _reached(old[name]) != _reached(new[name])]
    adjusted = [name for name in both if name not in restarted and _meant(old[name]) != _meant(new[name])]
    return ServersChange(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        restarted=tuple(restarted),
        adjusted=tuple(adjusted),
    )


def with_kept(old: Iterable[UpstreamConfig], read: UpstreamsRead, state_dir: Path) -> UpstreamsRead:
    """Return what was read with the servers of before of those files and entries that cannot be used as they are now.

    A project's file whose trust was withdrawn keeps nothing.
    """
    ranks = {file.path: rank for rank, file in enumerate(read.files)}
    kept_files = {file.path for file in read.files if _keeps(file, read.problems, state_dir)}
    now = {config.name: config for config in read.upstreams}
    wrong = {
        (file.path, name)
        for file in read.files
        if file.state == "read"
        for name in file.servers
        if name not in now and name not in file.disabled
    }
    for config in old:
        is_kept = config.source in kept_files or (config.source, config.name) in wrong
        present = now.get(config.name)
        if is_kept and (present is None or _rank(ranks, present) < _rank(ranks, config)):
            now[config.name] = config
    return replace(read, upstreams=tuple(now.values()))


def _keeps(file: FileRead, problems: Iterable[ConfigProblem], state_dir: Path) -> bool:
    """Return whether what stood in the file before goes on: it is broken now, or changed and not trusted yet."""
    if file.state == "untrusted":
        try:
            return has_record(file.path, state_dir)
        except StoreError:
            return True
    is_missing = file.kind == "explicit" and file.state == "absent"
    return file.state == "broken" or (is_missing and any(problem.file == file.path for problem in problems))


def _rank(ranks: Mapping[Path, int], config: UpstreamConfig) -> int:
    return ranks.get(config.source, -1) if config.source else -1


def _reached(config: UpstreamConfig) -> tuple[object, ...]:
    options = config.options
    started = (config.transport, config.command, config.args, config.env, options.inherit_env, options.cwd)
    return (*started, options.sandbox, config.url, config.headers, options.shared)


def _meant(config: UpstreamConfig) -> UpstreamConfig:
    """Return the entry without the places in which it and its oddities stand."""
    return replace(config, warnings=(), source=None, entry={key: config.entry[key] for key in sorted(config.entry)})


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):  # what came through a pipe comes once
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
