"""What all upstreams offer now: from the cache at start, renewed by each listing, with an index built beside it."""

import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import structlog
from anyio.from_thread import check_cancelled

from mcp_dynaload.catalog.catalog import Catalog, build_catalog, with_unique_names
from mcp_dynaload.catalog.categories import Named, categories_of
from mcp_dynaload.catalog.cost import Count, native_deferral
from mcp_dynaload.catalog.names import COMMAND_NAMES, Registration
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig, prefixes_of
from mcp_dynaload.proxy.aggregate import collect_offers
from mcp_dynaload.proxy.catalog_index import keep_index, read_or_build_index
from mcp_dynaload.proxy.definition_repair import LastAccepted, Oddities
from mcp_dynaload.proxy.known_tools import KnownTools
from mcp_dynaload.proxy.renames import renamed
from mcp_dynaload.ranking.caching import CachedRanker, RankingCache
from mcp_dynaload.ranking.lexical import LexicalRanker
from mcp_dynaload.ranking.lexical_index import Documents, Index, build_index
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Ranker, Scored
from mcp_dynaload.ranking.subjects import Subjects, subjects_of
from mcp_dynaload.store.catalog_cache import OLD_SECONDS, Records
from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.listing import Listing

if TYPE_CHECKING:
    from mcp_dynaload.proxy.catalog_vectors import StoredVectors
    from mcp_dynaload.ranking.tool_vectors import ToolVectors

VECTORS_SHARE = 0.2
VECTORS_BURST_SECONDS = 20.0
"""Of the time, for keeping up with catalogs that change and change."""

log = structlog.get_logger()

Changed = Callable[[str, Listing, Listing], Awaitable[None]]
"""Called with upstream, listing before and listing after."""

OddChanged = Callable[[str, Oddities], None]
"""Called with upstream and what is odd in its listing now."""


@dataclass(slots=True)
class LiveCatalog:
    """The listings of all upstreams and the catalog and ranker made of them; one per process."""

    configs: Mapping[str, UpstreamConfig]
    records: Records
    project_dir: Path
    count: Count
    own_texts: Mapping[str, str]
    """Our own tools and instructions as they reach the model, by name; no upstream tool gets such a name."""

    rankings: RankingCache = field(default_factory=lambda: open_rankings(0, 0))
    """What was ranked of late; switched off unless it is given."""

    registration: Registration = field(default_factory=Registration)
    """How the client has us registered."""

    named_categories: Named = field(default_factory=dict[str, tuple[str, ...]])
    """Groups of tools from the categories files."""

    listings: dict[str, Listing] = field(default_factory=dict[str, Listing])
    failures: dict[str, str] = field(default_factory=dict[str, str])
    """Why an upstream could not be listed when that was last tried."""

    oddities: dict[str, Oddities] = field(default_factory=dict[str, Oddities])
    """What was repaired, left out or renamed of the listings that have such elements."""

    catalog: Catalog = field(default_factory=lambda: build_catalog((), {}))
    ready: anyio.Event = field(default_factory=anyio.Event)
    """Set when the first index has been built, the vectors in it as far as they had not to be made first."""

    indexed: anyio.Event = field(default_factory=anyio.Event)
    """Set before that, when `by_words` is there."""

    ranker: Ranker = field(default_factory=lambda: _NothingYet())
    """The ranker of `catalog`: by words alone until the vectors of its tools are there."""

    by_words: Ranker = field(default_factory=lambda: _NothingYet())
    """The ranker of `catalog` that needs a millisecond and no encoder, for when the other one takes too long."""

    knows_meanings: bool = False
    """Whether `ranker` ranks by meaning, too."""

    overhead_tokens: int = 0
    """What our own tools and instructions cost."""

    native_tokens: int = 0
    """What the client's own deferral would cost before any tool is found: all names, all instructions."""

    _observers: list[Changed] = field(default_factory=list[Changed])
    _odd_observers: list[OddChanged] = field(default_factory=list[OddChanged])
    _building: anyio.Lock = field(default_factory=anyio.Lock)
    _keeping: anyio.Lock = field(default_factory=anyio.Lock)
    _changed: anyio.Event = field(default_factory=anyio.Event)
    _index: Index = field(default_factory=lambda: build_index(build_catalog((), {})))
    """The words of `catalog`, once it has been built."""

    _documents: Documents = field(default_factory=Documents)
    _known: KnownTools = field(init=False)
    _mended: dict[str, Oddities] = field(default_factory=dict[str, Oddities])
    """What was repaired or left out of each listing."""

    _last: LastAccepted = field(default_factory=LastAccepted)
    _tried_at: dict[str, float] = field(default_factory=dict[str, float])
    """When upstreams with an old listing were given out to be listed."""

    _vectors: "StoredVectors | None" = None
    _categories: tuple[Catalog | None, dict[str, tuple[str, ...]]] = (None, {})
    """Of which catalog they are, and the categories."""

    _subjects: tuple[Catalog | None, Subjects] = (None, Subjects())
    """Of which catalog they are, and the subjects."""

    def __post_init__(self) -> None:
        prefixes = prefixes_of(self.configs.values(), self.registration.room)
        self._known = KnownTools(self.records, lambda text: self.count(text), prefixes, self.registration)

    def read_cache(self) -> None:
        """Take over the stored listings of the configured upstreams."""
        prints = {name: config.fingerprint(self.project_dir) for name, config in self.configs.items()}
        stored = self.records.listings(set(prints.values()))
        for name, fingerprint in prints.items():
            if fingerprint in stored:
                self._take_over(name, stored[fingerprint])
        self.catalog = self._build(self.listings)
        self.oddities = self._all_oddities()

    def _take_over(self, upstream: str, data: Json) -> None:
        try:
            self.listings[upstream], _ = self._accepted(upstream, Listing.from_json(data))
        except (TypeError, KeyError) as error:
            log.warning("cached_listing_unreadable", upstream=upstream, error=str(error))

    @property
    def unseen(self) -> tuple[str, ...]:
        """Upstreams of which nothing is known yet."""
        return tuple(name for name in self.configs if name not in self.listings)

    def due(self) -> tuple[str, ...]:
        """Upstreams whose stored listing is old or was not whole, each once a day; blocks."""
        prints = {name: config.fingerprint(self.project_dir) for name, config in self.configs.items()}
        aged, now = self.records.aged(prints.values()), time.monotonic()
        names = [name for name, fingerprint in prints.items() if fingerprint in aged]
        due = tuple(name for name in names if now - self._tried_at.get(name, float("-inf")) > OLD_SECONDS)
        self._tried_at.update(dict.fromkeys(due, now))
        return due

    def categories(self) -> dict[str, tuple[str, ...]]:
        """The tools of each category, by its name: found once for a catalog, in tens of milliseconds if it is large."""
        catalog, found = self._categories
        if catalog is not self.catalog:
            catalog = self.catalog
            found = categories_of(catalog, self.named_categories)
            self._categories = catalog, found
        return found

    def subjects(self) -> Subjects:
        """Return what each upstream is about, by its entry and its definitions: found once for a catalog."""
        catalog, found = self._subjects
        if catalog is not self.catalog:
            catalog = self.catalog
            found = subjects_of(catalog, {name: _telling_texts(config) for name, config in self.configs.items()})
            self._subjects = catalog, found
        return found

    def observe(self, changed: Changed) -> None:
        """Call `changed` after each listing that differs from the one before."""
        self._observers.append(changed)

    def forget(self, changed: Changed) -> None:
        """Undo `observe`."""
        self._observers.remove(changed)

    def observe_oddities(self, changed: OddChanged) -> None:
        """Call `changed` after each listing whose odd elements are others than those of the one before."""
        self._odd_observers.append(changed)

    async def keep_index(self) -> None:
        """Keep the ranker in step with the catalog, in threads, for ever; of many sessions one does it."""
        async with self._keeping:
            if not self.ready.is_set():
                catalog = self.catalog
                index, by_words = await anyio.to_thread.run_sync(self._read_words, catalog)
                if catalog is self.catalog:
                    self._index, self.ranker, self.by_words = index, by_words, by_words
                self.indexed.set()
                await anyio.to_thread.run_sync(self._count_around)
            allowance = Allowance(VECTORS_SHARE, VECTORS_BURST_SECONDS)
            while True:
                self._changed = anyio.Event()
                began = anyio.current_time()
                await self._add_vectors()
                await allowance.spend(anyio.current_time() - began)
                await self._changed.wait()

    async def _add_vectors(self) -> None:
        """Exchange the ranker by words for one that knows meanings, too."""
        catalog, index = self.catalog, self._index
        try:
            await anyio.to_thread.run_sync(keep_index, self.records, catalog, index)
            self._vectors = self._vectors or await anyio.to_thread.run_sync(_open_vectors, self.records)
            made = await anyio.to_thread.run_sync(self._vectors.stored, catalog)
            if made is None:
                self.ready.set()  # making them takes a while: by words is better than nothing
                made = await anyio.to_thread.run_sync(self._vectors.made, catalog, check_cancelled)
            ranker = await anyio.to_thread.run_sync(self._by_meaning, self._vectors, catalog, made, index)
        except Exception:  # the choice by words goes on, whatever is wrong with the model or its runtime
            log.exception("encoder_unavailable", consequence="tools are chosen by words alone")
        else:
            if catalog is self.catalog:
                self.ranker, self.knows_meanings = ranker, True
                log.info("encoder_ready", tools=len(catalog.tools))
        self.ready.set()

    def _read_words(self, catalog: Catalog) -> tuple[Index, Ranker]:
        index = read_or_build_index(self.records, catalog, self._documents)
        return index, CachedRanker(LexicalRanker(catalog, index), self.rankings, f"words {catalog.version}")

    def _by_meaning(
        self, vectors: "StoredVectors", catalog: Catalog, made: "ToolVectors", index: Index | None
    ) -> Ranker:
        return CachedRanker(vectors.ranker(catalog, made, index), self.rankings, f"meaning {catalog.version}")

    def index_now(self) -> None:
        """Build the ranker of the catalog, for commands that open no session; blocks ten milliseconds a new tool."""
        self._index, self.by_words = self._read_words(self.catalog)
        self.ranker = self.by_words
        self._count_around()
        try:
            vectors = _open_vectors(self.records)
            made = vectors.stored(self.catalog)
            self.ranker = self._by_meaning(
                vectors, self.catalog, vectors.made(self.catalog) if made is None else made, self._index
            )
        except Exception:  # the choice by words goes on, whatever is wrong with the model or its runtime
            log.exception("encoder_unavailable", consequence="tools are chosen by words alone")

    def make_vectors(self) -> None:
        """Make and store what the next start reads; blocks for about ten milliseconds a new tool."""
        keep_index(self.records, self.catalog, read_or_build_index(self.records, self.catalog))
        try:
            _open_vectors(self.records).made(self.catalog)
        except Exception:  # the choice by words goes on, whatever is wrong with the model or its runtime
            log.exception("encoder_unavailable", consequence="tools are chosen by words alone")

    async def update(self, upstream: str, listing: Listing) -> None:
        """Take over a new listing, store it, and tell the observers if it differs."""
        await anyio.to_thread.run_sync(self._store, upstream, listing)
        self.failures.pop(upstream, None)
        listing, is_news = self._with_known_tools(upstream, listing) or self._accepted(upstream, listing)
        if self.listings.get(upstream) == listing and not is_news:
            return
        async with self._building:
            before = self.listings.get(upstream)
            if before is None or before.tools != listing.tools:
                await self._rebuild({**self.listings, upstream: listing})
            else:
                self.listings[upstream] = listing
        await self._tell_oddities()
        if before == listing:
            return
        log.info("upstream_listed", upstream=upstream, tools=len(listing.tools), changed=before is not None)
        for changed in list(self._observers):
            await changed(upstream, before or Listing(), listing)

    def _store(self, upstream: str, listing: Listing) -> None:
        """Keep a listing for the next start; one in which nothing is counts as not known then."""
        fingerprint = self.configs[upstream].fingerprint(self.project_dir)
        if listing.is_empty:
            self.records.forget_listing(fingerprint)
        else:
            self.records.keep_listing(fingerprint, upstream, listing.as_json(), is_preliminary=listing.is_preliminary)

    def _accepted(self, upstream: str, listing: Listing) -> tuple[Listing, bool]:
        """What is taken over of a listing, and whether what is odd in it differs from before.

        Where we stand in for one server transparently (we have no texts of our own then) that is all of it.
        """
        if self._stands_in:
            return listing, False
        accepted, known = self._last.accept(upstream, listing), self._mended.get(upstream, Oddities())
        self._mended[upstream] = accepted.oddities
        return accepted.listing, accepted.oddities != known

    def _with_known_tools(self, upstream: str, listing: Listing) -> tuple[Listing, bool] | None:
        """The same of a server that has just been started again and has yet to register its tools: nobody misses them.

        What is odd in them is as it was. None if its tools are not known, or were listed.
        """
        known, mended = self.listings.get(upstream), self._mended.get(upstream, Oddities())
        if known is None or not listing.may_be_early:
            return None
        accepted, _ = self._accepted(upstream, listing)
        self._mended[upstream] = mended
        return replace(accepted, tools=known.tools), False

    @property
    def _stands_in(self) -> bool:
        """Whether we stand in for one server transparently."""
        return not self.own_texts and len(self.configs) == 1

    def _all_oddities(self) -> dict[str, Oddities]:
        """What was repaired, left out or renamed now, of the upstreams that have such elements."""
        if self._stands_in:
            return {}
        listings = dict(self.listings)
        reserved = frozenset(COMMAND_NAMES) if self.own_texts else frozenset[str]()
        room = self.registration.room
        offers = collect_offers(self.configs, listings, reserved, room)
        names = renamed(self.configs, self.catalog.tools, offers, room)
        every = {name: self._mended.get(name, Oddities()).with_renamed(names.get(name, ())) for name in listings}
        return {name: oddities for name, oddities in every.items() if oddities}

    async def _tell_oddities(self) -> None:
        """Tell of the upstreams that have others than before: a new name of one may be another's old one."""
        async with self._building:
            known, self.oddities = self.oddities, await anyio.to_thread.run_sync(self._all_oddities)
        for upstream in self.listings:
            oddities = self.oddities.get(upstream, Oddities())
            if oddities == known.get(upstream, Oddities()):
                continue
            log.warning("listing_mended", upstream=upstream, outcome=str(oddities), elements=oddities.sentences)
            for changed in list(self._odd_observers):
                changed(upstream, oddities)

    async def _rebuild(self, listings: dict[str, Listing]) -> None:
        """Make the catalog of these listings; with `_building` held.

        They count as known when the catalog has their tools, not before: it may take a while, and may be cut off.
        """
        catalog = await anyio.to_thread.run_sync(self._build, listings)
        index, by_words = await anyio.to_thread.run_sync(self._read_words, catalog)
        # Together: a step never sees one without the other.
        self.listings, self.catalog, self._index, self.by_words = listings, catalog, index, by_words
        self.ranker, self.knows_meanings = by_words, False
        self._changed.set()
        await anyio.to_thread.run_sync(self._count_around)

    def _build(self, listings: Mapping[str, Listing]) -> Catalog:
        tools = with_unique_names(
            [tool for name, listing in listings.items() for tool in self._known.tools_of(self.configs[name], listing)],
            reserved=frozenset(self.own_texts),
            room=self.registration.room,
        )
        return build_catalog(tools, self._known.costs_of(tools))

    def _count_around(self) -> None:
        """Count what is paid beside the tools' definitions, by us and by the client's own deferral."""
        self.overhead_tokens = sum(self._known.counted(self.own_texts).values())
        names = [tool.name for tool in self.catalog.tools]
        listings = list(self.listings.values())  # in a thread: another may be added meanwhile
        self.categories()  # here, in a thread, so that no prompt waits for it
        instructions = (one.instructions for one in listings)
        self.native_tokens = native_deferral(names, instructions, (), self._one, self.registration.prefix)

    def _one(self, text: str) -> int:
        return self._known.counted({"": text})[""]


def open_rankings(seconds: float, size: int) -> RankingCache:
    """The cache of rankings with the person's settings."""
    return RankingCache(time.monotonic, seconds, size, threading.Lock())


def _open_vectors(records: Records) -> "StoredVectors":
    # numpy and the encoder's runtime: a tenth of a second and 60 MB that must not delay the first answers
    from mcp_dynaload.proxy.catalog_vectors import open_vectors

    return open_vectors(records)


class _NothingYet:
    """The ranker before the first index: finds nothing."""

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        return ()


def _telling_texts(config: UpstreamConfig) -> list[str]:
    """Return what of an entry may name the service behind it: its program, its arguments, its addresses."""
    return [config.command, *config.args, config.url, *(value for value in config.env.values() if "://" in value)]
