"""Everything that an upstream offers, as it was read."""

from dataclasses import dataclass, field, fields
from typing import cast

from mcp_dynaload.catalog.tool import Json, json_object

READ = {
    "tools": ("tools/list", "tools", "name"),
    "prompts": ("prompts/list", "prompts", "name"),
    "resources": ("resources/list", "resources", "uri"),
    "templates": ("resources/templates/list", "resources", "uriTemplate"),
}
"""For each list the method, the capability that it belongs to, and the field by which an element is asked for."""

KEYS = {"templates": "resourceTemplates"}
"""Where a list stands in the answer, if not under its name."""

LISTS = ("tools", "prompts", "resources")

RULES = 1
"""The rules by which elements are dropped when a list is read: one more for each change of them."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The lists of one upstream, raw as it gave them."""

    tools: tuple[Json, ...] = ()
    prompts: tuple[Json, ...] = ()
    resources: tuple[Json, ...] = ()
    templates: tuple[Json, ...] = ()
    instructions: str = ""
    server_info: Json | None = None
    capabilities: Json | None = None
    version: str = ""
    gaps: tuple[str, ...] = ()
    """The lists that could not be read, and why."""

    is_first: bool = field(default=False, compare=False)
    """Over its connection: some servers register their tools after their start."""

    @property
    def is_empty(self) -> bool:
        """Whether it offers nothing, or nothing yet."""
        return not (self.tools or self.prompts or self.resources or self.templates)

    @property
    def is_preliminary(self) -> bool:
        """Whether it is likely to be another one soon: the tools that the server says it has are missing, or a part."""
        return bool(self.gaps) or ("tools" in (self.capabilities or {}) and not self.tools)

    @property
    def may_be_early(self) -> bool:
        """Whether tools are likely to come that the server would tell of."""
        capabilities = self.capabilities or {}
        return self.is_first and not self.tools and "tools" in capabilities and announces_changes(capabilities)

    is_settling: bool = field(default=False, compare=False)
    """Its server has just started and nobody has asked it for anything: more of it may still come by itself."""

    is_borrowed: bool = field(default=False, compare=False)
    """It is another project's, of which only tools and prompts hold here: nothing is settled by it."""

    unnamed: Json = field(default_factory=dict[str, int])
    """How many elements were dropped from each list because they have no name to ask for."""

    too_deep: Json = field(default_factory=dict[str, list[str]])
    """The names of those that were dropped because they are nested too deeply."""

    digest: str = field(default="", compare=False)
    """A digest of all elements as the server gave them; empty if some could not be read."""

    rules: int = field(default=RULES, compare=False)
    """The rules by which it was read; a stored one may be older."""

    def as_json(self) -> Json:
        """Return the listing as it is kept on disk."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, data: Json) -> "Listing":
        """Return the listing read back from disk.

        Raises:
            TypeError: The data has fields that are not ours.
            KeyError: A list is missing.
        """
        lists = {key: tuple(cast(list[Json], data[key])) for key in READ}
        known: Json = {"rules": 0, **data, **lists, "is_settling": False, "gaps": tuple(data.get("gaps", ()))}
        return cls(**known)


def announces_changes(capabilities: Json) -> bool:
    """Return whether a server says that it tells of changes of its lists."""
    return any(json_object(capabilities.get(kind)).get("listChanged") for kind in LISTS)
