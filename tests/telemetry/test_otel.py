import gzip
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.telemetry.events import (
    AlertChanged,
    CommandRun,
    ErrorKind,
    Event,
    Fallback,
    FellBack,
    Outcome,
    UpstreamFailed,
    UpstreamStarted,
)
from mcp_dynaload.telemetry.otel import Export
from mcp_dynaload.telemetry.pipeline import open_telemetry
from tests.telemetry.events import ME, a_call, a_list, a_prompt, a_search

AT = 1_000.0


class Collected:
    """The spans and metrics that events become, in memory."""

    def __init__(self, *event_bus: Event) -> None:
        exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(exporter))
        export = Export(tracers, MeterProvider([self._reader]))
        for event in event_bus:
            export(AT, event)
        self.spans = {span.name: span for span in exporter.get_finished_spans()}

    def labels(self, metric: str) -> list[dict[str, object]]:
        data = self._reader.get_metrics_data()
        assert data is not None
        metrics = data.resource_metrics[0].scope_metrics[0].metrics
        return [dict(point.attributes or {}) for one in metrics if one.name == metric for point in one.data.data_points]


def milliseconds(span: ReadableSpan) -> float:
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e6


@pytest.mark.proves("otel")
def test_a_prompt_is_a_span_that_ends_now_with_its_parts_in_it() -> None:
    spans = Collected(a_prompt("git__log", detection_ms=4)).spans

    prompt = spans["prompt"]
    assert prompt.end_time == AT * 1e9
    assert {name: milliseconds(span) for name, span in spans.items()} == pytest.approx(
        {"detection": 4, "selection": 1, "refresh": 10, "prompt": 15}
    )
    parts = [spans[name] for name in ("detection", "selection", "refresh")]
    assert prompt.context is not None
    assert {span.parent.span_id for span in parts if span.parent} == {prompt.context.span_id}
    assert all(span.parent for span in parts)
    assert (prompt.attributes or {})["dynaload.added"] == "git__log"


def test_a_failed_call_is_a_span_with_an_error_and_metrics_name_no_tool() -> None:
    collected = Collected(a_call("git__log", outcome=Outcome.FAILED, error=ErrorKind.TIMEOUT))

    span = collected.spans["tool_call"]
    assert (span.status.is_ok, span.status.description) == (False, "timeout")
    assert (span.attributes or {})["dynaload.tool"] == "git__log"
    assert collected.labels("dynaload.tool_call.duration") == [
        {"dynaload.upstream": "git", "dynaload.outcome": "failed", "dynaload.part": part}
        for part in ("own", "upstream")
    ]


def test_all_else_is_a_span_where_it_takes_time_and_a_count_where_it_is_trouble() -> None:
    collected = Collected(
        a_search("git__log"),
        CommandRun(who=ME, command="pin", success=True, ms=2),
        UpstreamStarted(who=ME, upstream="git", ms=5),
        UpstreamFailed(who=ME, upstream="git", kind=ErrorKind.DIED, detail="gone"),
        FellBack(who=ME, step=Fallback.UPSTREAM_DOWN, upstream="git"),
        a_list("git__log", cost=7),
        AlertChanged(alert="error_rate_max", is_firing=True, value=9, threshold=5),
    )

    assert {name: milliseconds(span) for name, span in collected.spans.items()} == pytest.approx(
        {"find_tools": 3, "command": 2, "upstream_start": 5}
    )
    assert collected.labels("dynaload.upstream.failures") == [{"dynaload.upstream": "git", "error.type": "died"}]
    assert collected.labels("dynaload.fallbacks") == [{"dynaload.step": "upstream_down"}]
    assert collected.labels("dynaload.alerts") == [{"dynaload.alert": "error_rate_max"}]
    assert collected.labels("dynaload.list_change.tokens") == [{}]


@contextmanager
def a_collector() -> Generator[tuple[str, dict[str, bytes]]]:
    """Run a collector that takes what is sent, by path."""
    got: dict[str, bytes] = {}

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got[self.path] = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()
        thread.join()


async def test_with_an_endpoint_everything_is_sent_there_by_the_end(tmp_path: Path) -> None:
    with a_collector() as (address, got):
        async with open_telemetry(Settings(otel_endpoint=address), tmp_path / "journal.db", "/p", {}) as telemetry:
            telemetry.event_bus.emit(a_call("git__log"))
            telemetry.event_bus.emit(UpstreamStarted(who=ME, upstream="git", ms=5))

    assert b"tool_call" in got["/v1/traces"]
    assert b"dynaload.upstream_start.duration" in got["/v1/metrics"]
