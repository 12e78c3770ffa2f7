"""Vectors of texts: from the store, made by the encoder only where a text is new."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.encoder.own_work import read_own_work
from mcp_dynaload.encoder.sentence_encoder import WIDTH, Encoder, read_encoder
from mcp_dynaload.encoder.tool_text import TEXTS, tool_texts
from mcp_dynaload.proxy.stored_index import built_key
from mcp_dynaload.ranking.features import Matrix
from mcp_dynaload.ranking.foreign_tools import tool_in_english
from mcp_dynaload.ranking.hybrid import HybridRanker
from mcp_dynaload.ranking.lexical_index import Index
from mcp_dynaload.ranking.own_work import OwnWork
from mcp_dynaload.ranking.ranker import Anticipating
from mcp_dynaload.ranking.tool_vectors import ToolVectors, starts_of
from mcp_dynaload.store.catalog_cache import CatalogCache

log = structlog.get_logger()

STORED = np.float16
"""Half the bytes; what it loses is far under what int8 weights have lost before."""

GoOn = Callable[[], object]

BATCH = 32
"""Texts after which what was made is stored, so that a short session leaves something for the next."""


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """An encoder with the store as its memory."""

    encoder: Encoder
    records: CatalogCache

    def stored(self, catalog: Catalog) -> ToolVectors | None:
        """Return the vectors of a catalog's tools, in their order, if they are stored as a whole."""
        content = self.records.built(self._catalog_key(catalog))
        if content is None:
            return None
        try:
            return unpacked(content, len(catalog.tools))
        except ValueError as error:
            log.warning("stored_vectors_unusable", error=str(error), consequence="they are put together anew")
            return None

    def made(self, catalog: Catalog, go_on: GoOn = lambda: None) -> ToolVectors:
        """Return the same, made as far as they are not stored text by text, and stored as a whole.

        `go_on` is called every third of a second or so, and may raise to end it: what was made by then is stored.
        """
        texts = [tool_texts(tool_in_english(tool)) for tool in catalog.tools]
        rows = self.of([text for some in texts for text in some], go_on)
        vectors = ToolVectors(rows, starts_of([len(some) for some in texts]))
        self.records.keep_built(self._catalog_key(catalog), packed(vectors))
        return vectors

    def ranker(self, catalog: Catalog, vectors: ToolVectors, index: Index | None) -> Anticipating:
        """Return the ranker by words and meaning, with these vectors and, if it is at hand, this index."""
        return HybridRanker(catalog, vectors, OwnWork(*read_own_work()), self.encoder, index)

    def of(self, texts: Sequence[str], go_on: GoOn = lambda: None) -> Matrix:
        """Return a unit vector for each text, as rows; takes about ten milliseconds for each text that is new."""
        keys = [self.key(text) for text in texts]
        known = self.records.vectors(set(keys))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        for start in range(0, len(missing), BATCH):
            go_on()
            part = dict(list(missing.items())[start : start + BATCH])
            made = self.encoder.encode(list(part.values())).astype(STORED)
            known |= {key: row.tobytes() for key, row in zip(part, made, strict=True)}
            self.records.keep_vectors({key: known[key] for key in part})
        rows = [np.frombuffer(known[key], STORED) for key in keys]
        return np.array(rows, np.float32).reshape(len(rows), WIDTH)

    def _catalog_key(self, catalog: Catalog) -> str:
        return built_key("vectors", catalog, f"{self.encoder.version} {TEXTS}")

    def key(self, text: str) -> str:
        """Return the store's key of a text's vector."""
        return hashlib.sha256(f"{self.encoder.version}\0{text}".encode("utf-8", "replace")).hexdigest()


def packed(vectors: ToolVectors) -> bytes:
    """Return the vectors to be stored: how many each tool has, a byte for each, then their rows."""
    counts = np.diff(vectors.starts, append=len(vectors.rows))
    return counts.astype(np.uint8).tobytes() + vectors.rows.astype(STORED).tobytes()


def unpacked(content: bytes, tools: int) -> ToolVectors:
    """Return the vectors of so many tools that `packed` made bytes of.

    Raises:
        ValueError: These are no such bytes.
    """
    counts = np.frombuffer(content[:tools], np.uint8)
    rows = int(counts.sum())
    if len(content) != tools + rows * WIDTH * np.dtype(STORED).itemsize or not counts.all():
        raise ValueError(f"these are not the vectors of {tools} tools")
    matrix = np.frombuffer(content, STORED, offset=tools).astype(np.float32).reshape(rows, WIDTH)
    return ToolVectors(matrix, starts_of(counts.tolist()))


def open_vectors(records: CatalogCache) -> StoredVectors:
    """Open the encoder that travels with us, with the store as its memory.

    Raises:
        ImportError: Its runtime is not installed.
        OSError: Its model cannot be read.
    """
    return StoredVectors(read_encoder(), records)
