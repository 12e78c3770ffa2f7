"""Brings our own part of the client's files up to this installation, and moves no server."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, SERVER_NAME
from mcp_dynaload.hosts.claude_code.check import is_gone, registrations, stale_hooks
from mcp_dynaload.hosts.claude_code.files import (
    ClaudeFiles,
    ClientSnapshot,
    Scope,
    installed_plugins,
    read_project_text,
    read_text,
)
from mcp_dynaload.hosts.claude_code.given_servers import GivenServers
from mcp_dynaload.hosts.claude_code.installation import UserDialogue, install
from mcp_dynaload.hosts.claude_code.json_edit import parse_object
from mcp_dynaload.hosts.claude_code.links import read_link
from mcp_dynaload.hosts.claude_code.wiring import PLUGIN_FOLDER, PLUGIN_NAME, is_our_link, plugin_places


def stale_scopes(files: ClaudeFiles, environ: Mapping[str, str]) -> tuple[Scope, ...]:
    """Return the scopes in which we are registered, and something of ours is of another version or gone.

    Raises:
        HostError: a file cannot be read.
    """
    return tuple(
        one.scope
        for one in registrations(files)
        if is_gone(one, environ) or _has_dead_plugin(files, one.scope) or _has_stale_hooks(files, one.scope)
    )


def refresh_wiring(snapshot: ClientSnapshot) -> Iterator[str]:
    """Do what `init` would do but for the servers; `uninstall` takes it back. Yields what was changed.

    Raises:
        HostError: it cannot be done; nothing was changed then.
    """
    plan = install(
        replace(snapshot, given=GivenServers({})),
        UserDialogue(show=lambda text: None, confirm=lambda: None),
        lambda upstream: None,
        lambda: None,
        is_dry_run=False,
    )
    for change in plan.changes:
        yield f"brought our part of {change.path} up to this installation; restart Claude Code"


def stale_copies(files: ClaudeFiles) -> Iterator[Path]:
    """Yield the copies of our plugin that the client has from a marketplace and that are not what this version has."""
    for plugin, folder in installed_plugins(files.config_dir):
        if plugin == PLUGIN_NAME and folder.is_dir() and not _is_of_today(folder):
            yield folder


def _is_of_today(copy: Path) -> bool:
    names = ("hooks/dynaload.js", "hooks/hooks.json")
    theirs = [(read_text(copy / name) or "").replace(PLUGIN_SERVER_NAME, SERVER_NAME) for name in names]
    return theirs == [(PLUGIN_FOLDER / name).read_text("utf-8") for name in names]


def _has_dead_plugin(files: ClaudeFiles, scope: Scope) -> bool:
    place = plugin_places(files).get(scope)
    return place is not None and is_our_link(read_link(place)) and not (place / "hooks" / "hooks.json").is_file()


def _has_stale_hooks(files: ClaudeFiles, scope: Scope) -> bool:
    project = files.project
    if scope == "user":
        text, path = read_text(files.user_settings), files.user_settings
    else:
        path = project.settings if scope == "project" else project.local_settings
        text = read_project_text(path, project.folder)
    return any(stale_hooks(parse_object(text or "", path)))
