"""When an upstream that failed may be tried again: each failure in a row after the first doubles the rest."""

from dataclasses import dataclass

MAX_REST_SECONDS = 30.0


@dataclass(slots=True)
class Backoff:
    """The failures of one upstream since it last answered."""

    failures: int = 0
    last_error: str = ""
    _not_before: float = 0.0

    def failed(self, error: str, now: float) -> None:
        """Note that it did not start, or that its connection ended by itself."""
        self.failures += 1
        self.last_error = error
        if self.failures > 1:
            self._not_before = now + min(2.0 ** (self.failures - 2), MAX_REST_SECONDS)

    def answered(self) -> None:
        """Note that it works."""
        self.failures = 0
        self._not_before = 0.0

    def seconds_left(self, now: float) -> float:
        """Return how long it still rests; at most 0 if it may be tried."""
        return self._not_before - now
