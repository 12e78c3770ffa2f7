"""Rankings that are kept: when they serve, when they go."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

from mcp_dynaload.ranking.caching import CacheCounts, CachedRanker, RankingCache
from mcp_dynaload.ranking.query import Query, parse_query
from mcp_dynaload.ranking.ranker import Scored


@dataclass
class CountingRanker:
    asked: list[str] = field(default_factory=list[str])

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        self.asked.append(query.text)
        return (Scored(query.text, limit, 1.0, ()),)


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def a_cache(clock: Clock | None = None, seconds: float = 60, size: int = 10) -> RankingCache:
    return RankingCache(clock or Clock(), seconds, size, Lock())


def test_the_same_question_is_ranked_once() -> None:
    below, cache = CountingRanker(), a_cache()
    ranker = CachedRanker(below, cache, "v1")

    first, second = ranker.rank(Query("a"), 5), ranker.rank(Query("a"), 5)

    assert first == second
    assert below.asked == ["a"]
    assert cache.counts() == CacheCounts(hits=1, misses=1, rankings=1)
    assert cache.counts().hit_rate == 0.5


def test_whatever_a_ranking_depends_on_makes_it_another_question() -> None:
    below, cache = CountingRanker(), a_cache()
    ranker = CachedRanker(below, cache, "v1")

    ranker.rank(Query("a"), 5)
    ranker.rank(Query("a"), 6)
    ranker.rank(parse_query("a", earlier=("before",)), 5)
    ranker.rank(Query("a", leans_on_context=True), 5)
    CachedRanker(below, cache, "v2").rank(Query("a"), 5)

    assert cache.counts() == CacheCounts(hits=0, misses=5, rankings=5)


def test_a_ranking_is_kept_for_its_time_and_not_longer() -> None:
    below, clock = CountingRanker(), Clock()
    ranker = CachedRanker(below, a_cache(clock, seconds=60), "v1")

    for moment in (0.0, 59.9, 60.0, 119.0):
        clock.now = 100.0 + moment
        ranker.rank(Query("a"), 5)

    assert below.asked == ["a", "a"]


def test_what_was_not_asked_for_the_longest_makes_room() -> None:
    below = CountingRanker()
    ranker = CachedRanker(below, a_cache(size=2), "v1")

    for text in "abaca":
        ranker.rank(Query(text), 5)
    ranker.rank(Query("b"), 5)

    assert below.asked == ["a", "b", "c", "b"]


def test_without_time_or_room_nothing_is_kept_and_nothing_counted() -> None:
    for cache in (a_cache(seconds=0), a_cache(size=0)):
        below = CountingRanker()
        cache.enable()
        ranker = CachedRanker(below, cache, "v1")

        assert ranker.rank(Query("a"), 5) == ranker.rank(Query("a"), 5)
        assert below.asked == ["a", "a"]
        assert (cache.is_enabled, cache.counts(), cache.counts().hit_rate) == (False, CacheCounts(), 0.0)


def test_it_can_be_cleared_switched_off_and_on_while_running() -> None:
    below, cache = CountingRanker(), a_cache()
    ranker = CachedRanker(below, cache, "v1")
    ranker.rank(Query("a"), 5)

    assert cache.clear() == 1
    ranker.rank(Query("a"), 5)
    cache.disable()
    ranker.rank(Query("a"), 5)
    assert cache.counts().rankings == 0
    cache.enable()
    ranker.rank(Query("a"), 5)
    ranker.rank(Query("a"), 5)

    assert below.asked == ["a"] * 4


def test_a_ranking_that_was_under_way_when_it_was_switched_off_is_not_kept() -> None:
    cache = a_cache()

    class SwitchingOff:
        def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
            cache.disable()
            return ()

    CachedRanker(SwitchingOff(), cache, "v1").rank(Query("a"), 5)

    assert cache.counts().rankings == 0


def test_many_threads_may_ask_at_once() -> None:
    cache = a_cache(size=3)
    ranker = CachedRanker(CountingRanker(), cache, "v1")

    def ask(number: int) -> str:
        return ranker.rank(Query(str(number % 5)), 1)[0].name

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(500)))

    counts = cache.counts()
    assert answers == [str(n % 5) for n in range(500)]
    assert (counts.hits + counts.misses, counts.rankings) == (500, 3)
