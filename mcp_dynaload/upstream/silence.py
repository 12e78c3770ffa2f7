"""How long an upstream may be silent while somebody waits for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from mcp_dynaload.catalog.tool import Json


@dataclass(slots=True)
class SilenceTimer:
    """A timer that ends waits when the upstream was silent for too long; anything it says starts it anew."""

    seconds: float
    _waits: set[anyio.CancelScope] = field(default_factory=set[anyio.CancelScope])
    _asking: int = 0

    async def bounded(self, send: Callable[[], Awaitable[Json]]) -> Json:
        """Await `send()`.

        Raises:
            TimeoutError: The upstream was silent for `seconds`.
        """
        with anyio.CancelScope(deadline=self._deadline()) as scope:
            self._waits.add(scope)
            try:
                return await send()
            finally:
                self._waits.discard(scope)
        raise TimeoutError

    def restart(self) -> None:
        """Start the wait anew, as the upstream said something."""
        for scope in self._waits:
            scope.deadline = self._deadline()

    async def suspended(self, ask: Callable[[], Awaitable[Json]]) -> Json:
        """Await `ask()`, a question to the user, with no time running meanwhile."""
        self._asking += 1
        self.restart()
        try:
            return await ask()
        finally:
            self._asking -= 1
            self.restart()

    def _deadline(self) -> float:
        return float("inf") if self._asking or not self.seconds else anyio.current_time() + self.seconds
