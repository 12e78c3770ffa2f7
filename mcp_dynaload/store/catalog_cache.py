"""The cache of what can be had again: listings, token counts, indexes and vectors."""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.store.database import Database, Row

MAX_TEXTS = 20_000
"""Texts of which the token count, or the vector, is kept."""

MAX_BUILT = 24
"""Things built from whole catalogs that are kept, about a megabyte each: two for each catalog."""

LISTING_SECONDS = 90 * 86_400.0
"""How long a listing is kept that nobody asks for."""

OLD_SECONDS = 86_400.0
"""An older listing is still used, and renewed when there is time."""

MAX_VARIABLES = 500
"""Placeholders in one statement, well under SQLite's limit."""

log = structlog.get_logger()


class CatalogCache:
    """The typed access to the database of what a start need not make again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listings(self, fingerprints: Iterable[str]) -> dict[str, Json]:
        """Return the stored listing of each known fingerprint, as JSON."""
        rows = self._select(
            "SELECT fingerprint, listing, listed_at FROM listings WHERE fingerprint IN ({})", list(fingerprints)
        )
        self._renew(fingerprint for fingerprint, _, listed_at in rows if listed_at < time.time() - LISTING_SECONDS / 2)
        read = ((fingerprint, _parsed(listing)) for fingerprint, listing, _ in rows)
        return {fingerprint: listing for fingerprint, listing in read if listing is not None}

    def aged(self, fingerprints: Iterable[str]) -> set[str]:
        """Return those of the stored listings that are a day old by now, or were not whole when they were stored."""
        times = self.listed_at(fingerprints).items()
        return {fingerprint for fingerprint, listed_at in times if listed_at <= time.time() - OLD_SECONDS}

    def listed_at(self, fingerprints: Iterable[str]) -> dict[str, float]:
        """Return when each known fingerprint was listed, in seconds since 1970.

        One that was not whole, or is in use though long not listed anew, counts as a day older, or as a day old.
        """
        select = "SELECT fingerprint, listed_at FROM listings WHERE fingerprint IN ({})"
        return dict(self._select(select, list(fingerprints)))

    def keep_listing(self, fingerprint: str, upstream: str, listing: Json, *, is_preliminary: bool = False) -> None:
        """Store what an upstream listed; what has long not been used is forgotten."""
        age = OLD_SECONDS if is_preliminary else 0.0
        self._database.write(
            "INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?)",
            [(fingerprint, upstream, json.dumps(listing), time.time() - age)],
        )
        self._database.write("DELETE FROM listings WHERE listed_at < ?", [(time.time() - LISTING_SECONDS,)])

    def forget_listing(self, fingerprint: str) -> None:
        """Keep nothing of an upstream."""
        self._database.write("DELETE FROM listings WHERE fingerprint = ?", [(fingerprint,)])

    def costs(self, hashes: Iterable[str]) -> dict[str, int]:
        """Return token counts by hash of the counted text."""
        return dict(self._select("SELECT text_hash, tokens FROM costs WHERE text_hash IN ({})", list(hashes)))

    def keep_costs(self, costs: Mapping[str, int]) -> None:
        """Store token counts; the oldest are forgotten."""
        self._database.write("INSERT OR REPLACE INTO costs VALUES (?, ?)", list(costs.items()))
        self._database.write(
            "DELETE FROM costs WHERE rowid <= (SELECT rowid FROM costs ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
            [(MAX_TEXTS,)],
        )

    def vectors(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Return stored vectors by key."""
        return dict(self._select("SELECT key, vector FROM vectors WHERE key IN ({})", list(keys)))

    def keep_vectors(self, vectors: Mapping[str, bytes]) -> None:
        """Store vectors; the oldest are forgotten."""
        self._database.write("INSERT OR REPLACE INTO vectors VALUES (?, ?)", list(vectors.items()))
        self._database.write(
            "DELETE FROM vectors WHERE rowid <= (SELECT rowid FROM vectors ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
            [(MAX_TEXTS,)],
        )

    def built(self, key: str) -> bytes | None:
        """Return the index stored under this key; None if it is not there or not whole."""
        for digest, content in self._database.read("SELECT digest, content FROM built WHERE key = ?", (key,)):
            if isinstance(content, bytes) and digest == _digest(content):
                return content
            log.warning("stored_content_damaged", consequence="it is built anew")
        return None

    def keep_built(self, key: str, content: bytes) -> None:
        """Store what was built from a catalog; the oldest are forgotten."""
        self._database.write("INSERT OR REPLACE INTO built VALUES (?, ?, ?)", [(key, _digest(content), content)])
        self._database.write(
            "DELETE FROM built WHERE rowid <= (SELECT rowid FROM built ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
            [(MAX_BUILT,)],
        )

    def trouble(self) -> str | None:
        """Return the problem of the place where all this is kept; None if there is none. Blocks."""
        return self._database.trouble()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _renew(self, fingerprints: Iterable[str]) -> None:
        """Note that these listings are still in use, though old."""
        if rows := [(time.time() - OLD_SECONDS, fingerprint) for fingerprint in fingerprints]:
            self._database.write("UPDATE listings SET listed_at = ? WHERE fingerprint = ?", rows)

    def _select(self, statement: str, values: Sequence[str]) -> list[Row]:
        rows: list[Row] = []
        for start in range(0, len(values), MAX_VARIABLES):
            part = values[start : start + MAX_VARIABLES]
            rows += self._database.read(statement.format(",".join("?" * len(part))), part)
        return rows


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _parsed(listing: str) -> Json | None:
    """Return the stored listing; one that cannot be read is as good as none, and the upstream is listed again."""
    try:
        return json.loads(listing)
    except (ValueError, RecursionError) as error:
        log.warning("stored_listing_unreadable", error=str(error))
        return None
