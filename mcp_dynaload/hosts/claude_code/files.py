"""The files in which Claude Code keeps servers, rules and hooks: where they are and what they hold."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.json_file import parse_json
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.server_entry import SERVERS_KEY
from mcp_dynaload.config.servers_source import shape_problem
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.git_exclude import EXCLUDED, Sharing, exclude_file, outranking_line, sharing
from mcp_dynaload.hosts.claude_code.given_servers import GivenServers
from mcp_dynaload.hosts.claude_code.json_edit import parse_object
from mcp_dynaload.machine.bounded_files import read_bounded, read_inside

Scope = Literal["user", "project", "local"]

_MANAGED_DIRS = {
    "darwin": Path("/Library/Application Support/ClaudeCode"),
    "win32": Path("C:/Program Files/ClaudeCode"),
}
MAX_CLIENT_FILE_BYTES = 100_000_000
"""The most bytes of a file of the client's own: its state of many projects takes megabytes."""

_LINUX_MANAGED_DIR = Path("/etc/claude-code")


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of one project folder; links are followed, none need exist."""

    folder: Path
    settings: Path
    local_settings: Path
    servers: Path
    """`.mcp.json`."""


@dataclass(frozen=True, slots=True)
class ClaudeFiles:
    """The files of Claude Code for one user in one project folder; links are followed, none need exist."""

    config_dir: Path
    """`~/.claude`."""

    state: Path
    """`.claude.json`: servers of user and local scope, and what the client knows of each project."""

    user_settings: Path
    managed_dir: Path
    project: ProjectFiles


@dataclass(frozen=True, slots=True)
class ClientSnapshot:
    """The files that decide what `init` does, as they were read."""

    scope: Scope
    files: ClaudeFiles
    locations: Locations
    texts: Mapping[Path, str]
    """The content of each file that exists and can matter."""

    environ: Mapping[str, str]
    entry: Json
    """How the client is to start us."""

    given: GivenServers | None
    """The servers to take, when they do not come from the client's own files."""

    known_projects: Mapping[str, ProjectFiles]
    """The folders that still exist among those that the client has a state for, by its key."""

    plugin_servers: tuple[str, ...]
    exclude: Path | None
    """The file of what this user ignores in the folder's repository."""

    sharing: Sharing = "open"
    """Whether git shares our servers file of the folder; looked at for the local scope alone."""

    outranking: str | None = None
    """The line that would take that file into the repository all the same, if there is one; looked at as that."""

    unread: tuple[str, ...] = ()
    """Why files of projects were not read, each with its path."""

    client_version: tuple[int, ...] | None = None
    """None where it is not known."""

    def document(self, path: Path) -> Json:
        """Return the JSON object in a file; empty where there is no file."""
        return parse_object(self.texts.get(path, ""), path)

    @property
    def managed_settings(self) -> list[Json]:
        """The settings that an administrator deployed, in the order in which they apply."""
        return [self.document(path) for path in managed_settings_files(self.files.managed_dir, self.texts)]


def find_claude_files(environ: Mapping[str, str], project_dir: Path) -> ClaudeFiles:
    """Find the client's files; `CLAUDE_CONFIG_DIR` moves the user's."""
    home = Path(environ.get("HOME") or Path.home())
    moved = environ.get("CLAUDE_CONFIG_DIR")
    config_dir = Path(moved).expanduser().absolute() if moved else home / ".claude"
    return ClaudeFiles(
        config_dir=config_dir,
        state=real_path((config_dir if moved else home) / ".claude.json"),
        user_settings=real_path(config_dir / "settings.json"),
        managed_dir=_MANAGED_DIRS.get(sys.platform, _LINUX_MANAGED_DIR),
        project=project_files(project_dir),
    )


def real_path(path: Path) -> Path:
    """Return the path with links followed; one that leads to itself stays, and cannot be read."""
    return Path(os.path.realpath(path))


def project_files(folder: Path) -> ProjectFiles:
    """Return the paths of the client's files of a project folder."""
    return ProjectFiles(
        folder=folder,
        settings=real_path(folder / ".claude" / "settings.json"),
        local_settings=real_path(folder / ".claude" / "settings.local.json"),
        servers=real_path(folder / ".mcp.json"),
    )


def managed_settings_files(managed_dir: Path, existing: Iterable[Path]) -> list[Path]:
    """Return the administrator's settings files: the base, then its drop-ins by name."""
    drop_ins = managed_dir / "managed-settings.d"
    return [path for path in existing if path == managed_dir / "managed-settings.json"] + sorted(
        path for path in existing if path.parent == drop_ins and path.suffix == ".json" and path.name[0] != "."
    )


def found_managed_settings(managed_dir: Path) -> list[Path]:
    """Return the same of the files that lie there now; the base is among them if it exists or not."""
    drop_ins = (managed_dir / "managed-settings.d").glob("*.json")
    return managed_settings_files(managed_dir, [managed_dir / "managed-settings.json", *drop_ins])


def read_snapshot(
    scope: Scope,
    files: ClaudeFiles,
    locations: Locations,
    entry: Json,
    environ: Mapping[str, str],
    source: Path | None,
    client_version: tuple[int, ...] | None = None,
) -> ClientSnapshot:
    """Read all that `init` has to know.

    Raises:
        HostError: a file cannot be read, or the client's state file is no JSON object.
    """
    exclude = exclude_file(files.project.folder)
    own = (*_own_candidates(files, locations), *(path for path in (source, exclude) if path is not None))
    texts = {path: text for path in own if (text := read_text(path)) is not None}
    if source is not None and source not in texts:
        raise HostError(f"{source}: no such file; give a file with an `mcpServers` object")
    unread = [*_add_texts(texts, _project_candidates(files, locations), files.project.folder)]
    if unread and scope != "user":
        raise HostError(unread[0])
    state = parse_object(texts.get(files.state, ""), files.state)
    known = {key: project_files(Path(key)) for key in objects(state, "projects") if _is_folder(Path(key))}
    for project in known.values():
        unread += _add_texts(texts, (project.settings, project.local_settings, project.servers), project.folder)
    plugin_servers = tuple(_plugin_servers(files.config_dir))
    return ClientSnapshot(
        scope=scope,
        files=files,
        locations=locations,
        texts=texts,
        environ=environ,
        entry=entry,
        given=None if source is None else _given(source, texts[source]),
        known_projects=known,
        plugin_servers=plugin_servers,
        exclude=exclude,
        sharing=sharing(locations.project_servers_file) if scope == "local" else "open",
        outranking=outranking_line(locations.project_servers_file, EXCLUDED) if scope == "local" else None,
        unread=tuple(unread),
        client_version=client_version,
    )


def _given(source: Path, text: str) -> GivenServers:
    """Return the servers of the file that the user named.

    Raises:
        HostError: it is no servers file.
    """
    file = parse_json(source, text.encode("utf-8", "surrogateescape"))
    problem = file if isinstance(file, ConfigProblem) else shape_problem(file)
    if isinstance(file, ConfigProblem) or problem is not None:
        raise HostError(str(problem))
    return GivenServers(objects(file.content, SERVERS_KEY))


def _add_texts(texts: dict[Path, str], paths: Iterable[Path], folder: Path) -> Iterator[str]:
    """Read those of a project's files that can be read; yields why one cannot."""
    for path in paths:
        if path in texts:
            continue
        try:
            text = read_project_text(path, folder)
        except HostError as error:
            yield str(error)
        else:
            if text is not None:
                texts[path] = text


def read_text(path: Path) -> str | None:
    """Read the file's content, line ends untouched; None where there is no file.

    Raises:
        HostError: the file cannot be read.
    """
    try:
        return read_bounded(path, MAX_CLIENT_FILE_BYTES).decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HostError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def read_project_text(path: Path, folder: Path) -> str | None:
    """Return the content of a file of a project, line ends untouched; None where there is no file.

    A repository may have put a link or a device there, and what is read may be written, too.

    Raises:
        HostError: the file cannot be read, is no plain file, too large, or a link that leads out of the project.
    """
    try:
        return read_inside(path, folder).decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HostError(f"{path}: cannot be read ({error.strerror}); put a plain file there") from error


def objects(document: Json, *keys: str) -> Json:
    """Return the object under the keys; empty where there is none."""
    value: Any = document
    for key in keys:
        value = cast(Json, value).get(key) if isinstance(value, dict) else None
    return cast(Json, value) if isinstance(value, dict) else {}


def strings(document: Json, key: str) -> list[str]:
    """Return the strings of the list under a key; empty where there is none."""
    value = document.get(key)
    return [item for item in cast(list[Any], value) if isinstance(item, str)] if isinstance(value, list) else []


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # another user's folder, or a value that is no path: no project of ours to change
        return False


def _project_candidates(files: ClaudeFiles, locations: Locations) -> Iterator[Path]:
    yield from (files.project.settings, files.project.local_settings, files.project.servers)
    yield real_path(locations.project_servers_file)
    yield from map(real_path, markdown_files(files.project.folder / ".claude"))


def _own_candidates(files: ClaudeFiles, locations: Locations) -> Iterator[Path]:
    yield from (files.state, files.user_settings, real_path(locations.user_servers_file))
    yield from (files.managed_dir / "managed-settings.json", files.managed_dir / "managed-mcp.json")
    yield from (files.managed_dir / "managed-settings.d").glob("*.json")
    yield from map(real_path, markdown_files(files.config_dir))


def markdown_files(folder: Path) -> Iterator[Path]:
    """Yield the agents, commands and skills in a `.claude` folder, in a stable order."""
    for pattern in ("agents/**/*.md", "commands/**/*.md", "skills/*/SKILL.md"):
        yield from sorted(folder.glob(pattern))


def _plugin_servers(config_dir: Path) -> Iterator[str]:
    """Yield the names of servers that installed plugins bring; unknown entries are the client's business."""
    for plugin, folder in installed_plugins(config_dir):
        for path in (folder / ".mcp.json", folder / ".claude-plugin" / "plugin.json"):
            document = _lenient(path)
            servers = objects(document, "mcpServers") or (document if path.name == ".mcp.json" else {})
            yield from (f"plugin:{plugin}:{name}" for name in servers)


def installed_plugins(config_dir: Path) -> Iterator[tuple[str, Path]]:
    """Yield each plugin that is installed from a marketplace and not disabled, with the folder of the client's copy."""
    enabled = objects(_lenient(config_dir / "settings.json"), "enabledPlugins")
    for key, value in objects(_lenient(config_dir / "plugins" / "installed_plugins.json"), "plugins").items():
        if enabled.get(key) is False:
            continue
        installs = cast(list[Any], value) if isinstance(value, list) else [value]
        for install in installs:
            folder = cast(Json, install).get("installPath") if isinstance(install, dict) else None
            if isinstance(folder, str):
                yield key.partition("@")[0], Path(folder)


def _lenient(path: Path) -> Json:
    text = read_text(path)
    try:
        value: Any = json.loads(text) if text else {}
    except json.JSONDecodeError:
        return {}
    return cast(Json, value) if isinstance(value, dict) else {}
