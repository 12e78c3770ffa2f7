"""Token records as the store had them last, for while it does not answer at once."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from mcp_dynaload.store.tokens import TokenRecord

MAX_REMEMBERED = 10_000

MAX_AGE_SECONDS = 30.0
"""A record that is older lets nobody in unasked while the store answers at all: its token may have been revoked."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    record: TokenRecord
    at: float


class RememberedTokens:
    """The records of tokens that were let in, by digest, for any number of threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._records: dict[str, _Remembered] = {}
        self._unanswered_at: float | None = None
        """When the store did not answer one who was ready to wait; None once it has."""

    def note(self, digest: str, record: TokenRecord | None) -> None:
        """Note what the store has just said; without a record the token is forgotten."""
        with self._lock:
            self._unanswered_at = None
            self._records.pop(digest, None)
            if record is None:
                return
            self._records[digest] = _Remembered(record, self._clock())
            if len(self._records) > MAX_REMEMBERED:
                del self._records[next(iter(self._records))]

    def note_unanswered(self) -> None:
        """Note that the store does not answer at all: for a while records of any age are good."""
        with self._lock:
            self._unanswered_at = self._clock()

    def is_known(self, digest: str) -> bool:
        """Return whether the token was let in before."""
        return digest in self._records

    def last(self, digest: str) -> TokenRecord | None:
        """Return the record, however old it is."""
        known = self._records.get(digest)
        return known.record if known else None

    def recent(self, digest: str) -> TokenRecord | None:
        """Return the record that may let somebody in before the store is waited for."""
        with self._lock:
            known, oldest = self._records.get(digest), self._clock() - MAX_AGE_SECONDS
            is_good = known is not None and max(known.at, self._unanswered_at or known.at) >= oldest
            return known.record if known is not None and is_good else None
