"""The bus that carries events to their observers."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import structlog

from mcp_dynaload.masking import Masker, record_without_secrets
from mcp_dynaload.telemetry.events import Event

RUNNING_TEXTS = frozenset({"text", "arguments", "result", "detail", "why", "reason", "tool", "elements"})
"""Fields of events that may hold what a user, a model or a server has said; the others hold names."""

KEPT_TEXTS, KEPT_NAMES = 256, 4096
"""The numbers of texts and of names whose form without secrets is remembered."""

log = structlog.get_logger()


class Observer(Protocol):
    """A function that takes each event in microseconds, without blocking."""

    def __call__(self, at: float, event: Event, /) -> None:
        """Take an event that happened at this time, in seconds since 1970."""
        ...


class EventBus:
    """The bus that tells each event, without secrets, to all observers; none of them can harm what it observes."""

    def __init__(
        self, *observers: Observer, clock: Callable[[], float] = time.time, masker: Masker | None = None
    ) -> None:
        self._observers = list(observers)
        self._clock = clock
        # The same names come with every call, which is not to wait for each of them to be looked at again.
        masker = masker or Masker()
        self._text, self._name = lru_cache(KEPT_TEXTS)(masker.text), lru_cache(KEPT_NAMES)(masker.tokens)

    def observe(self, observer: Observer) -> None:
        """Tell it what happens from now on."""
        self._observers.append(observer)

    def forget(self, observer: Observer) -> None:
        """Undo `observe`."""
        self._observers.remove(observer)

    def emit(self, event: Event) -> None:
        """Tell all observers of an event that has just happened."""
        at, event = self._clock(), record_without_secrets(event, RUNNING_TEXTS, self._text, self._name)
        for observer in tuple(self._observers):
            try:
                observer(at, event)
            except Exception:  # whatever is wrong with an observer, the session that it watches goes on
                log.exception("event_observer_failed", kind=type(event).__name__)
