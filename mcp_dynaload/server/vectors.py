"""Vectors of texts: from the store, made by the encoder only where a text is new."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.encoder.encoder import WIDTH, Encoder, read_encoder
from mcp_dynaload.encoder.text import tool_text
from mcp_dynaload.selection.blended import BlendedRanker
from mcp_dynaload.selection.combination import Matrix
from mcp_dynaload.selection.own_work import OWN_WORK
from mcp_dynaload.selection.ranking import Ranker
from mcp_dynaload.store.records import Records

STORED = np.float16
"""Half the bytes; what it loses is far under what int8 weights have lost before."""

BATCH = 32
"""Texts after which what was made is stored, so that a short session leaves something for the next."""


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """An encoder with the store as its memory."""

    encoder: Encoder
    records: Records

    def are_stored(self, catalog: Catalog) -> bool:
        """Whether the ranker of this catalog can be built without making vectors."""
        keys = {self._key(text) for text in (*map(tool_text, catalog.tools), *OWN_WORK)}
        return len(self.records.vectors(keys)) == len(keys)

    def ranker(self, catalog: Catalog) -> Ranker:
        """The ranker by words and meaning; missing vectors are made."""
        tools = self.of([tool_text(tool) for tool in catalog.tools])
        return BlendedRanker(catalog, tools, self.of(OWN_WORK), self.encoder.encode)

    def of(self, texts: Sequence[str]) -> Matrix:
        """A unit vector for each text, as rows; takes about ten milliseconds for each text that is new."""
        keys = [self._key(text) for text in texts]
        known = self.records.vectors(set(keys))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        for start in range(0, len(missing), BATCH):
            part = dict(list(missing.items())[start : start + BATCH])
            made = self.encoder.encode(list(part.values())).astype(STORED)
            known |= {key: row.tobytes() for key, row in zip(part, made, strict=True)}
            self.records.keep_vectors({key: known[key] for key in part})
        rows = [np.frombuffer(known[key], STORED) for key in keys]
        return np.array(rows, np.float32).reshape(len(rows), WIDTH)

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self.encoder.version}\0{text}".encode("utf-8", "replace")).hexdigest()


def open_vectors(records: Records) -> StoredVectors:
    """The encoder that travels with us, with the store as its memory.

    Raises:
        ImportError: Its runtime is not installed.
        OSError: Its model cannot be read.
    """
    return StoredVectors(read_encoder(), records)
