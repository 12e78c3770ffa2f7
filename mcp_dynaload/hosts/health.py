"""Whether Claude Code is set up to use us: registration, hooks, version, switches."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mcp_dynaload.catalog.names import HOOK_TOOL, SERVER_NAME
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_files import (
    ClaudeFiles,
    find_claude_files,
    managed_settings_files,
    read_project_text,
    read_text,
)
from mcp_dynaload.hosts.claude_hooks import hook_settings
from mcp_dynaload.hosts.json_text import parse_object

LEAST_VERSION = (2, 1, 118)
"""The first with hooks of type `mcp_tool`."""

VERSION_SECONDS = 10

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    fix: str = ""


def check_client(environ: Mapping[str, str], project_dir: Path) -> list[Finding]:
    """Look at the client's files and at the client."""
    return [_version(environ), *check_files(find_claude_files(environ, project_dir), environ)]


def check_files(files: ClaudeFiles, environ: Mapping[str, str]) -> list[Finding]:
    """Look at the client's files: the person's, the project's and the administrator's."""
    project = files.project
    try:
        settings = [
            _read(files.user_settings),
            *(_read_in(project.folder, path) for path in (project.settings, project.local_settings)),
        ]
        managed = [_read(path) for path in _managed_files(files.managed_dir)]
        registered = [*_registrations(files)]
    except HostError as error:
        return [Finding("wrong", str(error), "repair the file")]
    return [_registration(registered), _hooks([*managed, *settings]), *_switches(settings, managed, environ)]


def _managed_files(folder: Path) -> list[Path]:
    drop_ins = (folder / "managed-settings.d").glob("*.json")
    return managed_settings_files(folder, [folder / "managed-settings.json", *drop_ins])


def _read(path: Path) -> Json:
    return parse_object(read_text(path) or "", path)


def _read_in(folder: Path, path: Path) -> Json:
    return parse_object(read_project_text(path, folder) or "", path)


def _registrations(files: ClaudeFiles) -> Iterator[str]:
    state = _read(files.state)
    if SERVER_NAME in json_object(state.get("mcpServers")):
        yield f"user scope ({files.state})"
    local = json_object(json_object(state.get("projects")).get(str(files.project.folder)))
    if SERVER_NAME in json_object(local.get("mcpServers")):
        yield f"local scope ({files.state})"
    if SERVER_NAME in json_object(_read_in(files.project.folder, files.project.servers).get("mcpServers")):
        yield f"project scope ({files.project.servers})"


def _registration(registered: list[str]) -> Finding:
    if registered:
        return Finding("ok", f"registered with Claude Code in {', '.join(registered)}")
    return Finding("wrong", "not registered with Claude Code", "run `mcp-dynaload init`")


def _hooks(settings: list[Json]) -> Finding:
    wanted = set(_hooked(hook_settings()))
    found = {hook for document in settings for hook in _hooked(document)}
    if wanted <= found:
        return Finding("ok", f"hooks installed: {', '.join(sorted(wanted))}")
    missing = ", ".join(sorted(wanted - found))
    return Finding("wrong", f"hooks missing: {missing}; tools are found by search only", "run `mcp-dynaload init`")


def _hooked(document: Json) -> Iterator[str]:
    """Yield the events, with what they are restricted to, at which our tool is called."""
    for event, groups in json_object(document.get("hooks")).items():
        for group in map(json_object, groups or ()):
            if any(_is_our_hook(json_object(hook)) for hook in group.get("hooks") or ()):
                yield " ".join(part for part in (event, group.get("matcher")) if part)


def _is_our_hook(hook: Json) -> bool:
    return (hook.get("type"), hook.get("server"), hook.get("tool")) == ("mcp_tool", SERVER_NAME, HOOK_TOOL)


def _switches(settings: list[Json], managed: list[Json], environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in ("disableAllHooks", "allowManagedHooksOnly"):
        if any(document.get(name) is True for document in managed):
            what = f"`{name}` is set by your administrator: tools are found by search only"
            yield Finding("note", what, "ask the administrator to allow our hooks")
    if any(document.get("disableAllHooks") is True for document in settings):
        yield Finding("note", "`disableAllHooks` is set: tools are found by search only", "remove it from the settings")
    if environ.get("ENABLE_TOOL_SEARCH", "").lower() in ("0", "false", "no", "off"):
        yield Finding("note", "ENABLE_TOOL_SEARCH is off: each change of the loaded tools rewrites the prompt cache")


def _version(environ: Mapping[str, str]) -> Finding:
    program = shutil.which("claude", path=environ.get("PATH"))
    if program is None:
        return Finding("note", "`claude` is not on the PATH, so its version was not checked")
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("wrong", f"`{program} --version` failed: {error}", "reinstall Claude Code")
    numbers = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    found = tuple(int(number) for number in numbers.groups()) if numbers else ()
    least = ".".join(map(str, LEAST_VERSION))
    if found < LEAST_VERSION:
        return Finding(
            "wrong", f"Claude Code is {done.stdout.strip()!r}; our hooks need {least}", "run `claude update`"
        )
    return Finding("ok", f"Claude Code {'.'.join(map(str, found))}")
