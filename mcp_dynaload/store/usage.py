"""Learned, pinned and loaded tools: they outlive a process and are the same for all that serve a user."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

MAX_SESSIONS = 40
"""Sessions of one project that are remembered: an older one would hardly count any more."""

MAX_FOLLOWERS = 5_000
"""Pairs of tools of one project of which it is remembered that one followed the other."""

MIN_FOLLOWING = 2
"""A tool that followed once may be chance."""

FORGET_SECONDS = 365 * 86_400.0
"""How long a project's last sessions are kept in which nothing happens."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Calls:
    """The number of times that a tool was called in a session."""

    times: int = 0
    """0: it was loaded in vain."""

    was_missed: bool = False
    """It had to be searched."""


@dataclass(frozen=True, slots=True)
class KeptSession:
    """The choices of a session that it gets again when it is resumed."""

    loaded: frozenset[str] = frozenset()
    unloaded: frozenset[str] = frozenset()
    """The tools that the user had unloaded in it."""

    profile: str = ""
    """The profile that the user had chosen in it; empty for the one that sessions begin with."""

    mode: str = ""
    """The strategy that the user had chosen in it; empty for the one that sessions begin with."""

    is_flow_allowed: bool = False
    """The user had allowed in it what its tools can do together."""

    still_listed: frozenset[str] = frozenset()
    """The tools that stayed in the client's list though nobody had chosen them."""

    def as_text(self) -> str:
        """Return it as it is kept."""
        return json.dumps(
            {
                "loaded": sorted(self.loaded),
                "unloaded": sorted(self.unloaded),
                "profile": self.profile,
                "mode": self.mode,
                "is_flow_allowed": self.is_flow_allowed,
                "still_listed": sorted(self.still_listed),
            }
        )

    @classmethod
    def from_text(cls, text: str) -> "KeptSession":
        """Return what was kept, by this version of us or another one, which may know of less or of more."""
        try:
            kept = json.loads(text)
            return cls(
                loaded=frozenset(map(str, kept.get("loaded", ()))),
                unloaded=frozenset(map(str, kept.get("unloaded", ()))),
                profile=str(kept.get("profile", "")),
                mode=str(kept.get("mode", "")),
                is_flow_allowed=kept.get("is_flow_allowed") is True,
                still_listed=frozenset(map(str, kept.get("still_listed", ()))),
            )
        except (ValueError, TypeError, AttributeError) as error:
            log.warning("session_not_resumed", error=str(error), consequence="it begins like a new one")
            return cls()


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of a project."""

    at: float
    """When something was last noted, in seconds since 1970."""

    tools: Mapping[str, Calls]


def project_of(folder: Path, user: str = "") -> str:
    """Return the project that a folder belongs to: the root of its git work tree, or the folder itself.

    With a user it is that user's own view of the project, which nobody else's sessions see or change.
    """
    folder = folder.absolute()
    root = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
    return f"{root} ({user})" if user else str(root)


class UsageStore(Protocol):
    """The usage of tools, names and counts only; safe for many processes; every method blocks, and none fails.

    What cannot be read is as good as not there, which is logged.
    """

    def note(self, project: str, session: str, tools: Mapping[str, Calls], at: float | None = None) -> None:
        """Add to what a session did; what is too old or too much is forgotten.

        `at`: when it did, in seconds since 1970; now if that is not given.
        """
        ...

    def noted(self, project: str) -> frozenset[str]:
        """Return the ids of the sessions of a project of which something is known."""
        ...

    def sessions(self, project: str) -> tuple[SessionRow, ...]:
        """Return the sessions of a project in which tools were loaded or called, latest first."""
        ...

    def note_followings(self, project: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Count for each pair that its second tool was called right after its first; the rarest are forgotten."""
        ...

    def followings(self, project: str) -> tuple[tuple[str, str, int], ...]:
        """Return which tool was called right after which, and how often, most often first."""
        ...

    def followers(self, project: str, tool: str, limit: int = 3) -> tuple[str, ...]:
        """Return the tools that usually came after this one, most frequent first."""
        ...

    def projects(self) -> tuple[str, ...]:
        """Return the projects of which something was learned."""
        ...

    def forget(self, projects: Iterable[str]) -> None:
        """Forget everything that was learned of these projects."""
        ...

    def pins(self, project: str, *, is_vital: bool = True) -> tuple[str, ...] | None:
        """Return the tools that the user pinned in a project, in name order; None where they cannot be read now.

        A slow store is waited for, without `is_vital` only as long as it holds nobody up.
        """
        ...

    def keep_pins(self, project: str, names: Iterable[str]) -> str | None:
        """Store what the user pinned in a project; returns why that was not possible yet."""
        ...

    def forget_pins(self, project: str, names: Iterable[str]) -> str | None:
        """Undo `keep_pins`; returns why that was not possible yet."""
        ...

    def flows(self, project: str) -> frozenset[str]:
        """Return which parts of dangerous combinations of servers the user was told of in a project."""
        ...

    def keep_flows(self, project: str, parts: Iterable[str]) -> None:
        """Store that the user was told of these parts in a project."""
        ...

    def kept(self, session_id: str) -> KeptSession | None:
        """Return what a session is to get again, nothing if it is unknown; None where that cannot be read now."""
        ...

    def keep_session(self, session_id: str, kept: KeptSession, over: KeptSession | None = None) -> None:
        """Store what a session is to get again; the oldest sessions are forgotten.

        `over`: it is stored only where nothing is, or this.
        """
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
