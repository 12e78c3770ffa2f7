"""Prometheus metrics of events; labels have few values: servers, outcomes, strategies; never tools, sessions, users."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from mcp_dynaload.telemetry.events import (
    AlertChanged,
    CommandRun,
    Event,
    FellBack,
    ListChanged,
    PromptServed,
    SessionClosed,
    SessionOpened,
    ToolCalled,
    ToolsSearched,
    UpstreamFailed,
    UpstreamStarted,
    UpstreamStopped,
)
from mcp_dynaload.telemetry.histogram import BUCKETS_MS

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = tuple(ms / 1000 for ms in BUCKETS_MS)


class PrometheusMetrics:
    """An observer of events; `text` is what Prometheus reads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._sessions = self._counter("sessions", "Conversations of clients that were opened")
        self._open = Gauge("dynaload_sessions_open", "Conversations that are open", registry=self._registry)
        self._prompts = self._counter("prompts", "Prompts for which tools were chosen", "strategy")
        self._tokens = self._counter("prompt_tokens", "Tokens of definitions over all prompts", "measure")
        self._cache_cost = self._counter("list_change_cost_tokens", "Tokens read anew because the list changed")
        self._added = self._counter("tools_loaded", "Tools that prompts have had loaded")
        self._cache = self._counter("rankings", "Rankings asked for, kept or made", "cache")
        self._prompt_times = self._histogram("prompt_seconds", "Time of a prompt by part", "part")
        self._calls = self._counter("tool_calls", "Tool calls", "upstream", "outcome")
        self._call_times = self._histogram("tool_call_seconds", "Time of a call, ours and the server's", "part")
        self._bytes = self._counter("tool_call_bytes", "Size of arguments and results", "direction")
        self._searches = self._counter("tool_searches", "Searches for tools that were not listed")
        self._commands = self._counter("commands", "Slash commands", "outcome")
        self._starts = self._histogram("upstream_start_seconds", "Time in which servers have started", "upstream")
        self._stops = self._counter("upstream_stops", "Servers that we have stopped", "upstream")
        self._failures = self._counter(
            "upstream_failures", "Servers that did not start, could not be listed, or have ended", "upstream", "kind"
        )
        self._fallbacks = self._counter("fallbacks", "Steps of the fallback chain", "step")
        self._firing = Gauge("dynaload_alert_firing", "1 while an alert fires", ["alert"], registry=self._registry)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def __call__(self, at: float, event: Event) -> None:
        """Count an event."""
        match event:
            case PromptServed():
                self._add_prompt(event)
            case ToolCalled():
                self._add_call(event)
            case ListChanged():
                self._cache_cost.inc(event.cache_cost_tokens)
            case ToolsSearched():
                self._searches.inc()
            case CommandRun():
                self._commands.labels("ok" if event.success else "refused").inc()
            case SessionOpened():
                self._sessions.inc()
                self._open.inc()
            case SessionClosed():
                self._open.dec()
            case UpstreamStarted():
                self._starts.labels(event.upstream).observe(event.ms / 1000)
            case UpstreamStopped():
                self._stops.labels(event.upstream).inc()
            case UpstreamFailed():
                self._failures.labels(event.upstream, event.kind).inc()
            case FellBack():
                self._fallbacks.labels(event.step).inc()
            case AlertChanged():
                self._firing.labels(event.alert).set(event.is_firing)
            case _:
                pass

    def _add_prompt(self, event: PromptServed) -> None:
        self._prompts.labels(event.strategy).inc()
        for measure, tokens in (
            ("baseline", event.baseline_tokens),
            ("native", event.native_tokens),
            ("listed", event.listed_tokens),
        ):
            self._tokens.labels(measure).inc(tokens)
        self._added.inc(len(event.added))
        if event.cache_hit is not None:
            self._cache.labels("hit" if event.cache_hit else "miss").inc()
        for part, ms in (
            ("detection", event.detection_ms),
            ("selection", event.selection_ms),
            ("refresh", event.refresh_ms),
            ("total", event.total_ms),
        ):
            self._prompt_times.labels(part).observe(ms / 1000)

    def _add_call(self, event: ToolCalled) -> None:
        self._calls.labels(event.upstream, event.outcome).inc()
        self._call_times.labels("own").observe(event.own_ms / 1000)
        self._call_times.labels("upstream").observe(event.upstream_ms / 1000)
        self._bytes.labels("request").inc(event.request_bytes)
        self._bytes.labels("result").inc(event.result_bytes)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"dynaload_{name}", about, labels, registry=self._registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(f"dynaload_{name}", about, labels, buckets=_SECONDS, registry=self._registry)
