"""A day of metrics and logs of four services, with one incident in the afternoon."""

import csv
import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

_START = datetime(2026, 3, 4)
_MINUTES_PER_SAMPLE = 5
_SAMPLES = 24 * 60 // _MINUTES_PER_SAMPLE
_INCIDENT_HOURS = (14.0, 14.7)
_BASELINES = {
    "requests_per_minute": {"checkout": 220, "catalog": 900, "payments": 180, "search": 410},
    "error_rate": {"checkout": 0.4, "catalog": 0.1, "payments": 0.6, "search": 0.2},
    "latency_p95_ms": {"checkout": 310, "catalog": 120, "payments": 480, "search": 190},
    "cpu_percent": {"checkout": 35, "catalog": 52, "payments": 41, "search": 60},
}
_INCIDENT_FACTORS = {"error_rate": 22.0, "latency_p95_ms": 5.5, "cpu_percent": 1.9, "requests_per_minute": 0.6}
_ALERTS = {
    "payments-errors": ("payments", "error_rate", 5.0, "critical"),
    "checkout-latency": ("checkout", "latency_p95_ms", 900.0, "warning"),
    "search-cpu": ("search", "cpu_percent", 95.0, "warning"),
}


def write(folder: Path) -> None:
    """Write metrics, logs and alert rules."""
    with (folder / "metrics.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("time", "service", "metric", "value"), *_samples()])
    (folder / "logs.jsonl").write_text("".join(f"{json.dumps(entry)}\n" for entry in _logs()))
    rules = {
        name: {
            "name": name,
            "service": service,
            "metric": metric,
            "threshold": bound,
            "severity": severity,
            "silenced": "",
        }
        for name, (service, metric, bound, severity) in _ALERTS.items()
    }
    (folder / "alerts.json").write_text(json.dumps(rules))
    (folder / "incidents.json").write_text("{}")


def _samples() -> Iterator[tuple[str, str, str, float]]:
    for number in range(_SAMPLES):
        time = _START + timedelta(minutes=number * _MINUTES_PER_SAMPLE)
        wave = 1 + 0.3 * math.sin((time.hour - 9) / 24 * 2 * math.pi) + 0.04 * math.sin(number * 1.7)
        for metric, services in _BASELINES.items():
            for service, baseline in services.items():
                factor = _INCIDENT_FACTORS[metric] if service == "payments" and _is_incident(time) else 1.0
                yield time.isoformat(), service, metric, round(baseline * wave * factor, 2)


def _logs() -> Iterator[dict[str, str]]:
    for number in range(0, _SAMPLES):
        time = _START + timedelta(minutes=number * _MINUTES_PER_SAMPLE, seconds=number % 60)
        service = list(_BASELINES["cpu_percent"])[number % 4]
        yield _entry(time, service, "info", f"handled batch {1000 + number} in {20 + number % 17} ms")
        if number % 36 == 0:
            yield _entry(time, "search", "warning", f"index refresh took {3 + number % 5} s")
        if _is_incident(time):
            order = 70_000 + number
            yield _entry(time, "payments", "error", f"broker connection refused while capturing order {order}")
            yield _entry(time, "checkout", "error", f"payment of order {order} timed out after 30 s")


def _entry(time: datetime, service: str, level: str, message: str) -> dict[str, str]:
    return {"time": time.isoformat(), "service": service, "level": level, "message": message}


def _is_incident(time: datetime) -> bool:
    begin, end = _INCIDENT_HOURS
    return begin <= time.hour + time.minute / 60 < end
