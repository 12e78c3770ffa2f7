"""Which tools of a server its entry lets be used: by globs on their names, and by what they say of themselves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mcp_dynaload.catalog.tool import Json, json_object

ANY = ("*",)
READ_ONLY_RULE = "read_only"
UNLISTED_RULE = "not in the server's list"
"""The reason against a name that a server does not list: nobody can say what it stands for."""


@dataclass(frozen=True, slots=True)
class ToolAccess:
    """The tools that an entry allows; what it denies is denied, whatever it allows."""

    allow: tuple[str, ...] = ANY
    deny: tuple[str, ...] = ()
    read_only: bool = False

    @property
    def is_limited(self) -> bool:
        """Whether there may be a tool that is not allowed."""
        return self != ToolAccess()

    def rule_against(self, name: str, definitions: Sequence[Json]) -> str:
        """Return the rule by which a tool is denied, as the entry has it; empty if it is allowed.

        Where a server has several tools of one name, each has to be allowed: a call could not tell them apart.
        """
        for glob in self.deny:
            if fnmatchcase(name, glob):
                return f'deny "{glob}"'
        if not any(fnmatchcase(name, glob) for glob in self.allow):
            return f"allow {_listed(self.allow)}"
        if self.read_only and not all(map(is_read_only, definitions)):
            return READ_ONLY_RULE
        return "" if definitions else UNLISTED_RULE

    def denied(self, definitions: Iterable[Json]) -> Mapping[str, str]:
        """Return the names of the tools that are denied, in their order, each with the rule."""
        if not self.is_limited:
            return {}
        found = {name: self.rule_against(name, same) for name, same in by_name(definitions).items()}
        return {name: rule for name, rule in found.items() if rule}


def is_read_only(definition: Json) -> bool:
    """Return whether a tool says by its annotation that a call changes nothing; without one it does not."""
    return json_object(definition.get("annotations")).get("readOnlyHint") is True


def by_name(definitions: Iterable[Json]) -> dict[str, list[Json]]:
    """Return the definitions by the names of their tools."""
    found: dict[str, list[Json]] = {}
    for definition in definitions:
        found.setdefault(str(definition["name"]), []).append(definition)
    return found


def idle_globs(globs: Mapping[str, Sequence[str]], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the option and the glob of each that no tool's name fits."""
    for option, written in globs.items():
        for glob in written:
            if glob not in ANY and not any(fnmatchcase(name, glob) for name in names):
                yield option, glob


@dataclass(frozen=True, slots=True)
class Denial:
    """A tool that must not be called, as a servers file says."""

    server: str
    tool: str
    """The server's own name for it."""

    rule: str

    def __str__(self) -> str:
        """Return what is said to who calls it."""
        how = (
            "limits that server to tools that it lists, and this one is not in its list"
            if self.rule == UNLISTED_RULE
            else f"denies it by the rule {self.rule}"
        )
        return (
            f"The tool {self.tool!r} of MCP server {self.server!r} was not called: the user's servers file {how}. "
            "Do not try it in another way; go on without it, or ask the user, who alone can change that file"
        )


def _listed(globs: Sequence[str]) -> str:
    return ", ".join(f'"{glob}"' for glob in globs) or "nothing"
