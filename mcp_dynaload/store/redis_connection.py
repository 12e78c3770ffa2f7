"""A Redis that several machines share, and that may be away for a while without harm to the calls of tools."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import structlog

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.store.stored_text import restored, storable

try:
    from redis import DataError, Redis, RedisError, ResponseError
    from redis.backoff import NoBackoff
    from redis.exceptions import AuthenticationError, NoPermissionError
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

MAX_NAMED = 3
"""Keys that a message names."""

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
        """Return the replies, after all writes that wait; None while Redis is away, or where it refuses the question.

        It does where a key holds a value of another type than ours, which is logged.
        """
        with self._lock:
            self._deliver()
            if self._waiting or self._is_away():
                return None
            try:
                return self._run(commands, transaction=False)
            except RedisError as error:
                if is_refused(error):
                    self._refused("store_read_failed", error, commands)
                else:
                    self._failed(error)
                return None

    def write(self, *commands: Command) -> str | None:
        """Deliver a transaction, or have it wait; returns why it waits, or was refused for good."""
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
        """Deliver what waits; returns why the newest of it was not delivered."""
        if self._is_away():
            return self._problem
        refused: str | None = None
        while self._waiting:
            try:
                self._run(self._waiting[0], transaction=True)
                refused = None
            except RedisError as error:
                if not is_refused(error):
                    return self._failed(error)
                refused = self._refused("store_write_failed", error, self._waiting[0])
            self._waiting.popleft()  # one that is refused would be for ever, and what waits behind it with it
        return refused

    def _is_away(self) -> bool:
        return self._clock() < self._not_before

    def _run(self, commands: Sequence[Command], *, transaction: bool) -> list[Any]:
        with self._client.pipeline(transaction) as pipe:  # pyright: ignore[reportUnknownMemberType] - untyped there
            for command in commands:
                pipe.execute_command(*storable(command))  # pyright: ignore[reportUnknownMemberType]
            replies = _restored_reply(pipe.execute())
        if self._problem is not None:
            log.warning("store_reachable_again", store=self._where, waiting=len(self._waiting), lost=self._lost)
            self._problem, self._lost = None, 0
        return replies

    def _refused(self, event: str, error: RedisError, commands: Sequence[Command]) -> str:
        keys = sorted({str(command[1]) for command in commands if len(command) > 1})
        fix = "look at the type of these keys: another program may have written them, or another version of ours"
        log.warning(event, store=self._where, error=_said(error), keys=keys[:MAX_NAMED], fix=fix)
        return f"the store at {self._where} refuses it ({_said(error)}); see the log"

    def _failed(self, error: RedisError) -> str:
        """Log a failure once when it begins, not with every call, and return it in words."""
        if self._problem is None:
            log.error(
                "store_unreachable",
                store=self._where,
                error=_said(error),
                consequence="calls go on; what is to be kept waits in this process",
                fix=_fix_of(error),
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


def is_refused(error: RedisError) -> bool:
    """Return whether Redis refuses these very commands, as for a key of another type, whatever its own state is.

    What it says of its state has an exception of its own, or begins with a code such as `MISCONF`.
    """
    if isinstance(error, DataError):
        return True
    code = _said(error).split(" ", 1)[0]
    return type(error) is ResponseError and (code == "WRONGTYPE" or not code.isupper())


def _said(error: RedisError) -> str:
    """Return what Redis said, without the command, in which there may be anything."""
    return str(error).rpartition("caused error: ")[2]


def _fix_of(error: RedisError) -> str:
    if isinstance(error, AuthenticationError | NoPermissionError):
        return "correct user and password in store_url, or what Redis lets that user do"
    if isinstance(error, ResponseError):
        return "mend what Redis says, or name another one by store_url"
    return "start Redis again, or correct store_url"


def _restored_reply(reply: Any) -> Any:
    """Return a reply with its texts as they were before they were stored."""
    if isinstance(reply, list):
        return [_restored_reply(one) for one in cast(list[Any], reply)]
    if isinstance(reply, set):
        return {restored(one) for one in cast(set[Any], reply)}
    if isinstance(reply, dict):
        return {restored(name): restored(value) for name, value in cast(dict[Any, Any], reply).items()}
    return restored(reply)


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
            encoding_errors="backslashreplace",  # of what others wrote: our own texts are whole
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),  # an idle connection may have been closed
        )
    except ValueError as error:
        raise ConfigError(f"store_url cannot be used: {error}; write redis://host:6379/0") from error
    options = client.connection_pool.connection_kwargs
    where = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    return RedisConnection(client, str(where))
