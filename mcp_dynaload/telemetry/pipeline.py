"""The event bus with its observers, as the settings want them."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking import Masker
from mcp_dynaload.store.backends import open_journal_store
from mcp_dynaload.telemetry.alerts import Alerts, thresholds_of
from mcp_dynaload.telemetry.configuration import changed_since
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import ConfigurationChanged, ListingMended
from mcp_dynaload.telemetry.journal import JournalWriter, open_journal
from mcp_dynaload.telemetry.mended import untold
from mcp_dynaload.telemetry.totals import Totals
from mcp_dynaload.telemetry.webhook import Webhook, log_alert
from mcp_dynaload.telemetry.window import SLICES

SECRET = frozenset({"store_url", "alert_webhook", "otel_endpoint"})
"""Settings that may hold a secret: of their values not even a hash is kept, only whether there is one."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The telemetry of one process."""

    event_bus: EventBus = field(default_factory=EventBus)
    totals: Totals = field(default_factory=Totals)
    """The totals of this process's events; nothing while collection is switched off."""


@asynccontextmanager
async def open_telemetry(
    settings: Settings,
    journal_file: Path,
    project: str,
    servers: Mapping[str, str],
    mended: Sequence[ListingMended] = (),
    masker: Masker | None = None,
) -> AsyncGenerator[Telemetry]:
    """Count and journal events until the exit, unless collection is switched off: then nobody hears them.

    `servers` are the configured ones with their fingerprints: that they changed since the last time is an event, too.
    `masker` hides the secrets that the configuration names.
    `mended` is how the listings are that were read from the cache: told, unless the journal has it already.
    """
    telemetry = Telemetry(EventBus(masker=masker))
    if not settings.metrics_collection_enabled:
        yield telemetry
        return
    configuration = {
        f"setting {name}": bool(value) if name in SECRET or "secret" in name else value
        for name, value in settings.model_dump().items()
    }
    configuration |= {f"server {name}": fingerprint for name, fingerprint in servers.items()}
    days, rows = settings.journal_days, settings.journal_rows
    opening = partial(open_journal_store, settings.store_url, journal_file, days, rows)
    async with (
        open_journal(opening) as writer,
        anyio.create_task_group() as tasks,
    ):
        telemetry.event_bus.observe(telemetry.totals)
        telemetry.event_bus.observe(writer)
        tasks.start_soon(_tell_configuration, telemetry.event_bus, writer, project, configuration)
        if mended:
            tasks.start_soon(_tell_mended, telemetry.event_bus, writer, mended)
        async with _exported(settings.otel_endpoint, telemetry.event_bus), _watched(settings, telemetry.event_bus):
            yield telemetry


@asynccontextmanager
async def _exported(endpoint: str, event_bus: EventBus) -> AsyncGenerator[None]:
    """Send events to an OpenTelemetry collector, if the user names one."""
    if not endpoint:
        yield
        return
    try:
        from mcp_dynaload.telemetry.otlp import open_export  # an extra, and a quarter of a second
    except ImportError as error:
        raise ConfigError(
            "MCP_DYNALOAD_OTEL_ENDPOINT is set, but the extra is missing: pip install 'mcp-dynaload[otel]'"
        ) from error
    with ExitStack() as stack:
        event_bus.observe(export := stack.enter_context(open_export(endpoint)))
        try:
            yield
        finally:
            event_bus.forget(export)
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(stack.close)


@asynccontextmanager
async def _watched(settings: Settings, event_bus: EventBus) -> AsyncGenerator[None]:
    """Send alerts, if the user wants them."""
    if not settings.performance_alerts_enabled:
        yield
        return
    alerts = Alerts(thresholds_of(settings), settings.alert_window_seconds, event_bus.emit)
    event_bus.observe(log_alert)
    event_bus.observe(alerts)
    async with anyio.create_task_group() as tasks:
        if settings.alert_webhook:
            webhook = Webhook(settings.alert_webhook)
            event_bus.observe(webhook)
            tasks.start_soon(webhook.run)
        tasks.start_soon(_tick, alerts, settings.alert_window_seconds / SLICES)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _tick(alerts: Alerts, seconds: float) -> None:
    while True:
        await anyio.sleep(seconds)
        alerts.tick(time.time())


async def _tell_configuration(
    event_bus: EventBus, writer: JournalWriter, project: str, configuration: Mapping[str, object]
) -> None:
    def look() -> ConfigurationChanged | None:
        return changed_since(writer.store(), project, configuration)

    if changed := await anyio.to_thread.run_sync(look, abandon_on_cancel=True):
        event_bus.emit(changed)


async def _tell_mended(event_bus: EventBus, writer: JournalWriter, mended: Sequence[ListingMended]) -> None:
    def look() -> Sequence[ListingMended]:
        return untold(writer.store(), mended)

    for event in await anyio.to_thread.run_sync(look, abandon_on_cancel=True):
        event_bus.emit(event)
