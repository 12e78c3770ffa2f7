"""Approved and held definitions: they outlive a process and are the same for all that serve a user."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mcp_dynaload.catalog.pinning import DefinitionElement, DefinitionKind, Key

MAX_VERSIONS = 50
"""Approved versions of one definition that are remembered, the latest."""

MAX_CONTENT = 64_000
"""Characters of a definition that are kept for showing a difference; the digest is of the whole."""

HELD_SECONDS = 90 * 86_400.0
"""How long it is kept that something is held back which is not offered any more."""


@dataclass(frozen=True, slots=True)
class PinnedServer:
    """A server whose definitions are known."""

    name: str
    seen_at: float
    """When it was first seen, in seconds since 1970."""

    entries: tuple[str, ...] = ()
    """Digests of the entries with which it has listed nothing but approved definitions, the latest last."""

    unsettled: tuple[DefinitionKind, ...] = ()
    """Kinds of which it had not listed all when it was first seen."""

    clean: str = ""
    """The key of the last listing of which nothing was held back."""


@dataclass(frozen=True, slots=True)
class HeldDefinition:
    """A definition that is held back until the user has looked at it."""

    server: str
    source: str
    """A digest of entry and project: what one project's server no longer offers, another's may."""

    kind: DefinitionKind
    name: str
    digest: str
    content: str
    """The whole element as canonical JSON, secrets masked."""

    reason: str
    is_entry_changed: bool
    """The entry in the servers file differs, too, from those with which the approved definitions came."""

    at: float
    """Seconds since 1970."""

    is_rejected: bool = False
    """The user has looked at it and does not want it: it stays away and is not told of again."""

    @property
    def key(self) -> Key:
        """The kind and name by which it is compared."""
        return self.kind, self.name


class DefinitionStore(Protocol):
    """The place where definitions are kept; safe for many processes; every method blocks.

    Raises:
        StoreAwayError: It cannot be read or written now. What was approved is then not known.
    """

    def server(self, name: str) -> PinnedServer | None:
        """Return what is known of a server; None if it was never seen."""
        ...

    def approved(self, server: str) -> dict[Key, frozenset[str]]:
        """Return the digests of a server's approved definitions."""
        ...

    def contents(self, server: str, keys: Iterable[Key]) -> dict[Key, str]:
        """Return the version approved last of each of these definitions, as far as it is known."""
        ...

    def keep(self, server: PinnedServer, joined: Sequence[DefinitionElement]) -> None:
        """Store what is known of a server, and definitions that join the approved ones."""
        ...

    def hold(self, server: str, source: str, held: Sequence[HeldDefinition]) -> None:
        """Store what is held back of a server as this source offers it, in place of what was before."""
        ...

    def held(self) -> tuple[HeldDefinition, ...]:
        """Return all that is held back, by server, kind and name."""
        ...

    def approve(self, held: Sequence[HeldDefinition]) -> None:
        """Take exactly these versions for approved."""
        ...

    def reject(self, held: Sequence[HeldDefinition]) -> None:
        """Note that the user does not want these versions."""
        ...

    def version(self) -> str:
        """Return what differs whenever another process may have written."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def in_order(held: Iterable[HeldDefinition]) -> tuple[HeldDefinition, ...]:
    """Return them by server, kind and name."""
    return tuple(sorted(held, key=lambda one: (one.server, one.kind, one.name, one.source)))


def still_rejected(before: Iterable[HeldDefinition]) -> Mapping[tuple[Key, str], bool]:
    """Return the versions that the user did not want."""
    return {(one.key, one.digest): True for one in before if one.is_rejected}
