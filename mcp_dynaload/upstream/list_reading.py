"""Reads what an upstream offers, page by page."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import anyio
import structlog
from mcp.shared.exceptions import MCPError

from mcp_dynaload.catalog.shapes import shown
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import UpstreamAnswerError, UpstreamError
from mcp_dynaload.upstream.era import Era
from mcp_dynaload.upstream.failures import is_lacking
from mcp_dynaload.upstream.list_rules import text_of
from mcp_dynaload.upstream.listing import KEYS, READ, Listing

UNHURRIED_PAGES = 20
PAGE_PAUSE_SECONDS = 0.01
"""After so many pages each further one waits, so that a list without end takes little of our time."""


@dataclass(frozen=True, slots=True)
class ListingBudget:
    """The limits of what is read of an upstream's lists."""

    pages: int = 1_000
    elements: int = 5_000
    """The most of each list: several times the largest server that is known."""

    bytes: int = 8 * 1024 * 1024
    seconds: float = 30.0


DEFAULT_BUDGET = ListingBudget()

log = structlog.get_logger()

Request = Callable[[str, Json], Awaitable[Json]]
"""Sends one request to the upstream and returns the raw result."""

Heard = Callable[[str, tuple[Json, ...]], Awaitable[None]]
"""Takes one list, by its name here, as soon as it was read to its end or as far as it could be."""


async def nobody_hears(kind: str, elements: tuple[Json, ...]) -> None:
    """Do nothing: all lists come together, too."""


async def read_listing(
    era: Era,
    request: Request,
    budget: ListingBudget = DEFAULT_BUDGET,
    before: Listing | None = None,
    heard: Heard = nobody_hears,
) -> Listing:
    """List tools, prompts, resources and templates, as far as the budget allows and no page fails.

    What could not be read stays as it was in the listing `before`, and is noted in the listing's `gaps`.

    Raises:
        MCPError: The upstream answered with an error, and nothing could be read.
        UpstreamError: It answered with something else, and nothing could be read.
        TimeoutError: It did not answer in time, and nothing could be read.
    """
    reading = _Reading(request, budget)
    for kind, (method, capability, _) in READ.items():
        if capability in era.capabilities:
            await reading.read(kind, method)
            await heard(kind, tuple(reading.found[kind]))
    if reading.failure is not None and not any(reading.found.values()):
        raise reading.failure
    completed = {kind: reading.completed(kind, before) for kind in READ}
    return Listing(
        tools=completed["tools"],
        prompts=completed["prompts"],
        resources=completed["resources"],
        templates=completed["templates"],
        instructions=era.instructions,
        server_info=era.server_info,
        capabilities=era.capabilities,
        version=era.version,
        gaps=tuple(reading.gaps),
        is_first=before is None,
        unnamed=dict(reading.unnamed),
        too_deep=dict(reading.too_deep),
        digest=reading.digest,
    )


class _Reading:
    """All lists of one upstream, page by page, from one budget."""

    def __init__(self, request: Request, budget: ListingBudget) -> None:
        self.found: dict[str, list[Json]] = {}
        self.gaps: list[str] = []
        self.unnamed: dict[str, int] = {}
        self.too_deep: dict[str, list[str]] = {}
        self.failure: MCPError | TimeoutError | UpstreamError | None = None
        self._request = request
        self._budget = budget
        self._broken: set[str] = set()
        self._pages = 0
        self._bytes = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._ends_at = anyio.current_time() + budget.seconds

    async def read(self, kind: str, method: str) -> None:
        """Read one list, as far as it can be read."""
        self.found[kind] = []
        self._hash.update(kind.encode())
        seen: set[str] = set()
        cursor: str | None = None
        while True:
            if excess := self._excess(kind):
                self._give_up(kind, excess)
                return
            try:
                with anyio.fail_after(self._ends_at - anyio.current_time()):
                    page = await self._request(method, {"cursor": cursor} if cursor else {})
            except (MCPError, UpstreamError) as error:
                if not is_lacking(error) or cursor:  # a server may lack the method after all
                    self._fail(kind, error, f"{method!r} failed: {error}")
                return
            except TimeoutError as error:
                self._fail(kind, error, f"{method!r} was not answered in {self._budget.seconds:g} s")
                return
            if (why := _not_listed(kind, page)) is not None:
                self._fail(kind, UpstreamAnswerError("no list", f"it answered {method!r} without a list: {why}"), why)
                return
            self._take(kind, page)
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or not cursor or cursor in seen:
                return
            seen.add(cursor)
            if self._pages > UNHURRIED_PAGES:
                await anyio.sleep(PAGE_PAUSE_SECONDS)

    @property
    def digest(self) -> str:
        """The digest of what was found, if that is all."""
        whole = self._hash.copy()
        whole.update(json.dumps([self.unnamed, self.too_deep]).encode())
        return "" if self.gaps else whole.hexdigest()

    def completed(self, kind: str, before: Listing | None) -> tuple[Json, ...]:
        """Return the elements found in a list; one not read to its end keeps what is known of the rest."""
        found = self.found.get(kind, [])
        if before is None or kind not in self._broken:
            return tuple(found)
        identity = READ[kind][2]
        names = {item[identity] for item in found}
        earlier: tuple[Json, ...] = getattr(before, kind)
        return (*found, *(item for item in earlier if item[identity] not in names))[: self._budget.elements]

    def _take(self, kind: str, page: Json) -> None:
        self._pages += 1
        key, found = KEYS.get(kind, kind), self.found[kind]
        named, nameless = _named(page.get(key), READ[kind][2])
        if nameless:
            self.unnamed[key] = self.unnamed.get(key, 0) + nameless
        for item in named:
            if (text := text_of(item)) is None:
                self.too_deep.setdefault(key, []).append(item[READ[kind][2]])
                continue
            self._hash.update(text)
            self._bytes += len(text)
            if self._bytes > self._budget.bytes or len(found) >= self._budget.elements:
                self._give_up(kind, self._excess(kind))
                return
            found.append(item)

    def _excess(self, kind: str) -> str:
        """Return which part of the budget is spent, in words; empty if all is within it."""
        budget = self._budget
        if self._pages >= budget.pages:
            return f"it has more than {budget.pages} pages"
        if len(self.found[kind]) >= budget.elements:
            return f"it has more than {budget.elements} elements"
        if self._bytes > budget.bytes:
            return f"the lists are longer than {budget.bytes} bytes"
        if anyio.current_time() >= self._ends_at:
            return f"it takes longer than {budget.seconds:g} s"
        return ""

    def _fail(self, kind: str, error: MCPError | TimeoutError | UpstreamError, why: str) -> None:
        """Note why a list could not be read; the others may be."""
        self.failure = self.failure or error
        self._give_up(kind, why)

    def _give_up(self, kind: str, why: str) -> None:
        if kind not in self._broken:
            self._broken.add(kind)
            self.gaps.append(f"{kind}: {why}; {len(self.found[kind])} were read")


def _not_listed(kind: str, page: Json) -> str | None:
    """Return why an answer has no such list; None if it has, or has none of what few servers have."""
    key = KEYS.get(kind, kind)
    listed = page.get(key)
    if isinstance(listed, list) or (listed is None and kind != "tools"):
        return None
    return f"{key!r} is {shown(cast(object, listed))}" if key in page else f"{key!r} is missing"


def _named(page: object, identity: str) -> tuple[list[Json], int]:
    """Return the elements of one page that can be told apart, and how many have no name to be asked for by."""
    elements = cast(list[object], page) if isinstance(page, list) else []
    named = [item for item in map(json_object, elements) if isinstance(item.get(identity), str)]
    if len(named) < len(elements):
        log.warning("listed_elements_dropped", count=len(elements) - len(named), missing=identity)
    return named, len(elements) - len(named)
