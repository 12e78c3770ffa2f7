"""Claude Code's permission rules that deny tools: it shows a model none of these and refuses each call of one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mcp_dynaload.catalog.names import Registration


@dataclass(frozen=True, slots=True)
class DenyRule:
    """A rule, and the file that has it."""

    rule: str
    place: str

    def __str__(self) -> str:
        return f"deny {self.rule!r} in {self.place}"


def denied_names(rules: Iterable[DenyRule], registration: Registration, names: Iterable[str]) -> Mapping[str, DenyRule]:
    """Return those of our names that a rule denies, each with the first one that does.

    As the client reads them (2.1.332): `mcp__SERVER` stands for all tools of the server, another text for the tool of
    exactly that name; `*` is any text. One with parentheses denies no tool of an MCP server.
    """
    whole_server = registration.prefix.removesuffix("__")
    fitting = [
        (rule, re.compile(".*".join(map(re.escape, rule.rule.split("*"))), re.DOTALL))
        for rule in rules
        if _may_fit(rule.rule, registration.prefix)
    ]
    denied: dict[str, DenyRule] = {}
    for name in names if fitting else ():
        full = registration.prefix + name
        found = (rule for rule, form in fitting if rule.rule == whole_server or form.fullmatch(full))
        if (rule := next(found, None)) is not None:
            denied[name] = rule
    return denied


def _may_fit(rule: str, prefix: str) -> bool:
    """Return whether the rule's text before its first `*` lets it be about us."""
    head, star, _ = rule.partition("*")
    return rule == prefix.removesuffix("__") or head.startswith(prefix) or (bool(star) and prefix.startswith(head))
