"""Demo server: metrics, logs, alerts and incidents, computed from the workspace's data files."""

import csv
import json
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from mcp.server.lowlevel import Server

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.storage import StoredRows
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

Level = Literal["info", "warning", "error"]
Severity = Literal["warning", "critical"]

_INSTRUCTIONS = """Observability of the shop's services (checkout, catalog, payments, search).
Times are ISO 8601 without zone, data covers 2026-03-04. Without a time range the whole day is used.
Start with get_service_health; go on with logs."""
_DAY = ("2026-03-04T00:00:00", "2026-03-05T00:00:00")
_MANY_DEVIATIONS = 4.0


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    return build_server("monitoring", _Telemetry(ensure_part(workspace, "telemetry")), _INSTRUCTIONS, camel_case=True)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Fires when a metric of a service is above its threshold."""

    name: str
    service: str
    metric: str
    threshold: float
    severity: Severity
    silenced: str
    """Why it is silenced; empty if it is not."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong, with what was written about it."""

    id: str
    title: str
    severity: Severity
    status: Literal["open", "resolved"]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class MetricStatistics:
    """Summary of a series."""

    samples: int
    minimum: float
    average: float
    p95: float
    maximum: float


class _Telemetry:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rules = StoredRows(folder / "alerts.json", AlertRule)
        self._incidents = StoredRows(folder / "incidents.json", Incident)

    @tool("read")
    def list_metrics(self) -> dict[str, list[str]]:
        """List available metrics and, for each, the services that report it."""
        found: dict[str, set[str]] = {}
        for _, service, metric, _ in self._samples():
            found.setdefault(metric, set()).add(service)
        return {metric: sorted(services) for metric, services in found.items()}

    @tool("read")
    def query_metric_range(
        self, service: str, metric: str, start: str = _DAY[0], end: str = _DAY[1], step_minutes: int = 60
    ) -> list[tuple[str, float]]:
        """Query a time series over a range, averaged into buckets.

        Comparable to a Prometheus range query with avg_over_time. Returns pairs of bucket start and value.

        Args:
            service: Name of the service.
            metric: One of the names from list_metrics, e.g. latency_p95_ms.
            start: Begin of the range (inclusive).
            end: End of the range (exclusive).
            step_minutes: Width of a bucket.
        """
        origin = _time(start)
        buckets: dict[datetime, list[float]] = {}
        for time, value in self._series(service, metric, start, end):
            width = timedelta(minutes=max(step_minutes, 1))
            buckets.setdefault(origin + (time - origin) // width * width, []).append(value)
        return [(time.isoformat(), round(statistics.fmean(values), 2)) for time, values in buckets.items()]

    @tool("read")
    def get_metric_statistics(
        self, service: str, metric: str, start: str = _DAY[0], end: str = _DAY[1]
    ) -> MetricStatistics:
        """Summarise a metric over a time range: minimum, average, 95th percentile and maximum.

        Args:
            service: Name of the service.
            metric: Name of the metric.
            start: Begin of the range.
            end: End of the range.
        """
        values = sorted(value for _, value in self._series(service, metric, start, end))
        p95 = values[min(int(len(values) * 0.95), len(values) - 1)]
        return MetricStatistics(len(values), values[0], round(statistics.fmean(values), 2), p95, values[-1])

    @tool("read")
    def detect_anomalies(self, service: str, metric: str) -> list[Json]:
        """Find periods in which a metric was far from its usual value (over four robust deviations from the median).

        Args:
            service: Name of the service.
            metric: Name of the metric to check.
        """
        series = self._series(service, metric, *_DAY)
        median = statistics.median(value for _, value in series)
        spread = statistics.median(abs(value - median) for _, value in series) or 1.0
        odd = [(time, value) for time, value in series if abs(value - median) > _MANY_DEVIATIONS * 1.48 * spread]
        return [{"time": time.isoformat(), "value": value, "usual": median} for time, value in odd]

    @tool("read")
    def get_service_health(self, at: str = "2026-03-04T23:55:00") -> list[Json]:
        """One line per service with its current error rate, latency and CPU load, and whether any alert fires.

        Args:
            at: Moment of interest; the latest sample before it counts.
        """
        firing = {rule.service for rule in self._firing(at)}
        latest: dict[str, Json] = {}
        for time, service, metric, value in self._samples():
            if time <= at:
                latest.setdefault(service, {"service": service})[metric] = value
        return [{**row, "status": "alerting" if row["service"] in firing else "ok"} for row in latest.values()]

    @tool("read")
    def search_logs(
        self,
        query: str = "",
        service: str | None = None,
        level: Level | None = None,
        start: str = _DAY[0],
        end: str = _DAY[1],
        limit: Limit = 50,
    ) -> list[Json]:
        """Search log lines of all services.

        Args:
            query: Regular expression for the message; empty for all.
            service: Only this service.
            level: Only this severity.
            start: Begin of the range.
            end: End of the range.
            limit: Maximum number of lines, oldest first.
        """
        try:
            pattern = re.compile(query, re.IGNORECASE)
        except re.error as error:
            raise ToolFailedError(f"{query!r} is not a regular expression: {error}.") from error
        wanted = {key: value for key, value in (("service", service), ("level", level)) if value}
        lines = (line for line in self._logs() if start <= line["time"] < end and wanted.items() <= line.items())
        return [line for line in lines if pattern.search(line["message"])][:limit]

    @tool("read")
    def find_log_patterns(self, level: Level = "error", limit: Limit = 10) -> list[Json]:
        """Group similar log lines (numbers replaced by #) and count them: shows at a glance what is failing.

        Args:
            level: Severity to look at.
            limit: Maximum number of patterns, most frequent first.
        """
        lines = [line for line in self._logs() if line["level"] == level]
        counts = Counter((line["service"], re.sub(r"\d+", "#", line["message"])) for line in lines)
        return [{"count": n, "service": key[0], "pattern": key[1]} for key, n in counts.most_common(limit)]

    @tool("read")
    def list_alert_rules(self) -> list[AlertRule]:
        """List alert rules with thresholds and silences."""
        return list(self._rules.all().values())

    @tool("read")
    def list_firing_alerts(self, at: str = "2026-03-04T23:55:00") -> list[AlertRule]:
        """List the alerts that fire (or fired) at a moment. Silenced ones are left out.

        Args:
            at: Moment of interest.
        """
        return self._firing(at)

    @tool("write")
    def create_alert_rule(
        self, name: str, service: str, metric: str, threshold: float, severity: Severity = "warning"
    ) -> AlertRule:
        """Create or replace an alert rule that fires while a metric is above a threshold.

        Args:
            name: Unique name of the rule.
            service: Service to watch.
            metric: Metric to watch.
            threshold: The alert fires above this value.
            severity: How loud it is.
        """
        self._series(service, metric, *_DAY)
        return self._rules.put(name, AlertRule(name, service, metric, threshold, severity, ""))

    @tool("write")
    def silence_alert(self, name: str, reason: str) -> AlertRule:
        """Mute an alert rule, for example during maintenance. An empty reason lifts the silence.

        Args:
            name: Rule to silence.
            reason: Why, for colleagues who wonder.
        """
        return self._rules.put(name, replace(self._rules.get(name), silenced=reason))

    @tool("delete")
    def delete_alert_rule(self, name: str) -> str:
        """Remove an alert rule for good.

        Args:
            name: Rule to remove.
        """
        return f"Removed alert rule {self._rules.remove(name).name}."

    @tool("write")
    def open_incident(self, title: str, severity: Severity, note: str = "") -> Incident:
        """Declare an incident so that the on-call engineer and others can follow it.

        Args:
            title: What is broken, from the customers' view.
            severity: How bad it is.
            note: First observation.
        """
        key = self._incidents.new_key("INC-")
        return self._incidents.put(key, Incident(key, title, severity, "open", [note] if note else []))

    @tool("write")
    def update_incident(self, incident_id: str, note: str, resolved: bool = False) -> Incident:
        """Add a timeline note to an incident and optionally resolve it.

        Args:
            incident_id: Id such as INC-1.
            note: What happened or was done.
            resolved: Close the incident.
        """
        old = self._incidents.get(incident_id)
        status = "resolved" if resolved else old.status
        return self._incidents.put(incident_id, replace(old, status=status, notes=[*old.notes, note]))

    def _firing(self, at: str) -> list[AlertRule]:
        latest = {(service, metric): value for time, service, metric, value in self._samples() if time <= at}
        rules = (rule for rule in self._rules.all().values() if not rule.silenced)
        return [rule for rule in rules if latest.get((rule.service, rule.metric), 0.0) > rule.threshold]

    def _series(self, service: str, metric: str, start: str, end: str) -> list[tuple[datetime, float]]:
        begin, finish = _time(start), _time(end)
        rows = ((_time(time), value) for time, s, m, value in self._samples() if (s, m) == (service, metric))
        series = [(time, value) for time, value in rows if begin <= time < finish]
        if not series:
            raise ToolFailedError(
                f"No samples of {metric!r} for {service!r} in this range; list_metrics shows what exists."
            )
        return series

    def _samples(self) -> Iterator[tuple[str, str, str, float]]:
        with (self._folder / "metrics.csv").open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            next(rows)
            for time, service, metric, value in rows:
                yield time, service, metric, float(value)

    def _logs(self) -> list[dict[str, str]]:
        lines = (self._folder / "logs.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise ToolFailedError(f"{text!r} is not a time; write it like 2026-03-04T14:30:00.") from error
