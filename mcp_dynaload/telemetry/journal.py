"""Writes events into the journal, in batches and off the event loop."""

import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.store.journal import JournalStore
from mcp_dynaload.telemetry.codec import row_of
from mcp_dynaload.telemetry.events import Event, SessionClosed

MAX_WAITING = 20_000
"""Events that wait to be written; more are dropped, oldest first, and counted."""

BATCH_SECONDS = 0.25
LAST_WRITE_SECONDS = 2.0
"""The journal is not worth a client waiting for our end any longer."""

log = structlog.get_logger()


@dataclass(slots=True)
class JournalWriter:
    """An observer that keeps events until they are written; no trouble with the store reaches what it observes."""

    open_store: Callable[[], JournalStore]
    """Blocks."""

    _store: JournalStore | None = None
    _opening: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _waiting: deque[tuple[float, Event]] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    _news: anyio.Event = field(default_factory=anyio.Event)
    _last_word: anyio.Event = field(default_factory=anyio.Event)
    """A session is over: who has started us may end us the next moment."""

    _running: anyio.CancelScope = field(default_factory=lambda: anyio.CancelScope(shield=True))
    _dropped: int = 0
    _is_failing: bool = False

    def __call__(self, at: float, event: Event) -> None:
        """Have an event written soon."""
        self._dropped += len(self._waiting) == MAX_WAITING
        self._waiting.append((at, event))
        self._news.set()
        if isinstance(event, SessionClosed):
            self._last_word.set()

    async def run(self) -> None:
        """Write what comes until `stop`, also while everything around is cancelled and comes to its end."""
        with self._running:
            while True:
                await self._news.wait()
                with anyio.move_on_after(BATCH_SECONDS):
                    await self._last_word.wait()
                await self.flush()

    def stop(self) -> None:
        """Have `run` end: nothing comes any more."""
        self._running.cancel()

    async def flush(self) -> None:
        """Write what waits now."""
        self._news, self._last_word = anyio.Event(), anyio.Event()
        if self._waiting:
            error, written = await anyio.to_thread.run_sync(self._write_waiting, abandon_on_cancel=True)
            self._tell(error, written)

    async def close(self) -> None:
        """Write what is left, even when everything around is cancelled."""
        with anyio.move_on_after(LAST_WRITE_SECONDS, shield=True):
            await self.flush()
            await anyio.to_thread.run_sync(self._close, abandon_on_cancel=True)

    def store(self) -> JournalStore:
        """Return the store that is written to, opened when it is first needed; blocks."""
        with self._opening:
            self._store = self._store or self.open_store()
            return self._store

    def _write_waiting(self) -> tuple[str | None, int]:
        """Write what waits when this has its turn; returns what went wrong, and how many events it was.

        A thread whose caller was cancelled goes on: then the next one waits for it, and so does the end.
        """
        with self._writing:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            return self._write(batch) if batch else None, len(batch)

    def _close(self) -> None:
        with self._writing:
            if self._store is not None:
                self._store.close()

    def _write(self, batch: list[tuple[float, Event]]) -> str | None:
        try:
            return self.store().append([row_of(at, event) for at, event in batch])
        except Exception as error:  # whatever is wrong with a store, the sessions that it is told of go on
            log.exception("journal_broke")
            return str(error) or type(error).__name__

    def _tell(self, error: str | None, lost: int) -> None:
        """Log once when writing begins to fail, and once when that is over."""
        if error is not None:
            self._dropped += lost
            if not self._is_failing:
                log.warning("journal_not_written", error=error, consequence="what happens meanwhile is not journalled")
        elif self._dropped:
            log.warning("journal_written_again", lost=self._dropped)
            self._dropped = 0
        self._is_failing = error is not None


@asynccontextmanager
async def open_journal(open_store: Callable[[], JournalStore]) -> AsyncGenerator[JournalWriter]:
    """Open a writer; at exit everything is written."""
    writer = JournalWriter(open_store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.run)
        try:
            yield writer
        finally:
            writer.stop()
            await writer.close()
