"""Servers that `init` takes from elsewhere than the client's own files, and servers that stay where they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from mcp_dynaload.catalog.tool import Json


@dataclass(frozen=True, slots=True)
class LeftInPlace:
    """A server that stays with the client, or with whatever program has it."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class GivenServers:
    """Servers that are copied: whatever has them keeps them."""

    entries: Mapping[str, Json]
    """By name, in our format."""

    left: tuple[LeftInPlace, ...] = ()
    notes: tuple[str, ...] = ()
    """The things that are different from where they come from, or that the user has to do."""

    are_approved: bool = True
    """Whether the user named what holds them, or they come along with a repository."""
