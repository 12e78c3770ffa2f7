"""Watched values with their bounds: an alert fires when one is left, and ends when it is clearly back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.telemetry.events import (
    AlertChanged,
    Event,
    Fallback,
    FellBack,
    Outcome,
    PromptServed,
    ToolCalled,
    ToolsSearched,
)
from mcp_dynaload.telemetry.window import Window

MIN_VALUES = 10
"""From fewer values within the window nothing is concluded."""

BACK_SHARE = 0.1
"""How far inside its bound a value must be for its alert to end, as a share of the bound (of what is left to 100 for a
least percentage): one that lies on the bound does not ring all day."""

TROUBLE = frozenset({Fallback.DETECTION_TIMEOUT, Fallback.INDEX_NOT_READY})


@dataclass(frozen=True, slots=True)
class Threshold:
    """The bound of a watched value."""

    bound: float
    is_least: bool = False
    """Less is bad; otherwise more is."""

    def is_left(self, value: float) -> bool:
        """Return whether the value is beyond the threshold."""
        return value < self.bound if self.is_least else value > self.bound

    def is_back(self, value: float) -> bool:
        """Return whether the value is clearly within the threshold."""
        if self.is_least:
            return value >= self.bound + BACK_SHARE * (100 - self.bound)
        return value <= self.bound * (1 - BACK_SHARE)


def thresholds_of(settings: Settings) -> dict[str, Threshold]:
    """Return the thresholds that the user has set, by the settings' names."""
    return {
        "success_rate_min": Threshold(settings.success_rate_min, is_least=True),
        "avg_response_time_max": Threshold(settings.avg_response_time_max),
        "upstream_response_time_max": Threshold(settings.upstream_response_time_max),
        "error_rate_max": Threshold(settings.error_rate_max),
        "reduction_min": Threshold(settings.reduction_min, is_least=True),
        "miss_rate_max": Threshold(settings.miss_rate_max),
    }


def measured(event: Event) -> Iterable[tuple[str, float]]:
    """Yield the watched values that an event tells."""
    match event:
        case PromptServed():
            yield "avg_response_time_max", event.detection_ms + event.selection_ms
            yield "error_rate_max", 0.0
            yield "reduction_min", 100 * reduction(event.baseline_tokens, event.listed_tokens)
        case FellBack() if event.step in TROUBLE:
            yield "error_rate_max", 100.0
        case ToolsSearched() if event.added:
            yield "miss_rate_max", 100.0
        case ToolCalled() if event.outcome not in (Outcome.REFUSED, Outcome.CANCELLED):
            has_failed = event.outcome is Outcome.FAILED
            yield "success_rate_min", 0.0 if has_failed else 100.0
            yield "error_rate_max", 100.0 if has_failed else 0.0
            yield "avg_response_time_max", event.own_ms
            yield "upstream_response_time_max", event.upstream_ms
            yield "miss_rate_max", 0.0 if event.was_listed else 100.0
        case _:
            pass


@dataclass(slots=True)
class Alerts:
    """An observer of events that tells of alerts as events."""

    thresholds: Mapping[str, Threshold]
    seconds: float
    emit: Callable[[Event], None]
    firing: dict[str, AlertChanged] = field(default_factory=dict[str, AlertChanged])
    """The alerts that have not ended, by name."""

    _windows: dict[str, Window] = field(default_factory=dict[str, Window])

    def __call__(self, at: float, event: Event) -> None:
        """Take an event, and tell if a bound is left or a value is back."""
        for name, value in measured(event):
            if (window := self._windows.get(name)) is None:
                window = self._windows[name] = Window(self.seconds)
            window.note(at, value)
            self._judge(at, name)

    def tick(self, at: float) -> None:
        """Note that time has passed in which nothing may have happened."""
        for name in list(self.firing):
            self._judge(at, name)

    def _judge(self, at: float, name: str) -> None:
        count, value = self._windows[name].mean(at)
        threshold = self.thresholds[name]
        if name not in self.firing:
            if count >= MIN_VALUES and threshold.is_left(value):
                self.firing[name] = self._changed(name, value, is_firing=True)
        elif not count or threshold.is_back(value):
            del self.firing[name]
            self._changed(name, value, is_firing=False)

    def _changed(self, name: str, value: float, *, is_firing: bool) -> AlertChanged:
        event = AlertChanged(alert=name, is_firing=is_firing, value=value, threshold=self.thresholds[name].bound)
        self.emit(event)
        return event
