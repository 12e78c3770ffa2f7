"""The one stream of facts."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import structlog

from mcp_dynaload.masking import Masker, record_without_secrets
from mcp_dynaload.telemetry.events import Fact

RUNNING_TEXTS = frozenset({"text", "arguments", "result", "detail", "why", "reason", "tool", "elements"})
"""Fields of facts that may hold what a user, a model or a server has said; the others hold names."""

KEPT_TEXTS, KEPT_NAMES = 256, 4096
"""Of which is remembered what they are without secrets."""

log = structlog.get_logger()


class Observer(Protocol):
    """Takes each fact in microseconds, without blocking."""

    def __call__(self, at: float, fact: Fact, /) -> None:
        """It happened at this time, in seconds since 1970."""
        ...


class Facts:
    """Tells each fact, without secrets, to all observers, of which none can harm what it observes."""

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

    def emit(self, fact: Fact) -> None:
        """It has just happened."""
        at, fact = self._clock(), record_without_secrets(fact, RUNNING_TEXTS, self._text, self._name)
        for observer in tuple(self._observers):
            try:
                observer(at, fact)
            except Exception:  # whatever is wrong with an observer, the session that it watches goes on
                log.exception("fact_observer_failed", fact=type(fact).__name__)
