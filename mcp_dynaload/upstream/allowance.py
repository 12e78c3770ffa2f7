"""How much of our time one upstream may cost with what nobody asked it for, so that all others keep theirs."""

import time
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel

SLICE_SECONDS = 0.001
"""Work after which others have their turn, and debt from which on is waited."""

MAX_WAIT_SECONDS = 30.0


@dataclass(slots=True)
class Allowance:
    """A share of our time, with some of it in advance; who spends more waits, and its pipe or socket with it."""

    share: float
    """The share of one core that it may use in the long run."""

    burst_seconds: float
    """The amount that may be spent at once."""

    slice_seconds: float = SLICE_SECONDS

    _left: float = field(init=False)
    _at: float = field(default_factory=time.monotonic)
    _unbroken: float = 0.0
    _lifted: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        self._left = self.burst_seconds

    async def spend(self, seconds: float) -> None:
        """Note work that takes so long, and wait if it was too much of late."""
        now = time.monotonic()
        self._left = min(self.burst_seconds, self._left + self.share * (now - self._at)) - seconds
        self._at = now
        self._unbroken += seconds
        if self._left < -self.slice_seconds:
            self._unbroken = 0.0
            with anyio.move_on_after(min(-self._left / self.share, MAX_WAIT_SECONDS)):
                await self._lifted.wait()
        elif self._unbroken > self.slice_seconds:
            self._unbroken = 0.0
            await anyio.lowlevel.checkpoint()

    def lift(self) -> None:
        """Let nobody wait any more: what is left to be read is read while the connection is closed."""
        self._lifted.set()


@dataclass(slots=True)
class Rate:
    """A rate of so many a second, and some more at once; what comes beyond is told apart."""

    per_second: float
    burst: float
    _left: float = field(init=False)
    _at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._left = self.burst

    def takes_one(self) -> bool:
        """Return whether one more is within the rate."""
        now = time.monotonic()
        self._left = min(self.burst, self._left + self.per_second * (now - self._at))
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
