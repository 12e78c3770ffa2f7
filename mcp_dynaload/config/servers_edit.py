"""Changes of a servers file by a command: comments and order kept, written at once, one writer at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.config.commented_json import edit_commented, parse_commented
from mcp_dynaload.config.json_file import JsonFile, json_type, parse_json
from mcp_dynaload.config.owned_files import edit_file
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem, written_path
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.server_entry import SERVERS_KEY, parse_entry
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import ConfigError

_NEW_FILE = '{\n  "mcpServers": {}\n}\n'
LOCK_FILE = "servers.lock"


@dataclass(frozen=True, slots=True)
class EditedServers:
    """The servers of a file before and after a change."""

    before: Json
    after: Json
    is_trusted: bool
    """Whether what stands there now is used: the user's own always is, a project's file may not be."""


def edit_servers(places: Locations, path: Path, edit: Callable[[Json], Json]) -> EditedServers:
    """Change the servers of the user's or the project's file; `edit` gets and returns the entries by name.

    A project's file that was trusted, or was not there, is trusted with what the user has just put into it; one that
    was not stays so.

    Raises:
        ConfigError: The file cannot be read or written, is broken, or `edit` raises it; nothing is changed then.
        StoreError: The record of trust cannot be read or written.
    """
    seen: list[tuple[Json, Json]] = []

    def edited(raw: bytes | None) -> bytes | None:
        content = _content(path, raw)
        before = json_object(content.get(SERVERS_KEY))
        after = edit(dict(before))
        seen.append((before, after))
        return None if after == before else _edited(path, raw, {**content, SERVERS_KEY: after})

    is_projects = path == places.project_servers_file
    is_trusted = edit_file(places, path, LOCK_FILE, edited, is_projects=is_projects, trusts_new=True)
    return EditedServers(*seen[0], is_trusted)


def checked_entry(places: Locations, path: Path, name: str, entry: Json, environ: dict[str, str]) -> UpstreamConfig:
    """Return the upstream of an entry that is to be written to a file.

    Raises:
        ConfigError: It would not be used; the message names each key.
    """
    file = JsonFile(path, {SERVERS_KEY: {name: entry}}, {}, ())
    found = parse_entry(file, name, environ, SecretStore(places.secrets_file))
    if isinstance(found, UpstreamConfig):
        return found
    raise ConfigError("\n".join(str(replace(problem, file=None)) for problem in found))


def _content(path: Path, raw: bytes | None) -> Json:
    """Return the object that the file holds.

    Raises:
        ConfigError: It holds none, or no object of servers.
    """
    if raw is None or not raw.decode("utf-8-sig", "replace").strip():
        return {SERVERS_KEY: {}}
    file = parse_json(path, raw)
    if isinstance(file, ConfigProblem):
        raise ConfigError(str(file))
    if file.repeated_keys:
        key = written_path(file.repeated_keys[0])
        raise ConfigError(f"{path}: {key} stands there twice; only the last counts, remove the other and try again")
    servers = file.content.get(SERVERS_KEY, {})
    if not isinstance(servers, dict):
        what = f"is {json_type(servers)}"
        raise ConfigError(str(file.problem((SERVERS_KEY,), what, "it must be an object of servers by name")))
    return file.content


def _edited(path: Path, raw: bytes | None, content: Json) -> bytes:
    text = "" if raw is None else raw.decode()
    new = edit_commented(text if text.strip() else _NEW_FILE, content)
    if cast(Json, parse_commented(new)) != content:
        raise ConfigError(f"{path}: its layout is too odd to be changed in place; change it in an editor")
    return new.encode()
