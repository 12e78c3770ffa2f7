"""Upstreams from files in Claude's `mcpServers` format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.server_entry import parse_entry
from mcp_dynaload.config.servers_source import FileKind, FileRead, ServersSource, parse_source
from mcp_dynaload.config.trust import distrust, distrust_outside, is_trusted_content
from mcp_dynaload.config.unused_servers import (
    UnusedServers,
    disabled_server,
    servers_of_unused_file,
    wrong_server,
)
from mcp_dynaload.config.upstream_config import Transport, UpstreamConfig, UpstreamOptions
from mcp_dynaload.machine.bounded_files import is_inside, read_bounded, read_named

__all__ = [
    "ConfigProblem",
    "FileRead",
    "Transport",
    "UpstreamConfig",
    "UpstreamOptions",
    "UpstreamsRead",
    "read_upstreams",
]


@dataclass(frozen=True, slots=True)
class UpstreamsRead:
    """The upstreams of all files together, what was wrong, and which files were looked at."""

    upstreams: tuple[UpstreamConfig, ...]
    problems: tuple[ConfigProblem, ...]
    files: tuple[FileRead, ...]
    unused: UnusedServers = field(default_factory=UnusedServers, compare=False)
    """The servers that are named and not used."""

    @property
    def warnings(self) -> tuple[ConfigProblem, ...]:
        """The oddities of the entries that are used."""
        return tuple(warning for upstream in self.upstreams for warning in upstream.warnings)

    @property
    def has_disabled(self) -> bool:
        """Whether any file has an entry that is switched off."""
        return any(file.disabled for file in self.files)


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
    winners = {name: source for source in sources if source.content for name in source.read.servers}
    used = {name: source for name, source in winners.items() if name not in source.read.disabled}
    variables = {"CLAUDE_PROJECT_DIR": str(locations.project_dir), **environ}
    store = SecretStore(locations.secrets_file)
    parsed = {name: parse_entry(source.file, name, variables, store) for name, source in used.items()}
    wrong = {name: entry for name, entry in parsed.items() if isinstance(entry, list)}
    of_sources = [problem for source in sources for problem in source.problems]
    return UpstreamsRead(
        upstreams=tuple(entry for entry in parsed.values() if isinstance(entry, UpstreamConfig)),
        problems=(*of_sources, *(problem for problems in wrong.values() for problem in problems)),
        files=tuple(source.read for source in sources),
        unused=_unused(sources, winners, wrong),
    )


def _unused(
    sources: Sequence[ServersSource], winners: Mapping[str, ServersSource], wrong: Mapping[str, list[ConfigProblem]]
) -> UnusedServers:
    servers = [wrong_server(winners[name], name, problems) for name, problems in wrong.items()]
    servers += [disabled_server(source, name) for name, source in winners.items() if name in source.read.disabled]
    untrusted = [source for source in sources if source.read.state == "untrusted"]
    servers += [one for source in untrusted for one in servers_of_unused_file(source) if one.name not in winners]
    unread = [str(problem) for source in sources if source.read.state == "broken" for problem in source.problems]
    return UnusedServers(tuple(servers), tuple(unread))


def _read_source(path: Path, kind: FileKind, needs_trust_in: Locations | None = None) -> ServersSource:
    unread = ServersSource(FileRead(path, kind, "broken"))
    if needs_trust_in and not is_inside(path, needs_trust_in.project_dir):
        found = distrust_outside(path, needs_trust_in.state_dir)
        if found:
            return unread.unused(ConfigProblem(path, "", found.reason, found.fix))
    try:
        raw = read_bounded(path) if kind == "project" else read_named(path)
    except FileNotFoundError:
        missing = ConfigProblem(path, "", "does not exist", "name an existing file after --config")
        return ServersSource(FileRead(path, kind, "absent"), None, (missing,) if kind == "explicit" else ())
    except OSError as error:
        problem = ConfigProblem(path, "", f"cannot be read ({error.strerror})", "make it a readable file")
        return replace(unread, problems=(problem,))
    source = parse_source(path, kind, raw)
    if needs_trust_in is None:
        return source
    names = ", ".join(repr(name) for name in source.read.servers) or "no server"
    untrusted = f"is new or has changed, so nothing in it ({names}) is started"
    trusts = partial(is_trusted_content, state_dir=needs_trust_in.state_dir)
    found = distrust(path, raw, trusts, effect="starts nothing", untrusted=untrusted)
    return source.unused(ConfigProblem(path, "", found.reason, found.fix)) if found else source
