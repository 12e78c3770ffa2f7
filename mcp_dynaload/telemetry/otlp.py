"""Sends what `otel` makes to a collector, by OTLP over HTTP, in threads of the library."""

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from mcp_dynaload.telemetry.otel import SCOPE, Export
from mcp_dynaload.version import __version__

SEND_SECONDS = 2
"""A collector that is away must not keep a client waiting for our end."""


@contextmanager
def open_export(endpoint: str) -> Generator[Export]:
    """Open an observer that sends spans and metrics to a collector; the exit blocks until they are sent or late."""
    resource = Resource.create({SERVICE_NAME: SCOPE, SERVICE_VERSION: __version__})
    base = endpoint.rstrip("/")
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=SEND_SECONDS)
    tracers.add_span_processor(BatchSpanProcessor(spans))
    values = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=SEND_SECONDS)
    reader = PeriodicExportingMetricReader(values)
    meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    try:
        yield Export(tracers, meters)
    finally:
        tracers.shutdown()
        meters.shutdown(timeout_millis=1000 * SEND_SECONDS)
