from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mcp_dynaload.store import catalog_cache as records_module
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database, Row

DAY = 86_400.0


def rows_of(folder: Path, statement: str) -> list[Row]:
    with closing(Database(folder / "dynaload.db")) as database:
        return database.read(statement)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[CatalogCache]:
    opened = CatalogCache(Database(tmp_path / "dynaload.db"))
    yield opened
    opened.close()


def test_listings_are_found_by_fingerprint_the_newest_counts(records: CatalogCache) -> None:
    records.keep_listing("f1", "github", {"tools": [1]})
    records.keep_listing("f2", "slack", {"tools": [2]})
    records.keep_listing("f1", "github", {"tools": [3]})

    assert records.listings(["f1", "unknown"]) == {"f1": {"tools": [3]}}


def test_a_listing_that_is_no_json_is_left_out(records: CatalogCache, tmp_path: Path) -> None:
    records.keep_listing("good", "github", {"tools": []})
    other = Database(tmp_path / "dynaload.db")
    other.write("INSERT INTO listings VALUES (?, ?, ?, ?)", [("bad", "slack", "{broken", 0.0)])
    other.close()

    assert records.listings(["good", "bad"]) == {"good": {"tools": []}}


def test_any_number_of_costs_can_be_asked_for(records: CatalogCache) -> None:
    costs = {f"hash{number}": number for number in range(1201)}
    records.keep_costs(costs)

    assert records.costs([*costs, "unknown"]) == costs
    assert records.costs([]) == {}


def test_listings_that_nobody_asks_for_are_forgotten(
    records: CatalogCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000_000.0
    monkeypatch.setattr("mcp_dynaload.store.catalog_cache.time.time", lambda: now)
    for fingerprint in ("unused", "used"):
        records.keep_listing(fingerprint, "github", {})
    now += 60 * DAY
    assert set(records.listings(["used"])) == {"used"}
    now += 31 * DAY

    records.keep_listing("new", "github", {})

    assert rows_of(tmp_path, "SELECT fingerprint FROM listings ORDER BY 1") == [("new",), ("used",)]


def test_the_oldest_costs_and_vectors_are_forgotten(records: CatalogCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "MAX_TEXTS", 2)
    for name in "abcb":
        records.keep_costs({name: 1})
        records.keep_vectors({name: b"1"})

    assert set(records.costs("abc")) == set(records.vectors("abc")) == {"b", "c"}


def test_what_was_built_from_a_catalog_is_found_by_its_key(records: CatalogCache) -> None:
    records.keep_built("k", b"first")
    records.keep_built("k", b"second")

    assert (records.built("k"), records.built("other")) == (b"second", None)


def test_built_content_that_is_not_whole_is_as_good_as_none(records: CatalogCache, tmp_path: Path) -> None:
    records.keep_built("k", b"content")
    with closing(Database(tmp_path / "dynaload.db")) as other:
        other.write("UPDATE built SET content = ?", [(b"contenT",)])

    assert records.built("k") is None


def test_the_oldest_built_content_is_forgotten(records: CatalogCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "MAX_BUILT", 2)
    for key in "abc":
        records.keep_built(key, b"content")

    assert [records.built(key) for key in "abc"] == [None, b"content", b"content"]
