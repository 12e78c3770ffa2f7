"""Tells what was told twice: where hooks are in the settings and in copies of the plugin, the client calls them all."""

import time
from collections.abc import Callable, Hashable

TOGETHER_SECONDS = 10.0
"""The client calls all hooks of an event at once; on a busy machine the others may come late."""


class RepeatedHooks:
    """The events that were told, each with the ways that have told it this time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[Hashable, tuple[float, set[str]]] = {}

    def is_again(self, event: Hashable, way: str) -> bool:
        """Return whether another way has told this very event; the same way tells it again when it happens again."""
        now = self._clock()
        self._told = {told: (at, ways) for told, (at, ways) in self._told.items() if now - at < TOGETHER_SECONDS}
        _, ways = self._told.get(event, (now, set[str]()))
        if ways and way not in ways:
            ways.add(way)
            return True
        self._told[event] = now, {way}
        return False
