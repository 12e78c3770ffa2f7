"""Upstreams from files in Claude's `mcpServers` format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.server_entry import SERVERS_KEY, is_disabled, parse_entry
from mcp_dynaload.config.servers_source import FileKind, FileRead, ServersSource, parse_source
from mcp_dynaload.config.trust import distrust, distrust_outside, is_trusted_content
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
