"""Tells what was told twice: where hooks are in the settings and in the plugin, the client calls both."""

import time
from collections.abc import Callable, Hashable

TOGETHER_SECONDS = 10.0
"""The client calls all hooks of an event at once; on a busy machine the second may come late."""


class Heard:
    """The events that one of the two ways has told, until the other has told them, too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._once: dict[tuple[Hashable, bool], float] = {}

    def is_second(self, event: Hashable, *, by_plugin: bool) -> bool:
        """Whether the other way has told this very event; the same way tells it again only when it happens again."""
        now = self._clock()
        self._once = {told: at for told, at in self._once.items() if now - at < TOGETHER_SECONDS}
        if self._once.pop((event, not by_plugin), None) is not None:
            return True
        self._once[event, by_plugin] = now
        return False
