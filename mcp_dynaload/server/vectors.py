"""Vectors of texts: from the store, made by the encoder only where a text is new."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.encoder.encoder import WIDTH, Encoder, read_encoder
from mcp_dynaload.encoder.own_work import read_own_work
from mcp_dynaload.encoder.text import tool_text
from mcp_dynaload.selection.blended import BlendedRanker
from mcp_dynaload.selection.combination import Matrix
from mcp_dynaload.selection.index import Index
from mcp_dynaload.selection.ranking import Ranker
from mcp_dynaload.server.built import built_key
from mcp_dynaload.store.records import Records

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
    records: Records

    def stored(self, catalog: Catalog) -> Matrix | None:
        """The vectors of a catalog's tools, in their order, if they are stored as a whole."""
        content = self.records.built(self._catalog_key(catalog))
        rows = len(catalog.tools)
        if content is None:
            return None
        if len(content) != rows * WIDTH * np.dtype(STORED).itemsize:
            log.warning("stored_vectors_unusable", tools=rows, consequence="they are put together anew")
            return None
        return np.frombuffer(content, STORED).astype(np.float32).reshape(rows, WIDTH)

    def made(self, catalog: Catalog, go_on: GoOn = lambda: None) -> Matrix:
        """The same, made as far as they are not stored text by text, and stored as a whole.

        `go_on` is called every third of a second or so, and may raise to end it: what was made by then is stored.
        """
        matrix = self.of([tool_text(tool) for tool in catalog.tools], go_on)
        self.records.keep_built(self._catalog_key(catalog), matrix.astype(STORED).tobytes())
        return matrix

    def ranker(self, catalog: Catalog, matrix: Matrix, index: Index | None) -> Ranker:
        """The ranker by words and meaning, with these vectors and, if it is at hand, this index."""
        return BlendedRanker(catalog, matrix, read_own_work(), self.encoder, index)

    def of(self, texts: Sequence[str], go_on: GoOn = lambda: None) -> Matrix:
        """A unit vector for each text, as rows; takes about ten milliseconds for each text that is new."""
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
        return built_key("vectors", catalog, self.encoder.version)

    def key(self, text: str) -> str:
        """What a text's vector is stored under."""
        return hashlib.sha256(f"{self.encoder.version}\0{text}".encode("utf-8", "replace")).hexdigest()


def open_vectors(records: Records) -> StoredVectors:
    """The encoder that travels with us, with the store as its memory.

    Raises:
        ImportError: Its runtime is not installed.
        OSError: Its model cannot be read.
    """
    return StoredVectors(read_encoder(), records)
