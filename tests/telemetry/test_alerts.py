import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import anyio
import anyio.to_thread
import pytest
from structlog.testing import capture_logs

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.telemetry.alerts import MIN_VALUES, Alerts, thresholds_of
from mcp_dynaload.telemetry.events import AlertChanged, ErrorKind, Event, Fallback, FellBack, Outcome
from mcp_dynaload.telemetry.webhook import Webhook, log_alert
from mcp_dynaload.telemetry.window import Window
from tests.telemetry.events import ME, a_call, a_prompt, a_search

FAILED = a_call("t", outcome=Outcome.FAILED, error=ErrorKind.DIED)
WELL = a_call("t")


class Watching:
    """The alerts with the default bounds, and what they told."""

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.alerts = Alerts(thresholds_of(Settings()), 300, self.told.append)

    def see(self, *event_bus: Event, at: float = 0.0) -> None:
        for event in event_bus:
            self.alerts(at, event)

    def names(self) -> list[tuple[str, bool]]:
        return [(event.alert, event.is_firing) for event in self.told if isinstance(event, AlertChanged)]


@pytest.mark.parametrize(
    ("event", "alert"),
    [
        (FAILED, "success_rate_min"),
        (FAILED, "error_rate_max"),
        (FellBack(who=ME, step=Fallback.DETECTION_TIMEOUT), "error_rate_max"),
        (a_call("t", own_ms=201), "avg_response_time_max"),
        (a_prompt(detection_ms=200), "avg_response_time_max"),
        (a_call("t", upstream_ms=10_001), "upstream_response_time_max"),
        (a_prompt(listed=501), "reduction_min"),
        (a_search("t"), "miss_rate_max"),
        (a_call("t", was_listed=False), "miss_rate_max"),
    ],
)
@pytest.mark.proves("alerts")
def test_an_alert_fires_when_its_bound_is_left_and_not_for_few_values(event: Event, alert: str) -> None:
    watching = Watching()
    watching.see(*[event] * (MIN_VALUES - 1))
    assert watching.told == []

    watching.see(*[event] * 5)

    assert watching.names().count((alert, True)) == 1
    assert alert in watching.alerts.firing


def test_what_lies_within_its_bounds_raises_none() -> None:
    watching = Watching()
    tool_error = a_call("t", outcome=Outcome.TOOL_ERROR)
    watching.see(*[WELL, tool_error, a_prompt(), a_call("t", own_ms=199, upstream_ms=9_999)] * 50)

    assert watching.told == []


def test_an_alert_ends_only_when_the_value_is_clearly_back() -> None:
    watching = Watching()
    watching.see(*[WELL] * 95, *[FAILED] * 6)
    assert watching.names() == [("success_rate_min", True), ("error_rate_max", True)]

    watching.see(*[WELL] * 19, at=1)
    assert len(watching.told) == 2, "95 % are on the bound, not clearly within it"

    watching.see(*[WELL] * 20, at=2)
    assert watching.names()[2:] == [("success_rate_min", False), ("error_rate_max", False)]
    assert watching.alerts.firing == {}


def test_an_alert_ends_when_the_window_has_passed_without_a_value() -> None:
    watching = Watching()
    watching.see(*[a_prompt(listed=900)] * MIN_VALUES)
    watching.alerts.tick(299)
    assert list(watching.alerts.firing) == ["reduction_min"]

    watching.alerts.tick(311)

    assert watching.names() == [("reduction_min", True), ("reduction_min", False)]


def test_a_window_forgets_what_is_older_in_bounded_memory() -> None:
    window = Window(30)
    for second in range(1_000):
        window.note(second, second)

    count, mean = window.mean(999)
    assert (count, mean) == (30, pytest.approx(984.5))
    assert window.mean(2_000) == (0, 0.0)


def test_alerts_are_logged() -> None:
    with capture_logs() as logs:
        log_alert(0, AlertChanged(alert="error_rate_max", is_firing=True, value=12.34, threshold=5))
        log_alert(0, WELL)

    assert [(line["event"], line["alert"], line["value"]) for line in logs] == [("alert_fired", "error_rate_max", 12.3)]


@contextmanager
def listening(*statuses: int) -> Generator[tuple[str, Queue[dict[str, Any]]]]:
    """Run a server that keeps what is posted, and answers with these statuses in turn."""
    posted: Queue[dict[str, Any]] = Queue()
    answers = iter(statuses)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(next(answers))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook?secret=s3cret", posted
        server.shutdown()
        thread.join()


async def test_alerts_are_posted_again_if_need_be_and_the_address_is_not_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcp_dynaload.telemetry.webhook.RETRY_SECONDS", 0)
    bodies: list[dict[str, Any]] = []
    with listening(500, 200) as (url, posted), capture_logs() as logs:
        webhook = Webhook(url)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(webhook.run)
            webhook(1_764_072_000.0, WELL)
            webhook(1_764_072_000.0, AlertChanged(alert="error_rate_max", is_firing=True, value=12.0, threshold=5.0))
            bodies += [await anyio.to_thread.run_sync(posted.get) for _ in range(2)]
            tasks.cancel_scope.cancel()

    assert bodies[0] == bodies[1]
    assert bodies[0] == {
        "alert": "error_rate_max",
        "is_firing": True,
        "value": 12.0,
        "threshold": 5.0,
        "at": "2025-11-25T12:00:00+00:00",
        "source": bodies[0]["source"],
    }
    assert [line["event"] for line in logs] == ["alert_not_posted"]
    assert "s3cret" not in str(logs)
