"""Rewrites tool names in settings, hooks and front matter, and reports what it cannot rewrite."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.names import HOOK_TOOL
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.files import objects, strings
from mcp_dynaload.hosts.claude_code.front_matter import edit_tool_lists, other_front_matter
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME
from mcp_dynaload.hosts.claude_code.pending_edits import PendingEdits
from mcp_dynaload.hosts.claude_code.rules import RuleMap, normalised

_RULE_LISTS = ("allow", "ask", "deny")
_ALLOWING = ("allow", "allowedTools")
_WITH_SERVERS = re.compile(r"^(hooks|mcpServers)[ \t]*:", re.MULTILINE)


def rewrite_settings(pending_edits: PendingEdits, path: Path, names: RuleMap) -> Iterator[str]:
    """Rewrite permission rules and hooks of a settings file; yields what the user has to do by hand."""
    settings = pending_edits.document(path)
    permissions = objects(settings, "permissions")
    for key in _RULE_LISTS:
        rewrite_names(permissions, key, names)
    for event, group in _groups(settings):
        matcher = group.get("matcher")
        if isinstance(matcher, str):
            group["matcher"] = names.matcher(matcher)
            if names.is_lost(group["matcher"]):
                yield f"{path}: {event} hook matcher {matcher!r} no longer matches tools that move; adapt it by hand"
        for hook in _objects(group.get("hooks")):
            _rewrite_hook(hook, names)


def rewrite_names(document: Json, key: str, names: RuleMap) -> None:
    """Rewrite the list of permission rules under a key, where there is one."""
    rules = document.get(key)
    if isinstance(rules, list) and all(isinstance(rule, str) for rule in cast(list[Any], rules)):
        rewritten = names.rules if key in _ALLOWING else names.restrictions
        document[key] = rewritten(cast(list[str], rules))


def unreached_rules(pending_edits: PendingEdits, path: Path, names: RuleMap) -> Iterator[str]:
    """Yield the rules of a settings file not ours to change that name servers which move."""
    settings = pending_edits.document(path)
    permissions = objects(settings, "permissions")
    for key in _RULE_LISTS:
        for rule in strings(permissions, key):
            new = names.rule(rule) if key in _ALLOWING else names.restrictions([rule])[-1]
            if new != rule:
                yield f"{path} is left as it is: its {key} rule {rule!r} would have to be {new!r} now"
    for event, group in _groups(settings):
        matcher = group.get("matcher")
        if isinstance(matcher, str) and (names.matcher(matcher) != matcher or names.is_lost(matcher)):
            yield f"{path} is left as it is: its {event} hook matcher {matcher!r} names tools that move"


def rewrite_markdown(
    pending_edits: PendingEdits, path: Path, text: str, names: RuleMap, *, is_reached: bool
) -> Iterator[str]:
    """Rewrite the tool lists of an agent, command or skill; yields what the user has to do by hand."""
    edited = edit_tool_lists(text, names.agent_list, names.tool_list)
    if edited != text:
        if is_reached:
            pending_edits.set_text(path, edited)
            whole = names.registration.prefix.removesuffix("__")
            if re.search(rf"(?<![\w-]){whole}(?![\w-])", edited):
                yield (
                    f"{path}: an agent cannot name part of a server, so {whole!r} there means all tools behind the"
                    " proxy; list single tools to narrow it"
                )
        else:
            yield f"{path} is left as it is: its tool lists name tools that move"
    rest = other_front_matter(text)
    if _WITH_SERVERS.search(rest) and (names.mentions(rest) or any(server in rest for server in names.prefixes)):
        yield f"{path}: its front matter names servers that move; adapt it by hand"


def is_ours(group: Any) -> bool:
    """Return whether a group of hooks is the one that we register."""
    return any(
        hook.get("server") == SERVER_NAME and hook.get("tool") == HOOK_TOOL
        for hook in _objects(objects({"group": group}, "group").get("hooks"))
    )


def _rewrite_hook(hook: Json, names: RuleMap) -> None:
    """Rewrite a hook that calls an upstream's tool to call it through us; its condition is a permission rule."""
    prefix = names.prefixes.get(normalised(str(hook.get("server"))))
    if hook.get("type") == "mcp_tool" and prefix is not None:
        hook["server"], hook["tool"] = names.registration.server, names.advertised(prefix, str(hook.get("tool")))
    if isinstance(hook.get("if"), str):
        hook["if"] = names.rule(hook["if"])


def _groups(settings: Json) -> Iterator[tuple[str, Json]]:
    for event, groups in objects(settings, "hooks").items():
        for group in _objects(groups):
            yield event, group


def _objects(value: Any) -> list[Json]:
    items = cast(list[Any], value) if isinstance(value, list) else []
    return [cast(Json, item) for item in items if isinstance(item, dict)]
