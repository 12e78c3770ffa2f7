"""Facts as OpenTelemetry traces and metrics; needs the extra `[otel]`."""

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, StatusCode, TracerProvider, set_span_in_context

from mcp_dynaload.telemetry.events import (
    AlertChanged,
    CommandRun,
    Fact,
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
    """Observes facts; a span each for prompts, calls, commands, searches and starts of servers, dated back.

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

    def __call__(self, at: float, fact: Fact) -> None:
        """Export a fact."""
        match fact:
            case PromptServed():
                self._add_prompt(at, fact)
            case ToolCalled():
                self._add_call(at, fact)
            case ToolsSearched():
                self._span("find_tools", at, fact.ms, _whose(fact) | {"dynaload.found": len(fact.found)})
            case CommandRun():
                attributes = {"dynaload.command": fact.command, "dynaload.success": fact.success}
                self._span("command", at, fact.ms, _whose(fact) | attributes)
            case UpstreamStarted():
                self._starts.record(fact.ms, {"dynaload.upstream": fact.upstream})
                self._span("upstream_start", at, fact.ms, _whose(fact) | {"dynaload.upstream": fact.upstream})
            case UpstreamFailed():
                self._failures.add(1, {"dynaload.upstream": fact.upstream, "error.type": fact.kind})
            case ListChanged():
                self._list_cost.add(fact.cache_cost_tokens)
            case FellBack():
                self._fallbacks.add(1, {"dynaload.step": fact.step})
            case AlertChanged() if fact.is_firing:
                self._alerts.add(1, {"dynaload.alert": fact.alert})
            case _:
                pass

    def _add_prompt(self, at: float, fact: PromptServed) -> None:
        parts = {"detection": fact.detection_ms, "selection": fact.selection_ms, "refresh": fact.refresh_ms}
        for part, ms in (*parts.items(), ("total", fact.total_ms)):
            self._prompts.record(ms, {"dynaload.part": part})
        for measure, tokens in (("baseline", fact.baseline_tokens), ("listed", fact.listed_tokens)):
            self._tokens.add(tokens, {"dynaload.measure": measure, "dynaload.strategy": fact.strategy})
        attributes: _Attributes = {
            "dynaload.strategy": fact.strategy,
            "dynaload.baseline_tokens": fact.baseline_tokens,
            "dynaload.listed_tokens": fact.listed_tokens,
            "dynaload.added": ", ".join(fact.added),
            "dynaload.reason": fact.reason,
            "dynaload.confidence": fact.confidence,
        }
        prompt = self._span("prompt", at, fact.total_ms, _whose(fact) | attributes)
        begun = at - fact.total_ms / 1000
        for part in ("detection", "selection"):
            begun += parts[part] / 1000
            self._span(part, begun, parts[part], {}, prompt)
        self._span("refresh", at, fact.refresh_ms, {}, prompt)

    def _add_call(self, at: float, fact: ToolCalled) -> None:
        labels = {"dynaload.upstream": fact.upstream, "dynaload.outcome": fact.outcome}
        self._calls.record(fact.own_ms, labels | {"dynaload.part": "own"})
        self._calls.record(fact.upstream_ms, labels | {"dynaload.part": "upstream"})
        attributes: _Attributes = {
            **labels,
            "dynaload.tool": fact.tool,
            "dynaload.request_bytes": fact.request_bytes,
            "dynaload.result_bytes": fact.result_bytes,
            "dynaload.own_ms": fact.own_ms,
        }
        span = self._span("tool_call", at, fact.own_ms + fact.upstream_ms, _whose(fact) | attributes, is_open=True)
        if fact.outcome in (Outcome.FAILED, Outcome.TOOL_ERROR):
            span.set_status(StatusCode.ERROR, fact.error or fact.outcome)
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


def _whose(fact: Fact) -> _Attributes:
    return {"session.id": fact.who.session, "user.id": fact.who.user}


def _nanoseconds(at: float) -> int:
    return int(at * _NANOSECONDS)
