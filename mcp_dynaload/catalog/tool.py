"""One upstream tool as the catalog knows it."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, cast

Json = dict[str, Any]
"""A JSON object whose fields are not ours to interpret."""


def json_object(value: object) -> Json:
    """Return the value if it is a JSON object, else an empty one: for optional fields of messages of others."""
    return cast(Json, value) if isinstance(value, dict) else {}


def json_list(value: object) -> list[Any]:
    """Return the value if it is a JSON array, else an empty one."""
    return cast(list[Any], value) if isinstance(value, list) else []


ALWAYS_LOAD = "anthropic/alwaysLoad"
"""`_meta` key with which Claude Code puts a tool into the request in full; without it the tool is deferred for good."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of one upstream: the name we advertise and the definition exactly as the upstream gave it."""

    name: str
    """Advertised name: unique in the catalog, legal, at most 49 characters."""

    upstream: str
    """Name of the upstream in the servers file."""

    definition: Json
    """The element of the upstream's `tools/list` answer, unchanged."""

    pinned: bool = False
    """Listed from the session's start (tier 1)."""

    categories: tuple[str, ...] = ()
    """Names of the groups that the configuration puts its upstream in."""

    @property
    def original_name(self) -> str:
        """The upstream's own name for the tool."""
        return str(self.definition["name"])

    @property
    def description(self) -> str:
        """The upstream's description, empty if it gave none."""
        return str(self.definition.get("description") or "")

    @property
    def input_schema(self) -> Json:
        """The JSON Schema of the arguments."""
        return json_object(self.definition.get("inputSchema")) or {"type": "object"}

    @property
    def is_read_only(self) -> bool:
        """Whether the upstream promises that a call changes nothing (`annotations.readOnlyHint`)."""
        return self._hint("readOnlyHint")

    @property
    def is_destructive(self) -> bool:
        """Whether the upstream says that a call may destroy (`annotations.destructiveHint` set to true by itself).

        The protocol's default for a missing hint is true; taken at its word it would mark nearly every tool.
        """
        return self._hint("destructiveHint")

    def _hint(self, key: str) -> bool:
        return json_object(self.definition.get("annotations")).get(key) is True


def definition_hash(definition: Json) -> str:
    """Return the SHA-256 (hex) of the definition as canonical JSON: the same for any order of keys."""
    text = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
