"""Whether Claude Code is set up to use us: registration, hooks, version, switches."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from mcp_dynaload.catalog.names import HOOK_TOOL, PLUGIN_SERVER_NAME, SERVER_NAME
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.client_version import (
    MIN_VERSION,
    MODS_VERSION,
    Version,
    read_client_version,
    version_text,
)
from mcp_dynaload.hosts.claude_code.files import (
    ClaudeFiles,
    find_claude_files,
    managed_settings_files,
    read_project_text,
    read_text,
)
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.hosts.claude_code.json_edit import parse_object
from mcp_dynaload.hosts.claude_code.links import read_link
from mcp_dynaload.hosts.claude_code.wiring import (
    LINKED_PLUGIN,
    PLUGIN_FOLDER,
    enabled_plugins,
    is_our_link,
    is_switched_off,
    plugin_places,
)

Level = Literal["ok", "note", "wrong"]

LAUNCHED = ("mcp-dynaload", "uvx")
"""The programs by which the plugin starts its server, one as good as the other."""


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finding:
    """A thing that was looked at, and the verdict."""

    level: Level
    what: str
    fix: str = ""


def check_client(environ: Mapping[str, str], project_dir: Path) -> list[Finding]:
    """Look at the client's files and at the client."""
    files = find_claude_files(environ, project_dir)
    try:
        version = read_client_version(environ)
    except HostError as error:
        return [Finding("wrong", str(error), "reinstall Claude Code"), *check_files(files, environ)]
    return [_version(version), *check_files(files, environ, version)]


def is_registered(environ: Mapping[str, str], project_dir: Path) -> bool:
    """Return whether the client starts us by an entry of its own, beside what a plugin brings."""
    try:
        return any(_registrations(find_claude_files(environ, project_dir)))
    except HostError as error:  # which `doctor` tells, and the client itself
        log.warning("client_files_unreadable", error=str(error))
        return False


def check_files(files: ClaudeFiles, environ: Mapping[str, str], version: Version | None = None) -> list[Finding]:
    """Look at the client's files: the user's, the project's and the administrator's."""
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
    return [
        *_serving(registered, [*enabled_plugins([*settings, *managed])], environ),
        *_plugins(files, settings),
        *_hooks(files, [*managed, *settings], version),
        *_switches(settings, managed, environ),
    ]


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


def _serving(registered: list[str], plugins: list[str], environ: Mapping[str, str]) -> Iterator[Finding]:
    """Say which server of ours the client starts; of one that is registered and a plugin's, the former serves."""
    if registered:
        yield Finding("ok", f"registered with Claude Code in {', '.join(registered)}")
    for plugin in plugins:
        if registered:
            what = f"installed twice: the plugin {plugin} brings a server, too; it stands by, the registered one serves"
            fix = f"`claude plugin uninstall {plugin}`, or `mcp-dynaload uninstall` and then `init` to keep the plugin"
            yield Finding("note", what, fix)
        elif any(shutil.which(program, path=environ.get("PATH")) for program in LAUNCHED):
            yield Finding("ok", f"the plugin {plugin} brings the server, as {PLUGIN_SERVER_NAME!r}")
        else:
            what = f"the plugin {plugin} finds no program: neither {' nor '.join(LAUNCHED)} is on the PATH"
            yield Finding("wrong", what, "install mcp-dynaload where the PATH of Claude Code leads, or uv")
    if not registered and not plugins:
        yield Finding("wrong", "not registered with Claude Code", "run `mcp-dynaload init`")


def _plugins(files: ClaudeFiles, settings: list[Json]) -> Iterator[Finding]:
    """Say where our plugin is linked, and what is wrong with a link."""
    for place in plugin_places(files).values():
        target = read_link(place)
        if target is None or not is_our_link(target):
            continue
        if not (place / "hooks" / "hooks.json").is_file():
            what = f"plugin {place} leads to {target}, which is gone"
            yield Finding("wrong", what, "run `mcp-dynaload init`, which links the plugin of this installation")
        elif target != str(PLUGIN_FOLDER):
            what = f"plugin {place} is of another installation of mcp-dynaload: {target}"
            yield Finding("note", what, "`mcp-dynaload init` links the plugin of this one")
        elif is_switched_off(settings):
            yield Finding(
                "note", f"plugin {place} is disabled in the settings", f"`claude plugin enable {LINKED_PLUGIN}`"
            )
        else:
            yield Finding("ok", f"plugin installed: {place}")


def _working_plugins(files: ClaudeFiles, settings: list[Json]) -> list[str]:
    links = [place for place in plugin_places(files).values() if is_our_link(read_link(place))]
    works = [str(place) for place in links if (place / "hooks" / "hooks.json").is_file()]
    return [*enabled_plugins(settings), *([] if is_switched_off(settings) else works)]


def _hooks(files: ClaudeFiles, settings: list[Json], version: Version | None) -> Iterator[Finding]:
    """Say by what we are told of prompts: one should do it, the plugin where the client runs its module."""
    wanted = set(_hooked(hook_settings()))
    found = {hook for document in settings for hook in _hooked(document)}
    plugins = _working_plugins(files, settings)
    if plugins:
        yield Finding("ok", f"hooks brought by the plugin: {', '.join(plugins)}")
        if len(plugins) > 1:
            what = "the plugin is there more than once: Claude Code loads one of them"
            yield Finding("note", what, "remove one")
        if found:
            what = f"hooks are in the settings, too: {', '.join(sorted(found))}; what is told twice is answered once"
            yield Finding("note", what, "`mcp-dynaload init` takes those of its scope out of the settings")
    elif wanted <= found:
        yield Finding("ok", f"hooks installed: {', '.join(sorted(wanted))}")
        if version is not None and version >= MODS_VERSION:
            what = "the plugin is not installed: tools for later prompts and for agents come a model request later"
            yield Finding("note", what, "run `mcp-dynaload init`")
    else:
        missing = ", ".join(sorted(wanted - found))
        what = f"hooks missing: {missing}; tools are found by search only"
        yield Finding("wrong", what, "run `mcp-dynaload init`")


def _hooked(document: Json) -> Iterator[str]:
    """Yield the events, with what they are restricted to, at which our tool is called."""
    for event, groups in json_object(document.get("hooks")).items():
        for group in map(json_object, groups or ()):
            if any(_is_our_hook(json_object(hook)) for hook in group.get("hooks") or ()):
                yield " ".join(part for part in (event, group.get("matcher")) if part)


def _is_our_hook(hook: Json) -> bool:
    return (hook.get("type"), hook.get("server"), hook.get("tool")) == ("mcp_tool", SERVER_NAME, HOOK_TOOL)


def _switches(settings: list[Json], managed: list[Json], environ: Mapping[str, str]) -> Iterator[Finding]:
    if any(_are_mods_limited(document) for document in managed):
        what = "`allowManagedModsOnly` is set by your administrator: the plugin's module does not run, its hooks serve"
        yield Finding(
            "note", f"{what}; later prompts' tools are told beside the prompt", "ask for the plugin to be allowed"
        )
    for name in ("disableAllHooks", "allowManagedHooksOnly"):
        if any(document.get(name) is True for document in managed):
            what = f"`{name}` is set by your administrator: tools are found by search only"
            yield Finding("note", what, "ask the administrator to allow our hooks")
    if any(document.get("disableAllHooks") is True for document in settings):
        yield Finding("note", "`disableAllHooks` is set: tools are found by search only", "remove it from the settings")
    if environ.get("ENABLE_TOOL_SEARCH", "").lower() in ("0", "false", "no", "off"):
        yield Finding("note", "ENABLE_TOOL_SEARCH is off: each change of the loaded tools rewrites the prompt cache")


def _are_mods_limited(managed: Json) -> bool:
    """Return whether only the administrator's plugins may run modules; it is an option of a policy plugin of the
    client's.
    """
    plugins = json_object(managed.get("pluginConfigs")).values()
    options = [json_object(json_object(plugin).get("options")).get("allowManagedModsOnly") for plugin in plugins]
    return any(option not in (None, False) for option in options)


def _version(version: Version | None) -> Finding:
    if version is None:
        return Finding("note", "`claude` is not on the PATH, so its version was not checked")
    if version < MIN_VERSION:
        what = f"Claude Code is {version_text(version)}; our hooks need {version_text(MIN_VERSION)}"
        return Finding("wrong", what, "run `claude update`")
    return Finding("ok", f"Claude Code {version_text(version)}")
