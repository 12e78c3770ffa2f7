"""Upstreams from files in Claude's `mcpServers` format."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.json_file import JsonFile, json_type, parse_json
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.server_entry import SERVERS_KEY, is_disabled, parse_entry
from mcp_dynaload.config.trust import distrust, has_record, is_trusted_content
from mcp_dynaload.config.upstream_config import Transport, UpstreamConfig, UpstreamOptions
from mcp_dynaload.errors import StoreError
from mcp_dynaload.machine.bounded_files import is_inside, read_bounded

__all__ = [
    "ConfigProblem",
    "FileRead",
    "Transport",
    "UpstreamConfig",
    "UpstreamOptions",
    "UpstreamsRead",
    "read_upstreams",
]

FileKind = Literal["explicit", "project", "user"]


@dataclass(frozen=True, slots=True)
class FileRead:
    """A servers file that was looked for, and what became of it."""

    path: Path
    kind: FileKind
    """Named on the command line, the project's, or the user's."""

    state: Literal["read", "absent", "untrusted", "broken"]
    servers: tuple[str, ...] = ()
    """Names of the entries in it, the broken ones too."""

    disabled: tuple[str, ...] = ()
    """Those of them that say so: they are neither started nor listed."""


@dataclass(frozen=True, slots=True)
class UpstreamsRead:
    """The upstreams of all files together, what was wrong, and which files were looked at."""

    upstreams: tuple[UpstreamConfig, ...]
    problems: tuple[ConfigProblem, ...]
    files: tuple[FileRead, ...]

    @property
    def warnings(self) -> tuple[ConfigProblem, ...]:
        """The oddities of the entries that are used."""
        return tuple(warning for upstream in self.upstreams for warning in upstream.warnings)

    @property
    def has_disabled(self) -> bool:
        """Whether any file has an entry that is switched off."""
        return any(file.disabled for file in self.files)


@dataclass(frozen=True, slots=True)
class _Source:
    """A file: how it is reported, its content if it may be used, and its mistakes as a whole."""

    read: FileRead
    content: JsonFile | None = None
    problems: tuple[ConfigProblem, ...] = ()


def read_upstreams(
    locations: Locations, *, explicit: Sequence[Path], environ: Mapping[str, str], trust_all: bool
) -> UpstreamsRead:
    """Read the upstreams of the user's and the project's file, the project's winning by name.

    Explicit files, the later winning, stand in the place of both and count as trusted, because the user named them.
    """
    if explicit:
        sources = [_read_source(path.absolute(), "explicit") for path in explicit]
    else:
        project = _read_source(locations.project_servers_file, "project", None if trust_all else locations)
        sources = [_read_source(locations.user_servers_file, "user"), project]
    winners = {name: source.content for source in sources if source.content for name in source.read.servers}
    variables = {"CLAUDE_PROJECT_DIR": str(locations.project_dir), **environ}
    used = {name: file for name, file in winners.items() if not is_disabled(file.content[SERVERS_KEY][name])}
    store = SecretStore(locations.secrets_file)
    parsed = [parse_entry(file, name, variables, store) for name, file in used.items()]
    entry_problems = [problem for entry in parsed if isinstance(entry, list) for problem in entry]
    return UpstreamsRead(
        upstreams=tuple(entry for entry in parsed if isinstance(entry, UpstreamConfig)),
        problems=(*(problem for source in sources for problem in source.problems), *entry_problems),
        files=tuple(source.read for source in sources),
    )


def _read_source(path: Path, kind: FileKind, needs_trust_in: Locations | None = None) -> _Source:
    if needs_trust_in and not is_inside(path, needs_trust_in.project_dir) and not _has_record(path, needs_trust_in):
        return _Source(FileRead(path, kind, "untrusted"), None, (_outside(path),))
    try:
        raw = read_bounded(path) if kind == "project" else path.read_bytes()
    except FileNotFoundError:
        missing = ConfigProblem(path, "", "does not exist", "name an existing file after --config")
        return _Source(FileRead(path, kind, "absent"), None, (missing,) if kind == "explicit" else ())
    except OSError as error:
        problem = ConfigProblem(path, "", f"cannot be read ({error.strerror})", "make it a readable file")
        return _Source(FileRead(path, kind, "broken"), None, (problem,))
    source = _parsed_source(path, kind, raw)
    problem = _distrust(path, raw, source.read.servers, needs_trust_in) if needs_trust_in else None
    return _Source(replace(source.read, state="untrusted"), None, (problem,)) if problem else source


def _has_record(path: Path, locations: Locations) -> bool:
    try:
        return has_record(path, locations.state_dir)
    except StoreError:
        return True  # a broken record trusts nothing, and it is told when the content has been read


def _outside(path: Path) -> ConfigProblem:
    what = "is a link that leads out of the project, so it is not read"
    return ConfigProblem(path, "", what, f"if you trust it, run: mcp-dynaload trust {shlex.quote(str(path))}")


def _distrust(path: Path, raw: bytes, servers: Sequence[str], locations: Locations) -> ConfigProblem | None:
    """Return why the project's file may not be used, if so."""
    names = ", ".join(repr(name) for name in servers) or "no server"
    untrusted = f"is new or has changed, so nothing in it ({names}) is started"
    is_trusted = partial(is_trusted_content, state_dir=locations.state_dir)
    found = distrust(path, raw, is_trusted, effect="starts nothing", untrusted=untrusted)
    return ConfigProblem(path, "", found.reason, found.fix) if found else None


def _parsed_source(path: Path, kind: FileKind, raw: bytes) -> _Source:
    file = parse_json(path, raw)
    if isinstance(file, ConfigProblem):
        return _Source(FileRead(path, kind, "broken"), None, (file,))
    if problem := shape_problem(file):
        return _Source(FileRead(path, kind, "broken"), None, (problem,))
    entries = cast(Json, file.content[SERVERS_KEY])
    servers, disabled = tuple(entries), tuple(name for name, entry in entries.items() if is_disabled(entry))
    repeated = [key for key in file.repeated_keys if key[0] == SERVERS_KEY]
    problems = tuple(
        file.problem(key, "stands here twice", "only the last counts, remove the other") for key in repeated
    )
    return _Source(FileRead(path, kind, "read", servers, disabled), file, problems)


def shape_problem(file: JsonFile) -> ConfigProblem | None:
    """Return why a file has no servers, if it is no servers file."""
    if SERVERS_KEY not in file.content:
        wanted = f'put the servers under "{SERVERS_KEY}": {{"{SERVERS_KEY}": {{"name": {{"command": …}}}}}}'
        rename = f'rename "servers", as other editors call it, to "{SERVERS_KEY}"'
        return ConfigProblem(file.path, SERVERS_KEY, "is missing", rename if "servers" in file.content else wanted)
    servers: object = file.content[SERVERS_KEY]
    if not isinstance(servers, dict):
        return file.problem((SERVERS_KEY,), f"is {json_type(servers)}", "it must be an object of servers by name")
    return None
