"""The rankers of the catalog: by words at once, by meaning as soon as the vectors of its tools are there."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import structlog
from anyio.from_thread import check_cancelled

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.encoder.tokenizer import forget_ranks
from mcp_dynaload.machine.freed_memory import give_back, set_aside, unmap_code
from mcp_dynaload.proxy.stored_index import keep_index, read_or_build_index
from mcp_dynaload.ranking.caching import CachedRanker, RankingCache
from mcp_dynaload.ranking.cleaning import clean
from mcp_dynaload.ranking.lexical import LexicalRanker
from mcp_dynaload.ranking.lexical_index import Documents, Index, build_index
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Anticipating, Ranker, Scored
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.upstream.allowance import Allowance

if TYPE_CHECKING:
    from mcp_dynaload.proxy.stored_vectors import StoredVectors

VECTORS_SHARE = 0.2
VECTORS_BURST_SECONDS = 20.0
"""The share of time for keeping up with catalogs that change and change."""

SETTLED_SECONDS = 5.0
"""A catalog that stays the same for so long is counted and indexed, and so soon not made anew."""

MAX_AHEAD = 4
"""Sessions for whose next prompts it may wait to be worked ahead: for others it is done when they come."""

ANY_PROMPT = "list what was changed"
"""A prompt in which every list of words is looked at: they are read before the user's first one needs them."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Words:
    """The index of a catalog's words, and the ranker that needs a millisecond and no encoder."""

    index: Index
    ranker: Ranker


@dataclass(slots=True)
class CatalogIndex:
    """A catalog with its rankers, which are exchanged together with it."""

    records: CatalogCache
    rankings: RankingCache
    """The cache of what was ranked of late."""

    catalog: Catalog = field(default_factory=lambda: build_catalog((), {}))
    ready: anyio.Event = field(default_factory=anyio.Event)
    """Set when the first ranker is there, the vectors in it as far as they had not to be made first."""

    indexed: anyio.Event = field(default_factory=anyio.Event)
    """Set before that, when `by_words` is there."""

    ranker: Ranker = field(default_factory=lambda: _NothingYet())
    """The ranker of `catalog`: by words alone until the vectors of its tools are there."""

    by_words: Ranker = field(default_factory=lambda: _NothingYet())
    """The ranker of `catalog` that needs no encoder, for when the other one takes too long."""

    knows_meanings: bool = False
    """Whether `ranker` ranks by meaning, too."""

    _index: Index = field(default_factory=lambda: build_index(build_catalog((), {})))
    _documents: Documents = field(default_factory=Documents)
    _changed: anyio.Event = field(default_factory=anyio.Event)
    _vectors: "StoredVectors | None" = None
    _by_meaning: Anticipating = field(default_factory=lambda: _NothingYet())
    """The ranker by meaning that was made last, without what was ranked of late."""

    _ahead: deque[tuple[str, ...]] = field(default_factory=lambda: deque(maxlen=MAX_AHEAD))
    """The prompts of sessions, of which that is to be worked out."""

    _chosen: anyio.Event = field(default_factory=anyio.Event)
    """Set when there are any."""

    def words_of(self, catalog: Catalog) -> Words:
        """Return the index of a catalog's words, from the store or built; blocks."""
        index = read_or_build_index(self.records, catalog, self._documents)
        ranker = CachedRanker(LexicalRanker(catalog, index), self.rankings, f"words {catalog.version}")
        return Words(index, ranker)

    def exchange(self, catalog: Catalog, words: Words) -> None:
        """Rank this catalog from now on, by words until its vectors are there."""
        self.catalog, self._index, self.by_words = catalog, words.index, words.ranker
        self.ranker, self.knows_meanings = words.ranker, False
        self._changed.set()

    async def read_words(self) -> None:
        """Have the first ranker: by words."""
        catalog = self.catalog
        words = await anyio.to_thread.run_sync(self.words_of, catalog)
        if catalog is self.catalog:
            self.exchange(catalog, words)
        self.indexed.set()
        await anyio.to_thread.run_sync(clean, ANY_PROMPT)

    async def keep_meanings(self) -> None:
        """Keep the ranker by meaning in step with the catalog, in threads, for ever."""
        allowance = Allowance(VECTORS_SHARE, VECTORS_BURST_SECONDS)
        while True:
            self._changed = anyio.Event()
            began = anyio.current_time()
            await self._add_vectors()
            await allowance.spend(anyio.current_time() - began)
            with anyio.move_on_after(SETTLED_SECONDS):
                await self._changed.wait()
                continue
            await anyio.to_thread.run_sync(self._free_what_is_done_with)
            await self._changed.wait()

    def anticipate(self, earlier: tuple[str, ...]) -> None:
        """Have worked out what a session's next prompt needs to know of these, newest first; does not wait."""
        self._ahead.append(earlier)
        self._chosen.set()

    async def keep_ahead(self) -> None:
        """Do what `anticipate` asks for, in threads, for ever."""
        while True:
            await self._chosen.wait()
            self._chosen = anyio.Event()
            while self._ahead:
                try:
                    await anyio.to_thread.run_sync(self._by_meaning.anticipate, self._ahead.popleft())
                except Exception:  # it is tried again by the prompt itself, which has a choice by words beside it
                    log.exception("not_worked_ahead", consequence="the next prompt takes longer")

    def build_now(self) -> None:
        """Build the ranker of the catalog, for commands that open no session; blocks ten milliseconds a new tool."""
        self.exchange(self.catalog, self.words_of(self.catalog))
        try:
            vectors = _open_vectors(self.records)
            made = vectors.stored(self.catalog)
            made = vectors.made(self.catalog) if made is None else made
            self._rank_by_meaning(vectors.ranker(self.catalog, made, self._index))
        except Exception:  # the choice by words goes on, whatever is wrong with the model or its runtime
            log.exception("encoder_unavailable", consequence="tools are chosen by words alone")

    def make_vectors(self) -> None:
        """Make and store what the next start reads; blocks for about ten milliseconds a new tool."""
        keep_index(self.records, self.catalog, read_or_build_index(self.records, self.catalog))
        try:
            _open_vectors(self.records).made(self.catalog)
        except Exception:  # the choice by words goes on, whatever is wrong with the model or its runtime
            log.exception("encoder_unavailable", consequence="tools are chosen by words alone")

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
            ranker = await anyio.to_thread.run_sync(self._vectors.ranker, catalog, made, index)
        except Exception:  # the choice by words goes on, whatever is wrong with the model or its runtime
            log.exception("encoder_unavailable", consequence="tools are chosen by words alone")
        else:
            if catalog is self.catalog:
                self._rank_by_meaning(ranker)
                self.knows_meanings = True
                log.info("encoder_ready", tools=len(catalog.tools))
        self.ready.set()

    def _rank_by_meaning(self, ranker: Anticipating) -> None:
        self._by_meaning = ranker
        self.ranker = CachedRanker(ranker, self.rankings, f"meaning {self.catalog.version}")

    def _free_what_is_done_with(self) -> None:
        """Free what was read to count and index a catalog: half of what a session takes then; set aside what stays."""
        forget_ranks()
        set_aside()
        give_back()
        unmap_code()
        # What of the code a prompt needs is mapped again by the time that one comes.
        self._by_meaning.rank(Query(f"{ANY_PROMPT} {self.catalog.version}"), 1)


def open_rankings(seconds: float, size: int) -> RankingCache:
    """Return a cache of rankings with the user's settings."""
    return RankingCache(time.monotonic, seconds, size, threading.Lock())


def _open_vectors(records: CatalogCache) -> "StoredVectors":
    # numpy and the encoder's runtime: a tenth of a second and 60 MB that must not delay the first answers
    from mcp_dynaload.proxy.stored_vectors import open_vectors

    return open_vectors(records)


class _NothingYet:
    """The ranker before the first index, which finds nothing."""

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        return ()

    def anticipate(self, earlier: tuple[str, ...]) -> None:
        pass
