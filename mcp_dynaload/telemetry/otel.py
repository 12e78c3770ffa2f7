"""Events as OpenTelemetry traces and metrics; needs the extra `[otel]`."""

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, StatusCode, TracerProvider, set_span_in_context

from mcp_dynaload.telemetry.events import (
    AlertChanged,
    CommandRun,
    Event,
    FellBack,
    ListChanged,
    Outcome,
    PromptServed,
    ToolCalled,
    ToolsSearched,
    UpstreamFailed,
    UpstreamStarted,
)
from mcp_dynaload.version import __version__

SCOPE = "mcp-dynaload"
_NANOSECONDS = 1_000_000_000
_Attributes = dict[str, str | int | float | bool]


class Export:
    """An observer that makes a span of each prompt, call, command, search and start of a server, dated back.

    Spans name sessions and tools; metrics only servers, outcomes and steps, which are few.
    """

    def __init__(self, tracers: TracerProvider, meters: MeterProvider) -> None:
        self._tracer = tracers.get_tracer(SCOPE, __version__)
        meter = meters.get_meter(SCOPE, __version__)
        self._prompts = meter.create_histogram("dynaload.prompt.duration", "ms", "Time of a prompt by part")
        self._tokens = meter.create_counter(
            "dynaload.prompt.tokens", "{token}", "Tokens of definitions over all prompts"
        )
        self._calls = meter.create_histogram("dynaload.tool_call.duration", "ms", "Time of a call by part")
        self._list_cost = meter.create_counter("dynaload.list_change.tokens", "{token}", "Tokens read anew")
        self._starts = meter.create_histogram("dynaload.upstream_start.duration", "ms", "Time in which a server starts")
        self._failures = meter.create_counter("dynaload.upstream.failures", "{failure}", "Servers that failed")
        self._fallbacks = meter.create_counter("dynaload.fallbacks", "{step}", "Steps of the fallback chain")
        self._alerts = meter.create_counter("dynaload.alerts", "{alert}", "Alerts that fired")

    def __call__(self, at: float, event: Event) -> None:
        """Export an event."""
        match event:
            case PromptServed():
                self._add_prompt(at, event)
            case ToolCalled():
                self._add_call(at, event)
            case ToolsSearched():
                self._span("find_tools", at, event.ms, _whose(event) | {"dynaload.found": len(event.found)})
            case CommandRun():
                attributes = {"dynaload.command": event.command, "dynaload.success": event.success}
                self._span("command", at, event.ms, _whose(event) | attributes)
            case UpstreamStarted():
                self._starts.record(event.ms, {"dynaload.upstream": event.upstream})
                self._span("upstream_start", at, event.ms, _whose(event) | {"dynaload.upstream": event.upstream})
            case UpstreamFailed():
                self._failures.add(1, {"dynaload.upstream": event.upstream, "error.type": event.kind})
            case ListChanged():
                self._list_cost.add(event.cache_cost_tokens)
            case FellBack():
                self._fallbacks.add(1, {"dynaload.step": event.step})
            case AlertChanged() if event.is_firing:
                self._alerts.add(1, {"dynaload.alert": event.alert})
            case _:
                pass

    def _add_prompt(self, at: float, event: PromptServed) -> None:
        parts = {"detection": event.detection_ms, "selection": event.selection_ms, "refresh": event.refresh_ms}
        for part, ms in (*parts.items(), ("total", event.total_ms)):
            self._prompts.record(ms, {"dynaload.part": part})
        for measure, tokens in (("baseline", event.baseline_tokens), ("listed", event.listed_tokens)):
            self._tokens.add(tokens, {"dynaload.measure": measure, "dynaload.strategy": event.strategy})
        attributes: _Attributes = {
            "dynaload.strategy": event.strategy,
            "dynaload.baseline_tokens": event.baseline_tokens,
            "dynaload.listed_tokens": event.listed_tokens,
            "dynaload.added": ", ".join(event.added),
            "dynaload.reason": event.reason,
            "dynaload.confidence": event.confidence,
        }
        prompt = self._span("prompt", at, event.total_ms, _whose(event) | attributes)
        begun = at - event.total_ms / 1000
        for part in ("detection", "selection"):
            begun += parts[part] / 1000
            self._span(part, begun, parts[part], {}, prompt)
        self._span("refresh", at, event.refresh_ms, {}, prompt)

    def _add_call(self, at: float, event: ToolCalled) -> None:
        labels = {"dynaload.upstream": event.upstream, "dynaload.outcome": event.outcome}
        self._calls.record(event.own_ms, labels | {"dynaload.part": "own"})
        self._calls.record(event.upstream_ms, labels | {"dynaload.part": "upstream"})
        attributes: _Attributes = {
            **labels,
            "dynaload.tool": event.tool,
            "dynaload.request_bytes": event.request_bytes,
            "dynaload.result_bytes": event.result_bytes,
            "dynaload.own_ms": event.own_ms,
        }
        span = self._span("tool_call", at, event.own_ms + event.upstream_ms, _whose(event) | attributes, is_open=True)
        if event.outcome in (Outcome.FAILED, Outcome.TOOL_ERROR):
            span.set_status(StatusCode.ERROR, event.error or event.outcome)
        span.end(_nanoseconds(at))

    def _span(
        self,
        name: str,
        end: float,
        ms: float,
        attributes: _Attributes,
        parent: Span | None = None,
        *,
        is_open: bool = False,
    ) -> Span:
        span = self._tracer.start_span(
            name,
            set_span_in_context(parent) if parent else None,
            attributes=attributes,
            start_time=_nanoseconds(end - ms / 1000),
        )
        if not is_open:
            span.end(_nanoseconds(end))
        return span


def _whose(event: Event) -> _Attributes:
    return {"session.id": event.who.session, "user.id": event.who.user}


def _nanoseconds(at: float) -> int:
    return int(at * _NANOSECONDS)
