"""A Redis that several machines share, and that may be away for a while without harm to the calls of tools."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from mcp_dynaload.errors import ConfigError

try:
    from redis import Redis, RedisError
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError as error:
    raise ConfigError(
        "store_url needs the Redis client: pip install 'mcp-dynaload[redis]', or remove the setting"
    ) from error

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0

REST_SECONDS = 1.0
"""After a failure it is left alone for so long: nothing waits for it again and again."""

MIN_REST_SECONDS = 0.05

MAX_WAITING = 20_000
"""Writes that wait for it to come back; of more, the oldest are lost, which is logged."""

Command = tuple[str | int | float, ...]
"""A command of Redis with its arguments."""

log = structlog.get_logger()


class RedisConnection:
    """A connection to one Redis, for any number of threads.

    A write that cannot be delivered waits here, in order, and is delivered when Redis is back. A connection that breaks
    between a transaction and its answer has it delivered twice: a count may then be too high, but nothing is missing.
    """

    def __init__(self, client: Redis, where: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._where, self._clock = client, where, clock
        self._lock = threading.Lock()
        self._waiting: deque[Sequence[Command]] = deque()
        self._lost = 0
        self._not_before = 0.0
        self._problem: str | None = None
        self._next: threading.Timer | None = None
        self._is_closed = False

    def read(self, *commands: Command) -> list[Any] | None:
        """Return the replies, after all writes that wait; None while Redis is away."""
        with self._lock:
            if self._deliver() is not None:
                return None
            try:
                return self._run(commands, transaction=False)
            except RedisError as error:
                self._failed(error)
                return None

    def write(self, *commands: Command) -> str | None:
        """Deliver a transaction, or have it wait; returns why it waits."""
        with self._lock:
            self._waiting.append(commands)
            if len(self._waiting) > MAX_WAITING:
                self._waiting.popleft()
                self._lost += 1
            return self._deliver()

    def close(self) -> None:
        """Deliver what waits, if that is possible now, and let go."""
        with self._lock:
            self._is_closed = True
            if self._next is not None:
                self._next.cancel()
            self._not_before = 0.0
            self._deliver()
            if self._waiting or self._lost:
                log.error("store_writes_lost", store=self._where, writes=len(self._waiting) + self._lost)
            self._client.close()

    def _deliver(self) -> str | None:
        if self._clock() < self._not_before:
            return self._problem
        try:
            while self._waiting:
                self._run(self._waiting[0], transaction=True)
                self._waiting.popleft()
        except RedisError as error:
            return self._failed(error)
        return None

    def _run(self, commands: Sequence[Command], *, transaction: bool) -> list[Any]:
        with self._client.pipeline(transaction) as pipe:  # pyright: ignore[reportUnknownMemberType] - untyped there
            for command in commands:
                pipe.execute_command(*command)  # pyright: ignore[reportUnknownMemberType]
            replies = pipe.execute()
        if self._problem is not None:
            log.warning("store_reachable_again", store=self._where, waiting=len(self._waiting), lost=self._lost)
            self._problem, self._lost = None, 0
        return replies

    def _failed(self, error: RedisError) -> str:
        """Log a failure once when it begins, not with every call, and return it in words."""
        if self._problem is None:
            log.error(
                "store_unreachable",
                store=self._where,
                error=str(error),
                consequence="calls go on; what is to be kept waits in this process",
                fix="start Redis again, or correct store_url",
            )
        self._not_before = self._clock() + REST_SECONDS
        self._problem = f"the store at {self._where} cannot be reached; it is tried again"
        self._try_later()
        return self._problem

    def _try_later(self) -> None:
        """Deliver what waits even if nobody asks for anything any more."""
        if self._is_closed or not self._waiting or (self._next is not None and self._next.is_alive()):
            return
        self._next = threading.Timer(max(REST_SECONDS, MIN_REST_SECONDS), self._try_again)
        self._next.daemon = True
        self._next.start()

    def _try_again(self) -> None:
        with self._lock:
            self._next = None
            if not self._is_closed:
                self._deliver()
                self._try_later()


def open_redis(url: str) -> RedisConnection:
    """Return the Redis at `redis://`, `rediss://` or `unix://`; opens no connection yet.

    Raises:
        ConfigError: The URL cannot be used.
    """
    try:
        client = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - its options are untyped
            url,
            protocol=2,
            decode_responses=True,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),  # an idle connection may have been closed
        )
    except ValueError as error:
        raise ConfigError(f"store_url cannot be used: {error}; write redis://host:6379/0") from error
    options = client.connection_pool.connection_kwargs
    where = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    return RedisConnection(client, str(where))
