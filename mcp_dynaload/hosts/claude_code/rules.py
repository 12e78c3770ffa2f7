"""Rewrites what names an upstream's tools (permission rules, hook matchers, tool lists) to our names for them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mcp_dynaload.catalog.names import FIND_TOOLS, HOOK_TOOL, PLUGIN_SERVER_NAME, Registration, advertised_name

ANY_OF_OURS = (Registration().prefix, Registration(PLUGIN_SERVER_NAME).prefix)
"""The texts that the client may put before the names that we advertise."""

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")
_EXACT_MATCHER = re.compile(r"[A-Za-z0-9_\- ,|]*")
_TOOL_NAME = re.compile(r"(?<![\w-])mcp__[\w*-]+")


def normalised(server: str) -> str:
    """Return the server's name as the client writes it in tool names."""
    return _ILLEGAL.sub("_", server)


@dataclass(frozen=True, slots=True)
class RuleMap:
    """The map of tool names from servers on their own to servers behind the proxy."""

    prefixes: Mapping[str, str]
    """From the normalised name of a server that moves to the prefix of its tools in our list."""

    registration: Registration = field(default_factory=Registration)
    """How the client has us registered."""

    def rule(self, rule: str) -> str:
        """Return the permission rule for the same tools; one that names no server that moves stays."""
        name, parenthesis, rest = rule.partition("(")
        return f"{self._tool(name)}{parenthesis}{rest}"

    def rules(self, rules: Iterable[str]) -> list[str]:
        """Return the rules in their order; one that becomes the same as another stands once."""
        result: list[str] = []
        for rule in rules:
            new = self.rule(rule)
            if new == rule or new not in result:
                result.append(new)
        return result

    def restrictions(self, rules: Iterable[str]) -> list[str]:
        """Return the rules that ask or deny, like `rules`; there a wildcard may stand in the server's name too."""
        result = self.rules(rules)
        for rule in list(result):
            if self._is_glob_lost(rule):
                result.insert(result.index(rule) + 1, f"{self._ours}{rule.removeprefix('mcp__')}")
        return list(dict.fromkeys(result)) if len(result) > len(set(result)) else result

    def matcher(self, matcher: str) -> str:
        """Return the hook matcher for the same tools, where a plain replacement gives it."""
        if _EXACT_MATCHER.fullmatch(matcher):
            return _TOOL_NAME.sub(lambda found: self._exact(found[0]), matcher)
        for server, prefix in self.prefixes.items():
            matcher = re.sub(rf"(?<![\w-])mcp__{re.escape(server)}__", f"{self._ours}{prefix}", matcher)
        return matcher

    def is_lost(self, matcher: str) -> bool:
        """Return whether the matcher still means tools of a server that moves, under names that they no longer have."""
        if _EXACT_MATCHER.fullmatch(matcher):
            return False
        try:
            pattern = re.compile(matcher)
        except re.error:
            return "mcp__" in matcher and any(server in matcher for server in self.prefixes)
        return any(
            pattern.search(f"mcp__{server}__tool") and not pattern.search(f"{self._ours}{prefix}tool")
            for server, prefix in self.prefixes.items()
        ) or (re.search(r"mcp__[^_\w]", matcher) is not None and any(server in matcher for server in self.prefixes))

    def tool_list(self, text: str) -> str:
        """Return the text with each tool name in it replaced by ours, everything between them unchanged."""
        return _TOOL_NAME.sub(lambda found: self._tool(found[0]), text)

    def agent_list(self, text: str) -> str:
        """Return an agent's text, like `tool_list`; there the client knows whole names and whole servers only."""
        return _TOOL_NAME.sub(lambda found: self._agent_tool(found[0]), text)

    def mentions(self, text: str) -> bool:
        """Return whether the text holds a tool name that `tool_list` would replace."""
        return self.tool_list(text) != text

    def restored_rule(self, rule: str) -> str:
        """Return the rule that names the same tools once their servers stand on their own again."""
        ours = next((ours for ours in ANY_OF_OURS if rule.startswith(ours)), None)
        if ours is None or rule.partition("(")[0] in (f"{ours}{FIND_TOOLS}", f"{ours}{HOOK_TOOL}"):
            return rule
        name = rule.removeprefix(ours)
        prefixes = {server: normalised(prefix) for server, prefix in self.prefixes.items()}
        fitting = [server for server, prefix in prefixes.items() if prefix and name.startswith(prefix)]
        if not fitting and "*" not in name:
            fitting = [server for server, prefix in prefixes.items() if not prefix]
            fitting = fitting if len(fitting) == 1 else []  # which of several had the tool cannot be told
        server = max(fitting, key=lambda server: len(prefixes[server]), default=None)
        return rule if server is None else f"mcp__{server}__{name.removeprefix(prefixes[server])}"

    def advertised(self, prefix: str, tool: str) -> str:
        """Return our name for a tool of a server with this prefix."""
        return advertised_name(prefix, tool, self.registration.room)

    @property
    def _ours(self) -> str:
        return self.registration.prefix

    def _is_glob_lost(self, rule: str) -> bool:
        """Return whether the wildcard reached tools whose names it no longer matches."""
        head, star, _ = rule.partition("*")
        return bool(star) and any(
            f"mcp__{server}__".startswith(head) and not f"{self._ours}{prefix}".startswith(head)
            for server, prefix in self.prefixes.items()
        )

    def _exact(self, name: str) -> str:
        """Return a name in a matcher that compares whole names: a bare server there means no tool."""
        return name if name.removeprefix("mcp__") in self.prefixes else self._tool(name)

    def _agent_tool(self, name: str) -> str:
        found = self._split(name)
        if found is None or ("*" in found[1] and found[1] != "*"):
            return name
        return self._ours.removesuffix("__") if found[1] == "*" else self._tool(name)

    def _tool(self, name: str) -> str:
        found = self._split(name)
        if found is None:
            return name
        prefix, tool = found
        ours = f"{normalised(prefix)}{tool}" if "*" in tool else self.advertised(prefix, tool)
        return f"{self._ours}{ours}"

    def _split(self, name: str) -> tuple[str, str] | None:
        """Return prefix and tool of a full name; the longest server name wins, as one may hold `__`."""
        rest = name.removeprefix("mcp__")
        for server in sorted(self.prefixes, key=len, reverse=True):
            if rest == server and name != rest:
                return self.prefixes[server], "*"
            if name != rest and rest.startswith(f"{server}__") and len(rest) > len(server) + 2:
                return self.prefixes[server], rest[len(server) + 2 :]
        return None
