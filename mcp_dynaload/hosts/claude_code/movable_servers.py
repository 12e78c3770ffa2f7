"""Which of the client's servers move behind the proxy, and why the others stay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.server_entry import entry_mistakes, is_disabled
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.files import ClientSnapshot, managed_settings_files, objects, strings
from mcp_dynaload.hosts.claude_code.given_servers import LeftInPlace
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME
from mcp_dynaload.hosts.claude_code.json_edit import is_same
from mcp_dynaload.hosts.claude_code.login_probe import UpstreamEntry
from mcp_dynaload.hosts.claude_code.server_policy import ServerPolicy, read_policy

_TRANSPORTS = ("stdio", "sse", "http", "streamable-http")
_LOGIN_KEYS = ("oauth", "headersHelper")
_CLIENT_KEYS = ("role", "toolPermissions", "tools")
"""Keys of an entry by which the client itself treats a server's tools in its own way."""


@dataclass(frozen=True, slots=True)
class MovableServers:
    """The servers that the client knows: which ones move and which ones stay, and why."""

    moving: Mapping[str, Json]
    """Entries as the client has them, by name."""

    left: tuple[LeftInPlace, ...]
    logins: tuple[str, ...] = ()
    """Those that move and need a login, which the user is to make once more: the client's own stays with it."""


def registry(snapshot: ClientSnapshot) -> tuple[Path, tuple[str, ...]]:
    """Return the file in which the client looks for servers of the scope, and the keys under which they stand in it."""
    if snapshot.scope == "project":
        return snapshot.files.project.servers, ("mcpServers",)
    if snapshot.scope == "local":
        return snapshot.files.state, ("projects", project_key(snapshot), "mcpServers")
    return snapshot.files.state, ("mcpServers",)


def servers_target(snapshot: ClientSnapshot) -> Path:
    """Return the file of ours that servers of the scope move to."""
    locations = snapshot.locations
    path = locations.user_servers_file if snapshot.scope == "user" else locations.project_servers_file
    return path.resolve()


def project_key(snapshot: ClientSnapshot) -> str:
    """Return the key of the current folder among the client's projects."""
    folder = snapshot.files.project.folder
    projects = objects(snapshot.document(snapshot.files.state), "projects")
    return next(
        (key for key in (str(folder), folder.as_posix(), str(folder.resolve())) if key in projects), str(folder)
    )


def refuse_where_forbidden(snapshot: ClientSnapshot) -> None:
    """Stop where the client would not use our entry.

    Raises:
        HostError: an administrator or a settings file forbids it.
    """
    managed_servers = snapshot.files.managed_dir / "managed-mcp.json"
    if managed_servers in snapshot.texts:
        raise HostError(
            f"{managed_servers} alone decides which MCP servers run here; ask for {SERVER_NAME!r} to be added"
        )
    for settings in snapshot.managed_settings:
        locked = settings.get("strictPluginOnlyCustomization")
        if locked is True or (isinstance(locked, list) and "mcp" in locked):
            raise HostError("managed settings allow MCP servers from plugins only (`strictPluginOnlyCustomization`)")
    objection = _policy(snapshot).objection(SERVER_NAME, snapshot.entry)
    if objection is not None:
        words = [snapshot.entry["command"], *snapshot.entry["args"]]
        raise HostError(
            f"the client would not start {SERVER_NAME!r}: {objection}; allow it in the settings with"
            f' {{"serverCommand": {words!r}}} or {{"serverName": "{SERVER_NAME}"}}'
        )


def choose_servers(
    snapshot: ClientSnapshot, logins: Mapping[str, str], *, keeps_logins: bool = False
) -> MovableServers:
    """Decide for each server; `logins` says which remote ones were found to need a login.

    `keeps_logins`: they stay with the client, as those do whose entry names a login.

    Raises:
        HostError: a file that decides is no JSON object.
    """
    given = snapshot.given
    path, keys = registry(snapshot)
    entries = objects(snapshot.document(path), *keys) if given is None else given.entries
    held = objects(snapshot.document(servers_target(snapshot)), "mcpServers")
    policy = _policy(snapshot)
    disabled = dict(_disabled(snapshot)) if given is None else {}
    moving: dict[str, Json] = {}
    left: list[LeftInPlace] = []
    for name, entry in entries.items():
        if name == SERVER_NAME:
            continue
        login = _login_key(entry) or logins.get(name)
        is_kept = keeps_logins or (name in logins and _has_authorization(entry))
        reason = (
            _obstacle(name, entry, held, policy, takes_disabled=given is not None)
            or disabled.get(name)
            or (login if is_kept else None)
        )
        if reason is None:
            moving[name] = entry
        else:
            left.append(LeftInPlace(name, reason))
    needed = tuple(
        name for name, entry in moving.items() if (name in logins or "oauth" in entry) and not is_disabled(entry)
    )
    return MovableServers(moving, (*left, *_foreign(snapshot)), needed)


def probe_candidates(snapshot: ClientSnapshot) -> list[UpstreamEntry]:
    """Return the remote servers that would move if none needed a login."""
    moving = choose_servers(snapshot, {}).moving
    return [
        UpstreamEntry(name, entry)
        for name, entry in moving.items()
        if "url" in entry and _login_key(entry) is None and not is_disabled(entry)
    ]


def _policy(snapshot: ClientSnapshot) -> ServerPolicy:
    project = snapshot.files.project
    paths = dict.fromkeys((snapshot.files.user_settings, project.settings, project.local_settings))
    return read_policy([snapshot.document(path) for path in paths], snapshot.managed_settings, snapshot.environ)


def _obstacle(name: str, entry: Any, held: Json, policy: ServerPolicy, *, takes_disabled: bool) -> str | None:
    if not isinstance(entry, dict) or not ({"command", "url"} & entry.keys()):
        return "its entry has neither `command` nor `url`"
    server = cast(Json, entry)
    kind = server.get("type", "stdio" if "command" in server else "http")
    if kind not in _TRANSPORTS:
        return f"connections of type {kind!r} are the client's own"
    if is_disabled(server) and not takes_disabled:
        return "it is disabled in its entry"
    if objects(server, "oauth").get("xaa"):
        return "its login (`oauth.xaa`) is something that only the client can do"
    own = next((key for key in _CLIENT_KEYS if key in server), None)
    if own is not None:
        return f"`{own}` is something that only the client can do"
    if mistakes := entry_mistakes(name, server):
        return f"its entry is wrong: {mistakes[0]}"
    if name in held and not is_same(without_options(held[name]), without_options(server)):
        return "another server of this name is behind the proxy already; rename or remove one of them"
    return policy.objection(name, server)


def _has_authorization(entry: Json) -> bool:
    """Return whether an entry brings its own login, which was refused: then no other can be sent in its place."""
    return any(name.lower() == "authorization" for name in objects(entry, "headers"))


def _login_key(entry: Any) -> str | None:
    """Return why an entry's server counts as one with a login, by the entry itself."""
    key = next((key for key in _LOGIN_KEYS if isinstance(entry, dict) and key in entry), None)
    return f"has a login (`{key}`)" if key else None


def without_options(entry: Any) -> Any:
    """Return a server's entry without our own options."""
    if not isinstance(entry, dict):
        return entry
    return {key: value for key, value in cast(Json, entry).items() if key != "dynaload"}


def _disabled(snapshot: ClientSnapshot) -> Iterator[tuple[str, str]]:
    projects = objects(snapshot.document(snapshot.files.state), "projects")
    here = project_key(snapshot)
    keys = [key for key in projects if key in snapshot.known_projects] if snapshot.scope == "user" else [here]
    for key in keys:
        for name in strings(objects(projects, key), "disabledMcpServers"):
            yield name, f"it is disabled in {key} (`/mcp`); behind the proxy it would be on there"
    if snapshot.scope == "project":
        for name in _rejected(snapshot):
            yield name, "it is disabled (`disabledMcpjsonServers`)"


def _rejected(snapshot: ClientSnapshot) -> Iterator[str]:
    project = snapshot.files.project
    settings = [snapshot.document(p) for p in (snapshot.files.user_settings, project.settings, project.local_settings)]
    state = objects(snapshot.document(snapshot.files.state), "projects", project_key(snapshot))
    for document in (*settings, *snapshot.managed_settings, state):
        yield from strings(document, "disabledMcpjsonServers")


def _foreign(snapshot: ClientSnapshot) -> Iterator[LeftInPlace]:
    """Yield the servers that stand in none of the user's own files, or in the one that servers are taken from."""
    if snapshot.given is not None:
        yield from snapshot.given.left
        return
    for name in snapshot.plugin_servers:
        if name == PLUGIN_SERVER_NAME:
            continue
        yield LeftInPlace(name, "comes from a plugin")
    for name in strings(snapshot.document(snapshot.files.state), "claudeAiMcpEverConnected"):
        yield LeftInPlace(name, "comes from claude.ai, where the login is")
    for path in managed_settings_files(snapshot.files.managed_dir, snapshot.texts):
        for name in objects(snapshot.document(path), "managedMcpServers"):
            yield LeftInPlace(name, f"comes from a managed file ({path.name})")
