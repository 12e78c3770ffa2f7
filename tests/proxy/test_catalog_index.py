"""Index and vectors of a catalog: read from the store where they fit, made anew where they do not."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import anyio
import anyio.to_thread
import numpy as np
import pytest
from anyio import from_thread

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.encoder import tokenizer
from mcp_dynaload.encoder.sentence_encoder import WIDTH
from mcp_dynaload.encoder.tokenizer import count_tokens, read_ranks
from mcp_dynaload.encoder.tool_text import tool_texts
from mcp_dynaload.proxy import catalog_index as catalog_index_module
from mcp_dynaload.proxy import stored_index as built
from mcp_dynaload.proxy.stored_index import built_key, keep_index, read_or_build_index
from mcp_dynaload.proxy.stored_vectors import StoredVectors, open_vectors, unpacked
from mcp_dynaload.ranking.caching import CacheCounts
from mcp_dynaload.ranking.cleaning import clean
from mcp_dynaload.ranking.hybrid import HybridRanker
from mcp_dynaload.ranking.lexical import LexicalRanker
from mcp_dynaload.ranking.lexical_index import Documents, build_index
from mcp_dynaload.ranking.query import Query, parse_query
from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.ranking.tool_vectors import ToolVectors
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.upstream.listing import Listing
from tests.builders import a_catalog, a_tool
from tests.faults.scripted import config
from tests.proxy.catalogs import catalog_index, stored_catalog
from tests.waiting import HANG_SECONDS

CATALOG = a_catalog([a_tool("create_issue", "Open an issue"), a_tool("list_tables", "List the tables")])
OTHER = a_catalog([a_tool("create_issue", "Open another issue")])


@pytest.fixture
def records(tmp_path: Path) -> Iterator[CatalogCache]:
    with closing(CatalogCache(Database(tmp_path / "dynaload.db"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredVectors]:
    with closing(CatalogCache(Database(tmp_path_factory.mktemp("state") / "dynaload.db"))) as opened:
        yield open_vectors(opened)


@pytest.fixture
def built_count(monkeypatch: pytest.MonkeyPatch) -> list[Catalog]:
    """Return the catalogs for which an index was built."""
    seen: list[Catalog] = []

    def noting(catalog: Catalog, known: Documents) -> object:
        seen.append(catalog)
        return build_index(catalog, known)

    monkeypatch.setattr(built, "build_index", noting)
    return seen


def test_a_stored_index_is_read_and_not_built(records: CatalogCache, built_count: list[Catalog]) -> None:
    first = read_or_build_index(records, CATALOG)
    keep_index(records, CATALOG, first)

    assert read_or_build_index(records, CATALOG) == first
    assert built_count == [CATALOG]


def test_an_index_of_another_catalog_or_version_is_not_taken(
    records: CatalogCache, built_count: list[Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_index(records, CATALOG, build_index(CATALOG))

    assert read_or_build_index(records, OTHER) == build_index(OTHER)
    monkeypatch.setattr(built, "__version__", "another")
    assert read_or_build_index(records, CATALOG) == build_index(CATALOG)
    assert built_count == [OTHER, CATALOG]


def test_the_server_that_a_tool_comes_from_is_part_of_the_key() -> None:
    tool = a_tool("create_issue", upstream="github")
    renamed = a_catalog([type(tool)(name=tool.name, upstream="gitea", definition=tool.definition)])

    assert built_key("index", a_catalog([tool]), "r") != built_key("index", renamed, "r")


@pytest.mark.parametrize("content", [b"", b"nonsense", build_index(OTHER).as_bytes()])
def test_content_that_does_not_fit_is_built_anew_and_replaced(
    records: CatalogCache, built_count: list[Catalog], content: bytes
) -> None:
    good = build_index(CATALOG)
    keep_index(records, CATALOG, good)
    key = built_key("index", CATALOG, built.index_recipe())
    records.keep_built(key, content)

    index = read_or_build_index(records, CATALOG)
    keep_index(records, CATALOG, index)

    assert index == good
    assert built_count == [CATALOG]
    assert records.built(key) == good.as_bytes()


def test_the_vectors_of_a_catalog_are_stored_as_a_whole(vectors: StoredVectors) -> None:
    assert vectors.stored(CATALOG) is None

    made = vectors.made(CATALOG)
    stored = vectors.stored(CATALOG)

    assert stored is not None
    assert made.rows.shape == (2, WIDTH)
    assert same(stored, made)
    assert vectors.stored(OTHER) is None


async def test_a_cancelled_making_ends_soon_and_leaves_what_it_made(vectors: StoredVectors) -> None:
    large = a_catalog(
        [a_tool(f"look_{number}", f"Look at the thing with the number {number}") for number in range(900)]
    )
    asked, some_are_stored = count(), anyio.Event()

    def go_on() -> None:
        if next(asked):
            from_thread.run_sync(some_are_stored.set)
        from_thread.check_cancelled()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, vectors.made, large, go_on)
        await some_are_stored.wait()
        tasks.cancel_scope.cancel()

    some = vectors.records.vectors({vectors.key(text) for tool in large.tools for text in tool_texts(tool)})
    assert 0 < len(some) < 900


def test_vectors_of_another_size_are_made_anew(vectors: StoredVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    made = vectors.made(CATALOG)
    keep = vectors.records.keep_built

    def keep_half(key: str, content: bytes) -> None:
        keep(key, content[: len(content) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(vectors.records, "keep_built", keep_half)
        vectors.made(CATALOG)

    assert vectors.stored(CATALOG) is None
    assert same(vectors.made(CATALOG), made)
    assert vectors.stored(CATALOG) is not None


def same(some: ToolVectors, others: ToolVectors) -> bool:
    return np.array_equal(some.rows, others.rows) and np.array_equal(some.starts, others.starts)


def test_each_tool_keeps_all_of_its_vectors(vectors: StoredVectors) -> None:
    some = a_tool("manage", "Manage a stream")
    some.definition["inputSchema"] = {"properties": {"action": {"enum": ["accept peering", "reject peering"]}}}
    catalog = a_catalog([a_tool("look", "Look at it"), some, a_tool("wait", "Wait for it")])

    made, stored = vectors.made(catalog), vectors.stored(catalog)

    assert made.starts.tolist() == [0, 1, 3]
    assert stored is not None
    assert same(stored, made)


@pytest.mark.parametrize("content", [b"", b"\1\0\1", b"\1\1\1" + bytes(WIDTH * 6 - 1)])
def test_bytes_that_are_no_vectors_of_so_many_tools_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not the vectors of 3 tools"):
        unpacked(content, 3)


def test_what_refresh_makes_is_what_the_next_start_reads(records: CatalogCache, built_count: list[Catalog]) -> None:
    catalog_index(records, CATALOG).make_vectors()
    index = catalog_index(records, CATALOG)
    index.build_now()

    assert built_count == [CATALOG]
    assert [scored.name for scored in index.ranker.rank(parse_query("open an issue"), 1)] == ["git__create_issue"]


def test_the_rankers_of_a_process_share_one_cache(records: CatalogCache) -> None:
    index = catalog_index(records, CATALOG)
    query = parse_query("open an issue")

    index.build_now()
    first = index.ranker.rank(query, 5)
    index.build_now()

    assert index.ranker.rank(query, 5) == first
    assert index.rankings.counts() == CacheCounts(hits=1, misses=1, rankings=1)


def test_where_the_encoder_is_missing_words_alone_choose(
    records: CatalogCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable() -> object:
        raise OSError("no model here")

    monkeypatch.setattr("mcp_dynaload.proxy.stored_vectors.read_encoder", unreadable)
    index = catalog_index(records, CATALOG)
    index.build_now()

    assert index.ranker.rank(parse_query("open an issue"), 5) == LexicalRanker(CATALOG).rank(
        parse_query("open an issue"), 5
    )


def test_a_server_may_be_listed_while_what_is_paid_beside_the_tools_is_counted(
    records: CatalogCache, tmp_path: Path
) -> None:
    live = stored_catalog({name: config(name) for name in ("desk", "hall")}, records, tmp_path, is_dynamic=False)
    listed = live.listings.by_name
    listed |= {name: Listing(instructions=f"Ask {name} first.") for name in ("desk", "hall")}

    def count(text: str) -> int:
        listed[f"listed while {len(listed)} were counted"] = Listing(instructions=text)
        return 1

    live.count = count
    live.index_now()

    assert live.native_tokens == 3, "the names, and two servers' instructions"


async def test_what_was_read_to_count_is_freed_once_the_catalog_has_settled(
    records: CatalogCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed = anyio.Event()
    monkeypatch.setattr(catalog_index_module, "SETTLED_SECONDS", 0.01)
    monkeypatch.setattr(catalog_index_module, "give_back", lambda: from_thread.run_sync(freed.set))
    index = catalog_index(records, CATALOG)
    await index.read_words()
    count_tokens("some words")
    reads = count()
    monkeypatch.setattr(tokenizer, "read_ranks", lambda: (next(reads), read_ranks())[1])
    count_tokens("kept as yet")
    assert next(reads) == 0

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(index.keep_meanings)
        with anyio.fail_after(HANG_SECONDS):
            await freed.wait()
        tasks.cancel_scope.cancel()

    count_tokens("read anew")
    assert next(reads) == 2, "once here, and once by the count"
    assert index.knows_meanings


async def test_the_next_prompt_is_worked_ahead_for_and_a_failure_of_that_is_no_end(
    records: CatalogCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, received = anyio.create_memory_object_stream[tuple[str, ...]](2)

    def anticipate(self: HybridRanker, earlier: tuple[str, ...]) -> None:
        from_thread.run_sync(send.send_nowait, earlier)
        raise RuntimeError("out of memory")

    monkeypatch.setattr(HybridRanker, "anticipate", anticipate)
    index = catalog_index(records, CATALOG)
    index.build_now()

    with send, received:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.keep_ahead)
            with anyio.fail_after(HANG_SECONDS):
                for earlier in (("list the tables",), ("open an issue", "list the tables")):
                    index.anticipate(earlier)
                    assert await received.receive() == earlier
            tasks.cancel_scope.cancel()


async def test_what_stays_is_set_aside_each_time_the_catalog_has_settled(
    records: CatalogCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, received = anyio.create_memory_object_stream[None](1)
    monkeypatch.setattr(catalog_index_module, "SETTLED_SECONDS", 0.01)

    def set_aside() -> None:
        from_thread.run_sync(send.send_nowait, None)

    monkeypatch.setattr(catalog_index_module, "set_aside", set_aside)
    index = catalog_index(records, CATALOG)
    await index.read_words()

    with send, received:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.keep_meanings)
            with anyio.fail_after(HANG_SECONDS):
                await received.receive()
                index.exchange(CATALOG, index.words_of(CATALOG))
                await received.receive()
            tasks.cancel_scope.cancel()


async def test_code_taken_out_of_the_process_is_back_before_a_prompt_comes_and_the_cache_of_rankings_is_left_alone(
    records: CatalogCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = anyio.Event()
    done: list[str] = []
    rank = HybridRanker.rank

    def noted(self: HybridRanker, query: Query, limit: int) -> tuple[Scored, ...]:
        found = rank(self, query, limit)
        done.append("ranked")
        from_thread.run_sync(ranked.set)
        return found

    monkeypatch.setattr(catalog_index_module, "SETTLED_SECONDS", 0.01)
    monkeypatch.setattr(catalog_index_module, "unmap_code", lambda: done.append("unmapped"))
    monkeypatch.setattr(HybridRanker, "rank", noted)
    index = catalog_index(records, CATALOG)
    await index.read_words()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(index.keep_meanings)
        with anyio.fail_after(HANG_SECONDS):
            await ranked.wait()
        tasks.cancel_scope.cancel()

    assert done == ["unmapped", "ranked"]
    assert index.rankings.counts() == CacheCounts()


async def test_the_lists_of_words_are_read_before_a_prompt_needs_them(
    records: CatalogCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned: list[str] = []
    monkeypatch.setattr(catalog_index_module, "clean", cleaned.append)

    await catalog_index(records, CATALOG).read_words()

    assert [clean(prompt) for prompt in cleaned] == [catalog_index_module.ANY_PROMPT], "it has content"
