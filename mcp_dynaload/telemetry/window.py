"""An average over the last while, in bounded memory."""

from collections import deque
from dataclasses import dataclass, field

SLICES = 30
"""Into so many parts the window is cut; the oldest goes as a whole."""


@dataclass(slots=True)
class Window:
    """A sliding mean."""

    seconds: float
    _slices: deque[tuple[int, int, float]] = field(default_factory=deque[tuple[int, int, float]])
    """Number of the slice of time, count, sum."""

    _count: int = 0
    _total: float = 0.0
    """The counts and sums of all slices."""

    def note(self, at: float, value: float) -> None:
        """Add one more value."""
        number = self._number(at)
        count, total = 0, 0.0
        if self._slices and self._slices[-1][0] == number:
            _, count, total = self._slices.pop()
        self._slices.append((number, count + 1, total + value))
        self._count += 1
        self._total += value
        self._forget(at)

    def mean(self, at: float) -> tuple[int, float]:
        """Return how many values there are now, and their mean; 0 without any."""
        self._forget(at)
        return self._count, self._total / self._count if self._count else 0.0

    def _number(self, at: float) -> int:
        return int(at * SLICES / self.seconds)

    def _forget(self, at: float) -> None:
        oldest = self._number(at) - SLICES
        while self._slices and self._slices[0][0] <= oldest:
            _, count, total = self._slices.popleft()
            self._count -= count
            self._total -= total
        if not self._slices:
            self._total = 0.0  # what rounding has left of values that are gone
