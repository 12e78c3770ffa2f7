"""Tells of alerts: in the log, and by posting them to where the user wants."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

import anyio
import structlog

from mcp_dynaload.telemetry.events import AlertChanged, Event
from mcp_dynaload.version import __version__

MAX_WAITING = 100
"""Alerts that wait to be posted; more are dropped, oldest first."""

POST_SECONDS = 5.0
TRIES = 3
RETRY_SECONDS = 2.0

log = structlog.get_logger()


def log_alert(at: float, event: Event) -> None:
    """Write alerts into our log; an observer of events."""
    if isinstance(event, AlertChanged):
        tell = log.warning if event.is_firing else log.info
        name = "alert_fired" if event.is_firing else "alert_ended"
        tell(name, alert=event.alert, value=round(event.value, 1), threshold=event.threshold)


@dataclass(slots=True)
class Webhook:
    """An observer that posts alerts, one after the other, while nobody waits for it."""

    url: str
    _waiting: deque[tuple[float, AlertChanged]] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    _news: anyio.Event = field(default_factory=anyio.Event)

    def __call__(self, at: float, event: Event) -> None:
        """Have an alert posted soon."""
        if isinstance(event, AlertChanged):
            self._waiting.append((at, event))
            self._news.set()

    async def run(self) -> None:
        """Post what comes, for ever."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            while self._waiting:
                await self._post(*self._waiting.popleft())

    async def _post(self, at: float, event: AlertChanged) -> None:
        import httpx2  # a tenth of a second that only an alert is worth

        body = {
            "alert": event.alert,
            "is_firing": event.is_firing,
            "value": event.value,
            "threshold": event.threshold,
            "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
            "source": f"mcp-dynaload {__version__}",
        }
        for attempt in range(1, TRIES + 1):
            try:
                async with httpx2.AsyncClient(timeout=POST_SECONDS) as client:
                    (await client.post(self.url, json=body)).raise_for_status()
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                # Not the address: it may hold a secret.
                log.warning("alert_not_posted", alert=event.alert, error=type(error).__name__, attempt=attempt)
                await anyio.sleep(RETRY_SECONDS if attempt < TRIES else 0)
            else:
                return
