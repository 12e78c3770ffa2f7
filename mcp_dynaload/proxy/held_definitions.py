"""The definitions of a server that are held back: what is left of its listing, and how the user is told."""

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mcp_dynaload.catalog.pinning import HeldElement, Key, counts_of
from mcp_dynaload.upstream.listing import Listing

MAX_TOLD = 3
"""Servers that are named in one line."""


@dataclass(frozen=True, slots=True)
class Held:
    """The definitions of a server's last listing that are not as approved."""

    key: str = ""
    elements: tuple[HeldElement, ...] = ()
    is_entry_changed: bool = False
    is_unknown: bool = False
    """The approved definitions could not be read: nothing of the server is used until it can."""

    is_in_use: bool = False
    """They are told of and used: `pinning = "warn"`."""

    is_old: bool = False
    """The user has rejected all of it: there is nothing to tell."""

    @property
    def keys(self) -> frozenset[Key]:
        """The kinds and names."""
        return frozenset(one.element.key for one in self.elements)

    @property
    def counts(self) -> str:
        """The number for each reason, in words."""
        return counts_of(one.reason for one in self.elements)

    @property
    def is_suspicious(self) -> bool:
        """Whether all of them are held for what stands in them, and none for having changed."""
        return bool(self.elements) and all(one.is_suspicious for one in self.elements)

    @property
    def identity(self) -> frozenset[tuple[Key, str]]:
        """A value that differs where something else is held."""
        return frozenset((one.element.key, one.element.digest) for one in self.elements)


def without_held(listing: Listing, held: Held) -> Listing:
    """Return a listing without what is held back."""
    if held.is_unknown:
        return replace(listing, tools=(), prompts=(), templates=(), instructions="", digest="")
    if not (keys := held.keys):
        return listing
    digest = hashlib.sha256(f"{listing.digest} {sorted(keys)}".encode("utf-8", "surrogatepass")).hexdigest()
    return replace(
        listing,
        tools=tuple(one for one in listing.tools if ("tool", one["name"]) not in keys),
        prompts=tuple(one for one in listing.prompts if ("prompt", one["name"]) not in keys),
        templates=tuple(one for one in listing.templates if ("resource template", one["uriTemplate"]) not in keys),
        instructions="" if ("instructions", "") in keys else listing.instructions,
        digest=digest if listing.digest else "",
    )


def without_denied(listing: Listing, denied: Mapping[str, str]) -> Listing:
    """Return a listing without the tools that the servers file denies."""
    if not denied:
        return listing
    digest = hashlib.sha256(f"{listing.digest} denied {sorted(denied)}".encode("utf-8", "surrogatepass")).hexdigest()
    return replace(
        listing,
        tools=tuple(one for one in listing.tools if one["name"] not in denied),
        digest=digest if listing.digest else "",
    )


def news_of(held: Mapping[str, Held], told: dict[str, frozenset[tuple[Key, str]]]) -> str:
    """Return a line for the user about what is held back and was not told of yet, and note that it is told."""
    news = {name: one for name, one in held.items() if not one.is_old and told.get(name) != one.identity}
    told.update({name: one.identity for name, one in news.items()})
    if not news:
        return ""
    which = ", ".join(f"{name} ({_in_words(one)})" for name, one in sorted(news.items())[:MAX_TOLD])
    more = f" and {len(news) - MAX_TOLD} more servers" if len(news) > MAX_TOLD else ""
    look = f"show {shlex.quote(next(iter(news)))}" if len(news) == 1 else "list"
    return f"dynaload: {which}{more}. Look in a terminal: mcp-dynaload quarantine {look}"


def _in_words(held: Held) -> str:
    if held.is_unknown:
        return "not used, as what you approved of it cannot be read now"
    entry = "entry changed, " if held.is_entry_changed else ""
    what = "used all the same" if held.is_in_use else "held back until you have looked"
    return f"{entry}definitions: {held.counts}; {what}"
