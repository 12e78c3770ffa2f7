"""The stream of facts with its observers, as the settings want them."""

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
from mcp_dynaload.telemetry.event_bus import Facts
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
    """Of one process."""

    facts: Facts = field(default_factory=Facts)
    totals: Totals = field(default_factory=Totals)
    """What the facts of this process come to; nothing while collection is switched off."""


@asynccontextmanager
async def open_telemetry(
    settings: Settings,
    journal_file: Path,
    project: str,
    servers: Mapping[str, str],
    mended: Sequence[ListingMended] = (),
    masker: Masker | None = None,
) -> AsyncGenerator[Telemetry]:
    """Facts are counted and journalled until the exit, unless collection is switched off: then nobody hears them.

    `servers` are the configured ones with their fingerprints: that they changed since the last time is a fact, too.
    `masker` hides the secrets that the configuration names.
    `mended` is how the listings are that were read from the cache: told, unless the journal has it already.
    """
    telemetry = Telemetry(Facts(masker=masker))
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
        telemetry.facts.observe(telemetry.totals)
        telemetry.facts.observe(writer)
        tasks.start_soon(_tell_configuration, telemetry.facts, writer, project, configuration)
        if mended:
            tasks.start_soon(_tell_mended, telemetry.facts, writer, mended)
        async with _exported(settings.otel_endpoint, telemetry.facts), _watched(settings, telemetry.facts):
            yield telemetry


@asynccontextmanager
async def _exported(endpoint: str, facts: Facts) -> AsyncGenerator[None]:
    """Facts go to an OpenTelemetry collector, if the person names one."""
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
        facts.observe(export := stack.enter_context(open_export(endpoint)))
        try:
            yield
        finally:
            facts.forget(export)
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(stack.close)


@asynccontextmanager
async def _watched(settings: Settings, facts: Facts) -> AsyncGenerator[None]:
    """Alerts are told of, if the person wants that."""
    if not settings.performance_alerts_enabled:
        yield
        return
    alerts = Alerts(thresholds_of(settings), settings.alert_window_seconds, facts.emit)
    facts.observe(log_alert)
    facts.observe(alerts)
    async with anyio.create_task_group() as tasks:
        if settings.alert_webhook:
            webhook = Webhook(settings.alert_webhook)
            facts.observe(webhook)
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
    facts: Facts, writer: JournalWriter, project: str, configuration: Mapping[str, object]
) -> None:
    def look() -> ConfigurationChanged | None:
        return changed_since(writer.store(), project, configuration)

    if changed := await anyio.to_thread.run_sync(look, abandon_on_cancel=True):
        facts.emit(changed)


async def _tell_mended(facts: Facts, writer: JournalWriter, mended: Sequence[ListingMended]) -> None:
    def look() -> Sequence[ListingMended]:
        return untold(writer.store(), mended)

    for fact in await anyio.to_thread.run_sync(look, abandon_on_cancel=True):
        facts.emit(fact)
