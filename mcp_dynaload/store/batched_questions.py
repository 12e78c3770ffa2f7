"""Questions to a slow Redis in batches: those who come while others are asked for share the next exchange."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import structlog

from mcp_dynaload.errors import StoreAwayError, StoreError
from mcp_dynaload.store.redis_connection import Command, RedisConnection

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Question:
    """The commands of one caller, who alone gets their replies."""

    commands: Sequence[Command]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    is_over: anyio.Event = field(default_factory=anyio.Event)
    is_away: bool = True
    replies: list[Any] | None = None

    def end(self) -> None:
        """Wake the caller, unless its loop is gone."""
        try:
            self.loop.call_soon_threadsafe(self.is_over.set)
        except RuntimeError:  # it is closed
            return


class BatchedQuestions:
    """A queue in front of one connection: whoever comes waits for two exchanges at most, and for no thread.

    Batches are asked in order by one thread, which is there as long as somebody waits: none of those that all others
    share is held, however slow Redis is.
    """

    def __init__(self, remote: RedisConnection, store: str) -> None:
        """Ask the connection, of which nobody else does; `store` says in errors what is in it."""
        self._remote, self._store = remote, store
        self._lock = threading.Lock()
        self._waiting: list[_Question] = []
        self._is_asking = False

    async def ask(self, *commands: Command) -> list[Any]:
        """Return the replies; who is cancelled meanwhile leaves a question that is asked all the same.

        Raises:
            StoreAwayError: Redis is away, or does not answer in time.
            StoreError: It refuses these commands.
        """
        question = _Question(commands)
        with self._lock:
            self._waiting.append(question)
            is_first, self._is_asking = not self._is_asking, True
        if is_first:
            self._begin()
        await question.is_over.wait()
        if question.is_away:
            raise StoreAwayError(f"{self._store} in the Redis of store_url, which cannot be reached; the log says why")
        if question.replies is None:
            raise StoreError(f"{self._store} in the Redis of store_url, which refuses it; the log says why")
        return question.replies

    def close(self) -> None:
        """Let go of the connection."""
        self._remote.close()

    def _begin(self) -> None:
        """Start the thread; where the system gives none, those who wait are told that there is no answer now."""
        try:
            threading.Thread(target=self._ask_all, name="batched questions", daemon=True).start()
        except RuntimeError:
            log.exception("store_questions_failed", consequence="they are answered as if Redis were away")
            with self._lock:
                waiting, self._waiting, self._is_asking = self._waiting, [], False
            for question in waiting:
                question.end()

    def _ask_all(self) -> None:
        while batch := self._taken():
            try:
                answers = self._remote.read_each([question.commands for question in batch])
            except Exception:  # else all who wait would do so for ever
                log.exception("store_questions_failed", questions=len(batch))
                answers = None
            for place, question in enumerate(batch):
                question.is_away = answers is None
                question.replies = None if answers is None else answers[place]
                question.end()

    def _taken(self) -> list[_Question]:
        """Return all that wait by now; without any the thread ends, and the next one who comes starts another."""
        with self._lock:
            batch, self._waiting = self._waiting, []
            self._is_asking = bool(batch)
        return batch
