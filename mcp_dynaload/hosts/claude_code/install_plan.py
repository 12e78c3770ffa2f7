"""Plans what `init` changes: pure, from what was read to the new content of each file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.names import FIND_TOOLS, Registration, default_prefix
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.files import ClientSnapshot, ProjectFiles, objects, strings
from mcp_dynaload.hosts.claude_code.git_exclude import EXCLUDED, check_private, excluding
from mcp_dynaload.hosts.claude_code.given_servers import LeftInPlace
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME, hook_settings
from mcp_dynaload.hosts.claude_code.json_edit import is_same
from mcp_dynaload.hosts.claude_code.links import LinkEdit
from mcp_dynaload.hosts.claude_code.movable_servers import (
    choose_servers,
    project_key,
    refuse_where_forbidden,
    registry,
    servers_target,
    without_options,
)
from mcp_dynaload.hosts.claude_code.moved_secrets import (
    Kept,
    PlainSecrets,
    find_plain_secrets,
    take_out_secrets,
)
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit, PendingEdits
from mcp_dynaload.hosts.claude_code.rewriting import (
    is_ours,
    rewrite_markdown,
    rewrite_names,
    rewrite_settings,
    unreached_rules,
)
from mcp_dynaload.hosts.claude_code.rules import RuleMap, normalised
from mcp_dynaload.hosts.claude_code.wiring import PLUGIN_NAME, Wiring, is_us, plan_wiring, registration_of

_EXCLUDED_PLUGIN = f".claude/skills/{PLUGIN_NAME}"
_JSON_LISTS = ("enabledMcpjsonServers", "disabledMcpjsonServers")


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """The changes that `init` is going to make."""

    edits: tuple[FileEdit, ...]
    moved: tuple[str, ...]
    left: tuple[LeftInPlace, ...]
    notes: tuple[str, ...]
    """The things that the user should know or do by hand."""

    prefixes: Mapping[str, str]
    """Normalised names of the servers that move, with the prefixes of their tools."""

    trusted: Path | None
    """The project's servers file, which the user trusts by agreeing to this plan."""

    links: tuple[LinkEdit, ...] = ()
    """The plugin's."""

    logins: tuple[str, ...] = ()
    """The servers that move and need a login, which is left to do."""

    secrets: PlainSecrets = field(default_factory=PlainSecrets)
    """The secrets in the servers file, which stay there or are to be kept elsewhere."""

    unapproved: tuple[str, ...] = ()
    """Servers of `.mcp.json` that would be started though the user has not approved them in the client."""

    @property
    def changes(self) -> tuple[FileEdit | LinkEdit, ...]:
        """All that becomes different."""
        return (*self.edits, *self.links)


def plan_init(
    snapshot: ClientSnapshot, logins: Mapping[str, str], *, keeps_logins: bool = False, kept: Kept | None = None
) -> InstallPlan:
    """Plan how the servers of the scope move behind the proxy; `logins` names those that need a login, and why.

    `keeps_logins`: these stay with the client. `kept`, if it is given, knows the secrets that are kept by name, and
    those in the servers file move there.

    Raises:
        HostError: the client would not start us, or a file that has to change holds something unexpected.
    """
    refuse_where_forbidden(snapshot)
    choice = choose_servers(snapshot, logins, keeps_logins=keeps_logins)
    pending_edits = PendingEdits(snapshot.texts)
    registration = registration_of(snapshot)
    prefixes = {normalised(name): _prefix(name, entry) for name, entry in choice.moving.items()}
    names = RuleMap(prefixes, registration)
    notes = [f"not looked at: {reason}" for reason in snapshot.unread]
    given = () if snapshot.given is None else snapshot.given.notes
    _move(snapshot, pending_edits, choice.moving)
    secrets = _take_out(snapshot, pending_edits, kept)
    if not registration.is_plugins:
        _register(snapshot, pending_edits)
    wiring = plan_wiring(snapshot)
    _install(snapshot, pending_edits, wiring, registration)
    notes += [wiring.note] if wiring.note else []
    notes += _keep_private(snapshot, pending_edits, choice.moving, wiring)
    notes += _rewrite_rules(snapshot, pending_edits, names)
    unapproved = _unapproved(snapshot, choice.moving)
    if unapproved:
        notes.append(f"not approved in Claude Code so far, and approved by moving: {', '.join(unapproved)}")
    _rewrite_approvals(snapshot, pending_edits, choice.moving)
    notes += _rewrite_markdown(snapshot, pending_edits, names)
    notes += _hints(snapshot)
    target = servers_target(snapshot)
    edits = pending_edits.edits()
    links = () if wiring.link is None else (wiring.link,)
    is_trusted = snapshot.scope != "user" and any(edit.path == target for edit in edits)
    return InstallPlan(
        edits=edits,
        moved=tuple(choice.moving),
        left=choice.left,
        notes=(*given, *(dict.fromkeys(notes) if edits or links else ())),
        prefixes=names.prefixes,
        trusted=snapshot.locations.project_servers_file if is_trusted else None,
        links=links,
        logins=choice.logins,
        secrets=secrets,
        unapproved=unapproved if edits else (),
    )


def _prefix(name: str, entry: Json) -> str:
    given = objects(entry, "dynaload").get("prefix")
    return given if isinstance(given, str) else default_prefix(name)


def _move(snapshot: ClientSnapshot, pending_edits: PendingEdits, moving: Mapping[str, Json]) -> None:
    source, keys = registry(snapshot)
    for name, entry in moving.items():
        target = pending_edits.object_at(servers_target(snapshot), "mcpServers")
        options = {"inherit_env": True, **objects(entry, "dynaload")}
        target.setdefault(name, {**without_options(entry), "dynaload": options})
        if snapshot.given is None:
            del pending_edits.object_at(source, *keys)[name]


def _take_out(snapshot: ClientSnapshot, pending_edits: PendingEdits, kept: Kept | None) -> PlainSecrets:
    """Return the secrets in the servers file, taken out of it if that is wanted."""
    servers = objects(pending_edits.document(servers_target(snapshot)), "mcpServers")
    return find_plain_secrets(servers) if kept is None else take_out_secrets(servers, kept)


def _register(snapshot: ClientSnapshot, pending_edits: PendingEdits) -> None:
    if snapshot.scope == "local" and SERVER_NAME in objects(snapshot.document(snapshot.files.state), "mcpServers"):
        return  # the user's own registration reaches this folder too
    path, keys = registry(snapshot)
    servers = pending_edits.object_at(path, *keys)
    present = servers.get(SERVER_NAME)
    if present is None:
        servers[SERVER_NAME] = dict(snapshot.entry)
    elif not isinstance(present, dict) or not is_us(cast(Json, present)):
        raise HostError(f"{path}: another server is named {SERVER_NAME!r}; rename it and run this again")
    elif cast(Json, present).get("command") != snapshot.entry["command"]:
        servers[SERVER_NAME] = {**cast(Json, present), **snapshot.entry}


def scope_settings(snapshot: ClientSnapshot) -> Path:
    """Return the settings file that belongs to the scope."""
    project = snapshot.files.project
    return {"user": snapshot.files.user_settings, "project": project.settings, "local": project.local_settings}[
        snapshot.scope
    ]


def _install(snapshot: ClientSnapshot, pending_edits: PendingEdits, wiring: Wiring, registration: Registration) -> None:
    """Let the model search for tools without a question, and put our hooks where no plugin brings them."""
    path, ours = scope_settings(snapshot), registration.prefix
    allow = strings(objects(pending_edits.document(path), "permissions"), "allow")
    if not {f"{ours}{FIND_TOOLS}", f"{ours}*", ours.removesuffix("__")} & set(allow):
        pending_edits.list_at(path, "permissions", "allow").append(f"{ours}{FIND_TOOLS}")
    if not wiring.has_hooks:
        _remove_hooks(pending_edits.document(path))
        return
    for event, groups in hook_settings()["hooks"].items():
        _install_hooks(pending_edits.list_at(path, "hooks", event), groups)


def _remove_hooks(settings: Json) -> None:
    """Take out the groups that an earlier `init` has put there."""
    hooks = objects(settings, "hooks")
    for event, groups in list(hooks.items()):
        if isinstance(groups, list) and any(map(is_ours, cast(list[Any], groups))):
            hooks[event] = [group for group in cast(list[Any], groups) if not is_ours(group)]
            if not hooks[event]:
                del hooks[event]
            if not hooks:
                del settings["hooks"]


def _install_hooks(groups: list[Any], wanted: list[Json]) -> None:
    """Add the groups that are not there, each in the place of one that an older version of ours has left."""
    matchers = [ours.get("matcher") for ours in wanted]
    for ours in wanted:
        if any(is_same(group, ours) for group in groups):
            continue
        known = [group.get("matcher") if is_ours(group) else ours for group in groups]
        stale = [index for index, matcher in enumerate(known) if matcher is not ours and matcher not in matchers]
        same = [index for index, matcher in enumerate(known) if matcher == ours.get("matcher")]
        if replaced := [*same, *stale]:
            groups[replaced[0]] = ours
        else:
            groups.append(ours)


def _keep_private(
    snapshot: ClientSnapshot, pending_edits: PendingEdits, moving: Mapping[str, Json], wiring: Wiring
) -> Iterator[str]:
    """Yield the edits that keep the local scope, which is the user's own, out of the files of the repository."""
    if snapshot.scope != "local":
        return
    if wiring.link is not None and snapshot.exclude is not None:
        _exclude(pending_edits, snapshot.exclude, _EXCLUDED_PLUGIN)
    elif wiring.link is not None:
        place = wiring.link.path
        yield f"{place} leads to an installation on this machine: keep `{_EXCLUDED_PLUGIN}` out of version control"
    if not moving:
        return
    target = servers_target(snapshot)
    if snapshot.exclude is None:
        yield f"{target} holds what was private to you: keep it out of version control"
        return
    check_private(
        target,
        exists=target in snapshot.texts,
        shared=snapshot.sharing,
        outranking=snapshot.outranking,
        exclude=snapshot.exclude,
        text=pending_edits.text(snapshot.exclude),
        pattern=EXCLUDED,
    )
    _exclude(pending_edits, snapshot.exclude, EXCLUDED)


def _exclude(pending_edits: PendingEdits, file: Path, pattern: str) -> None:
    """Have the repository ignore what the pattern names."""
    pending_edits.set_text(file, excluding(pending_edits.text(file), pattern))


def _rewrite_rules(snapshot: ClientSnapshot, pending_edits: PendingEdits, names: RuleMap) -> Iterator[str]:
    files, here = snapshot.files, snapshot.files.project
    if snapshot.scope == "user":
        yield from rewrite_settings(pending_edits, files.user_settings, names)
        projects = {**snapshot.known_projects, project_key(snapshot): here}
        for key, project in projects.items():
            yield from _rewrite_project(snapshot, pending_edits, key, project, names)
        for key in objects(snapshot.document(files.state), "projects").keys() - projects.keys():
            _rewrite_allowed_tools(pending_edits, snapshot, key, names)
        return
    shared = [here.settings] if snapshot.scope == "project" else []
    for path in (*shared, here.local_settings):
        yield from rewrite_settings(pending_edits, path, names)
    _rewrite_allowed_tools(pending_edits, snapshot, project_key(snapshot), names)
    if snapshot.scope == "local":
        yield from unreached_rules(pending_edits, here.settings, names)
    yield from unreached_rules(pending_edits, files.user_settings, names)


def _rewrite_project(
    snapshot: ClientSnapshot, pending_edits: PendingEdits, key: str, project: ProjectFiles, names: RuleMap
) -> Iterator[str]:
    """Yield the edits of the user's own rules for a project.

    A server of the same name in the project keeps its rules.
    """
    try:
        own = {
            normalised(name)
            for servers in (
                objects(snapshot.document(project.servers), "mcpServers"),
                objects(pending_edits.document(snapshot.files.state), "projects", key, "mcpServers"),
            )
            for name in servers
        }
        kept = {server: prefix for server, prefix in names.prefixes.items() if server not in own}
        reach = replace(names, prefixes=kept)
        if project.local_settings != snapshot.files.user_settings:
            yield from rewrite_settings(pending_edits, project.local_settings, reach)
        if project.settings != snapshot.files.user_settings:
            yield from unreached_rules(pending_edits, project.settings, reach)
    except HostError as error:
        # One project's broken file must not keep the user from moving the servers of all.
        yield f"rules there were not looked at: {error}"
        return
    _rewrite_allowed_tools(pending_edits, snapshot, key, reach)


def _rewrite_allowed_tools(pending_edits: PendingEdits, snapshot: ClientSnapshot, key: str, names: RuleMap) -> None:
    state = objects(pending_edits.document(snapshot.files.state), "projects", key)
    rewrite_names(state, "allowedTools", names)


def _unapproved(snapshot: ClientSnapshot, moving: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the servers that move though the user never approved them; what the repository approves does not count."""
    if snapshot.given is not None:
        return () if snapshot.given.are_approved else tuple(moving)
    if snapshot.scope != "project":
        return ()
    state = objects(snapshot.document(snapshot.files.state), "projects", project_key(snapshot))
    local, of_user = snapshot.files.project.local_settings, snapshot.files.user_settings
    documents = [state, snapshot.document(local), snapshot.document(of_user), *snapshot.managed_settings]
    if any(document.get("enableAllProjectMcpServers") is True for document in documents):
        return ()
    approved = {name for document in documents for name in strings(document, _JSON_LISTS[0])}
    return tuple(name for name in moving if name not in approved)


def _rewrite_approvals(snapshot: ClientSnapshot, pending_edits: PendingEdits, moving: Mapping[str, Json]) -> None:
    """Put us into the lists that say which servers of `.mcp.json` the user approved."""
    if snapshot.scope != "project":
        return
    project = snapshot.files.project
    local = pending_edits.document(project.local_settings)
    state = objects(pending_edits.document(snapshot.files.state), "projects", project_key(snapshot))
    documents = [pending_edits.document(project.settings), local, state]
    is_all = any(
        document.get("enableAllProjectMcpServers") is True
        for document in (*documents, snapshot.document(snapshot.files.user_settings))
    )
    for document in documents:
        _replace_approved(document, moving)
    if not is_all and not any(SERVER_NAME in strings(document, _JSON_LISTS[0]) for document in documents):
        pending_edits.list_at(project.local_settings, _JSON_LISTS[0]).append(SERVER_NAME)


def _replace_approved(document: Json, moving: Mapping[str, Json]) -> None:
    for key in _JSON_LISTS:
        names = document.get(key)
        if isinstance(names, list) and any(name in moving for name in cast(list[Any], names)):
            kept = [name for name in cast(list[Any], names) if name not in moving]
            is_enabled = key == _JSON_LISTS[0] and SERVER_NAME not in kept
            document[key] = [*kept, SERVER_NAME] if is_enabled else kept


def _rewrite_markdown(snapshot: ClientSnapshot, pending_edits: PendingEdits, names: RuleMap) -> Iterator[str]:
    mine, shared = snapshot.files.config_dir.resolve(), (snapshot.files.project.folder / ".claude").resolve()
    reached = {"user": mine, "project": shared, "local": None}[snapshot.scope]
    for path, text in snapshot.texts.items():
        if path.suffix == ".md" and names.prefixes:
            is_reached = reached is not None and path.is_relative_to(reached)
            yield from rewrite_markdown(pending_edits, path, text, names, is_reached=is_reached)


def _hints(snapshot: ClientSnapshot) -> Iterator[str]:
    target = servers_target(snapshot)
    held = objects(snapshot.document(target), "mcpServers")
    if snapshot.scope != "user" and held:
        yield f"{target} is trusted by this, with what it held already: {', '.join(held)}"
    if snapshot.given is not None:
        return
    shared = objects(snapshot.document(snapshot.files.project.servers), "mcpServers")
    if snapshot.scope == "user" and shared.keys() - {SERVER_NAME}:
        yield f"{snapshot.files.project.servers} has servers too: `mcp-dynaload init --scope project` moves them"
    settings = [*snapshot.managed_settings, snapshot.document(scope_settings(snapshot))]
    if any(document.get("disableAllHooks") or document.get("allowManagedHooksOnly") for document in settings):
        yield "hooks are switched off by the settings: tools are then loaded by `find_tools` only"
