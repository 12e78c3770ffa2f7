"""Whether Claude Code is set up to use us: registration, hooks, version, switches."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from mcp_dynaload.catalog.names import HOOK_TOOL, PLUGIN_SERVER_NAME, SERVER_NAME
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.client_version import (
    MIN_VERSION,
    MODS_VERSION,
    VERSION_SECONDS,
    Version,
    read_client_version,
    version_text,
)
from mcp_dynaload.hosts.claude_code.files import (
    ClaudeFiles,
    Scope,
    find_claude_files,
    found_managed_settings,
    read_project_text,
    read_text,
)
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.hosts.claude_code.json_edit import is_same, parse_object
from mcp_dynaload.hosts.claude_code.links import read_link
from mcp_dynaload.hosts.claude_code.rewriting import is_ours
from mcp_dynaload.hosts.claude_code.wiring import (
    LINKED_PLUGIN,
    PLUGIN_FOLDER,
    enabled_plugins,
    is_our_link,
    is_switched_off,
    plugin_places,
)
from mcp_dynaload.hosts.findings import Finding, RunProblem
from mcp_dynaload.machine.logs import without_addresses

LAUNCHED = ("mcp-dynaload", "uvx")
"""The programs by which the plugin starts its server, one as good as the other."""


log = structlog.get_logger()


def check_client(
    environ: Mapping[str, str], project_dir: Path, version_seconds: float = VERSION_SECONDS
) -> list[Finding]:
    """Look at the client's files and at the client, which may take so long to tell its version."""
    files = find_claude_files(environ, project_dir)
    try:
        version = read_client_version(environ, version_seconds)
    except HostError as error:
        wrong = Finding("wrong", str(error), "reinstall Claude Code", RunProblem.CLIENT)
        return [wrong, *check_files(files, environ)]
    return [_version(version), *check_files(files, environ, version)]


def is_registered(environ: Mapping[str, str], project_dir: Path) -> bool:
    """Return whether the client starts us by an entry of its own, beside what a plugin brings."""
    try:
        return any(registrations(find_claude_files(environ, project_dir)))
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
        managed = [_read(path) for path in found_managed_settings(files.managed_dir)]
        registered, outside = [*registrations(files)], [*_outside(files)]
    except HostError as error:
        return [Finding("wrong", str(error), "repair the file", RunProblem.CLIENT)]
    return [
        *_gone(registered, environ),
        *_serving([one.place for one in registered], [*enabled_plugins([*settings, *managed])], environ),
        *outside,
        *_plugins(files, settings),
        *_hooks(files, [*managed, *settings], version),
        *_switches(settings, managed, environ),
    ]


def _read(path: Path) -> Json:
    return parse_object(read_text(path) or "", path)


def _read_in(folder: Path, path: Path) -> Json:
    return parse_object(read_project_text(path, folder) or "", path)


@dataclass(frozen=True, slots=True)
class FoundRegistration:
    """An entry by which the client starts us."""

    scope: Scope
    file: Path
    command: str

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.scope} scope ({self.file})"


def registrations(files: ClaudeFiles) -> Iterator[FoundRegistration]:
    """Yield the entries by which the client starts us.

    Raises:
        HostError: a file cannot be read.
    """
    for scope, file, servers in _servers(files):
        if SERVER_NAME in servers:
            yield FoundRegistration(scope, file, str(json_object(servers[SERVER_NAME]).get("command") or ""))


def _servers(files: ClaudeFiles) -> Iterator[tuple[Scope, Path, Json]]:
    """Yield the servers of each scope that the client itself has, by name, and the file that they stand in."""
    state = _read(files.state)
    local = json_object(json_object(state.get("projects")).get(str(files.project.folder)))
    shared = _read_in(files.project.folder, files.project.servers)
    yield "user", files.state, json_object(state.get("mcpServers"))
    yield "local", files.state, json_object(local.get("mcpServers"))
    yield "project", files.project.servers, json_object(shared.get("mcpServers"))


def _outside(files: ClaudeFiles) -> Iterator[Finding]:
    """Say which servers the client starts by itself, each with its program or host, as arguments may be secrets."""
    for scope, file, servers in _servers(files):
        named = [f"{name} ({_target(json_object(entry))})" for name, entry in servers.items() if name != SERVER_NAME]
        if named:
            what = f"outside the proxy, in {scope} scope ({file}): {', '.join(named)}"
            option = "" if scope == "user" else f" --scope {scope}"
            yield Finding("note", what, f"`mcp-dynaload init{option}` puts them behind it, or says why one stays")


def _target(entry: Json) -> str:
    return without_addresses(str(entry["url"])) if "url" in entry else str(entry.get("command") or "no command")


def is_gone(registration: FoundRegistration, environ: Mapping[str, str]) -> bool:
    """Return whether the program that an entry names is not there any more."""
    command = registration.command
    return bool(command) and "${" not in command and shutil.which(command, path=environ.get("PATH")) is None


def _gone(registered: list[FoundRegistration], environ: Mapping[str, str]) -> Iterator[Finding]:
    for one in registered:
        if is_gone(one, environ):
            what = f"registered in {one.place} with {one.command}, which is not there"
            yield Finding("wrong", what, "run `mcp-dynaload doctor --fix`", RunProblem.REGISTRATION)


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
            fix = "install mcp-dynaload where the PATH of Claude Code leads, or uv"
            yield Finding("wrong", what, fix, RunProblem.REGISTRATION)
    if not registered and not plugins:
        yield Finding("wrong", "not registered with Claude Code", "run `mcp-dynaload init`", RunProblem.REGISTRATION)


def _plugins(files: ClaudeFiles, settings: list[Json]) -> Iterator[Finding]:
    """Say where our plugin is linked, and what is wrong with a link."""
    for place in plugin_places(files).values():
        target = read_link(place)
        if target is None or not is_our_link(target):
            continue
        if not (place / "hooks" / "hooks.json").is_file():
            what = f"plugin {place} leads to {target}, which is gone"
            fix = "run `mcp-dynaload init`, which links the plugin of this installation"
            yield Finding("wrong", what, fix, RunProblem.HOOKS)
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
            names = ", ".join(sorted(found))
            what = f"hooks are in the settings, too: {names}; each prompt comes twice and is answered once"
            yield Finding("note", what, "`mcp-dynaload init` takes those of its scope out of the settings")
    elif wanted <= found:
        yield Finding("ok", f"hooks installed: {', '.join(sorted(wanted))}")
        if version is not None and version >= MODS_VERSION:
            what = "the plugin is not installed: tools for later prompts and for agents come a model request later"
            yield Finding("note", what, "run `mcp-dynaload init`")
    else:
        missing = ", ".join(sorted(wanted - found))
        what = f"hooks missing: {missing}; tools are found by search only"
        yield Finding("wrong", what, "run `mcp-dynaload init`", RunProblem.HOOKS)
    for document in settings:
        if stale := [*stale_hooks(document)]:
            what = f"hooks of another version of ours are in the settings: {', '.join(stale)}"
            yield Finding("note", what, "run `mcp-dynaload doctor --fix`", RunProblem.HOOKS)


def stale_hooks(document: Json) -> Iterator[str]:
    """Yield the events, with what they are restricted to, of hooks of ours in the settings that are not of today."""
    wanted = hook_settings()["hooks"]
    for event, groups in json_object(document.get("hooks")).items():
        for group in map(json_object, groups or ()):
            if is_ours(group) and not any(is_same(group, ours) for ours in wanted.get(event, ())):
                yield " ".join(part for part in (event, group.get("matcher")) if part)


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
            yield Finding("note", what, "ask the administrator to allow our hooks", RunProblem.HOOKS)
    if any(document.get("disableAllHooks") is True for document in settings):
        what = "`disableAllHooks` is set: tools are found by search only"
        yield Finding("note", what, "remove it from the settings", RunProblem.HOOKS)
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
        what = "`claude` is not on the PATH, so its version was not checked"
        fix = "install Claude Code, or put the folder of its `claude` on the PATH"
        return Finding("note", what, fix, RunProblem.CLIENT)
    if version < MIN_VERSION:
        what = f"Claude Code is {version_text(version)}; our hooks need {version_text(MIN_VERSION)}"
        return Finding("wrong", what, "run `claude update`", RunProblem.CLIENT)
    return Finding("ok", f"Claude Code {version_text(version)}")
