"""Claude Code's permission rules that deny tools: it shows a model none of these and refuses each call of one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mcp_dynaload.catalog.names import Registration

MAX_GLOBS = 200
"""The most rules with a `*` that are looked at: a project brings some of the files, and each costs time per tool."""


@dataclass(frozen=True, slots=True)
class DenyRule:
    """A rule, and the file that has it."""

    rule: str
    place: str

    def __str__(self) -> str:
        return f"deny {self.rule!r} in {self.place}"


def denied_names(rules: Iterable[DenyRule], registration: Registration, names: Iterable[str]) -> Mapping[str, DenyRule]:
    """Return those of our names that a rule denies, each with the rule: the one of its name, or else the first.

    As the client reads them (2.1.332): `mcp__SERVER` stands for all tools of the server, another text for the tool of
    exactly that name; `*` is any text. One with parentheses denies no tool of an MCP server.
    """
    prefix = registration.prefix
    exact: dict[str, DenyRule] = {}
    globs: list[tuple[str, DenyRule]] = []
    for rule in rules:
        head, star, _ = rule.rule.partition("*")
        if rule.rule == prefix.removesuffix("__"):
            globs.append((f"{prefix}*", rule))
        elif not star and head.startswith(prefix):
            exact.setdefault(head, rule)
        elif star and (head.startswith(prefix) or prefix.startswith(head)):
            globs.append((rule.rule.replace("[", "[[]").replace("?", "[?]"), rule))
    if not exact and not globs:
        return {}
    fitting = {name: exact.get(prefix + name) or _first(globs[:MAX_GLOBS], prefix + name) for name in names}
    return {name: rule for name, rule in fitting.items() if rule is not None}


def _first(globs: Iterable[tuple[str, DenyRule]], full: str) -> DenyRule | None:
    return next((rule for glob, rule in globs if fnmatchcase(full, glob)), None)
