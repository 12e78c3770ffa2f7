"""A Redis that several machines share, and that may be away for a while without harm to the calls of tools."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, cast

import structlog

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.store.stored_text import restored, storable

try:
    from redis import DataError, Redis, RedisError, ResponseError
    from redis.backoff import NoBackoff
    from redis.exceptions import AuthenticationError, NoPermissionError
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.retry import Retry
except ImportError as error:
    raise ConfigError(
        "store_url needs the Redis client: pip install 'mcp-dynaload[redis]', or remove the setting"
    ) from error

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
AWAITED_SECONDS = 5.0
"""The same for what says who may do what."""


REST_SECONDS = 1.0
"""After a failure it is left alone for so long: nothing waits for it again and again."""

MIN_REST_SECONDS = 0.05

VITAL_REST_SECONDS = 0.2
"""The same before what is asked only once, as what the user has set when a session begins."""

SLOW_SECONDS = 0.25
"""An answer that takes longer holds somebody up: a prompt, a call, a request of the service."""

HELD_UP_SECONDS = 3.0
HELD_UP_SHARE = 0.1
"""A slow one may hold us up for so long at once, and for this share of the time; else it counts as away."""

CLOSE_SECONDS = 5.0
"""How long what waits may take to be delivered at the end."""

MAX_NAMED = 3
"""Keys that a message names."""

MAX_WAITING = 20_000
"""Writes that wait for it to come back; of more, the oldest are lost, which is logged."""

AWAY = "calls go on; what is to be kept waits in this process"

Command = tuple[str | int | float, ...]
"""A command of Redis with its arguments."""

log = structlog.get_logger()


class RedisConnection:
    """A connection to one Redis, for any number of threads.

    A write that cannot be delivered waits here, in order, and is delivered when Redis is back. A connection that breaks
    between a transaction and its answer has it delivered twice: a count may then be too high, but nothing is missing.
    One that answers slowly counts as away for most of the time, in which writes are delivered by a thread of their own.
    """

    def __init__(
        self, client: Redis, where: str, clock: Callable[[], float] = time.monotonic, *, is_awaited: bool = False
    ) -> None:
        """Use a client; with `is_awaited` a slow Redis is waited for: without its answers nobody may go on."""
        self._client, self._where, self._clock, self._is_awaited = client, where, clock, is_awaited
        self._lock = threading.Lock()
        self._waiting: deque[Sequence[Command]] = deque()
        self._lost = 0
        self._not_before = 0.0
        self._slow_until = 0.0
        self._patience = HELD_UP_SECONDS
        self._patience_at = clock()
        self._problem: str | None = None
        self._next: threading.Timer | None = None
        self._is_closed = False

    def read(self, *commands: Command, is_awaited: bool = False, is_vital: bool = False) -> list[Any] | None:
        """Return the replies; None while Redis is away, or where it refuses the question.

        It does where a key holds a value of another type than ours, which is logged. What waits to be written there is
        written before; None, too, where that takes too long. With `is_awaited` or `is_vital` Redis is asked though it
        be slow, with `is_vital` though it has just failed. Who is awaited waits for its turn as long as others before
        it are answered; each answer has a limit of its own.
        """
        found = self._asked([commands], is_awaited=is_awaited, is_vital=is_vital)
        return found[0] if found else None

    def read_each(self, questions: Sequence[Sequence[Command]]) -> list[list[Any] | None] | None:
        """Return the replies to each of some questions that are asked in one exchange, waited for.

        None while Redis is away; in the place of a question that it refuses, which harms no other.
        """
        return self._asked(questions, is_awaited=True, is_vital=False)

    def _asked(
        self, questions: Sequence[Sequence[Command]], *, is_awaited: bool, is_vital: bool
    ) -> list[list[Any] | None] | None:
        is_awaited = is_awaited or self._is_awaited
        commands = [command for question in questions for command in question]
        if is_vital and self._clock() >= self._not_before - REST_SECONDS + VITAL_REST_SECONDS:
            self._not_before = 0.0
        longest = -1 if is_awaited else AWAITED_SECONDS if is_vital else SLOW_SECONDS
        is_insistent = is_awaited or is_vital
        if self._is_away(is_insistent) or not self._lock.acquire(timeout=longest):
            return None
        try:
            if self._is_closed or not self._is_up_to_date(commands, is_insistent):
                return None
            replies = iter(self._run(commands, transaction=False))
            return [self._answer(question, list(islice(replies, len(question)))) for question in questions]
        except RedisError as error:
            if is_refused(error):
                self._refused("store_read_failed", error, commands)
            else:
                self._failed(error)
            return None
        finally:
            self._try_later()
            self._lock.release()

    def _answer(self, question: Sequence[Command], replies: list[Any]) -> list[Any] | None:
        """Return the replies to a question; None, which is logged, if one of them is a refusal."""
        refusal = next((reply for reply in replies if isinstance(reply, RedisError)), None)
        if refusal is None:
            return replies
        self._refused("store_read_failed", refusal, question)
        return None

    def write(self, *commands: Command) -> str | None:
        """Deliver a transaction, or have it wait; returns why it waits, or was refused for good."""
        self._waiting.append(commands)
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self._lost += 1
        if not self._lock.acquire(timeout=0 if self._is_away() else SLOW_SECONDS):
            return self._problem or self._slow()  # whoever has it delivers this, too, or has it delivered later
        try:
            return self._deliver(self._clock() + SLOW_SECONDS)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Deliver what waits, if that is possible now, and let go."""
        with self._lock:
            self._is_closed = True
            if self._next is not None:
                self._next.cancel()
            self._not_before = 0.0
            self._deliver(self._clock() + CLOSE_SECONDS, is_insistent=True)
            if self._waiting or self._lost:
                log.error("store_writes_lost", store=self._where, writes=len(self._waiting) + self._lost)
            self._client.close()

    def _is_up_to_date(self, commands: Sequence[Command], is_insistent: bool) -> bool:
        """Deliver for a moment what waits; return whether these commands can be asked and would not see the past."""
        self._deliver(self._clock() + SLOW_SECONDS)
        if is_insistent and self._is_behind(commands):
            self._deliver(self._clock() + AWAITED_SECONDS, is_insistent=True)
        return not self._is_behind(commands) and not self._is_away(is_insistent)

    def _is_behind(self, commands: Sequence[Command]) -> bool:
        """Return whether a write waits for a key that these commands name."""
        names = {part for command in commands for part in command[1:] if isinstance(part, str)}
        waiting = self._waiting.copy()  # others append meanwhile
        return any(not names.isdisjoint(command[1:]) for write in waiting for command in write)

    def _deliver(self, until: float, *, is_insistent: bool = False) -> str | None:
        """Deliver what waits, until then; returns why the newest of it was not delivered.

        The first is delivered in any case, unless Redis is away; what is left then a thread of its own delivers.
        """
        refused: str | None = None
        while self._waiting:
            if self._clock() > until or self._is_away(is_insistent):
                self._try_later()
                return self._problem or self._slow()
            first = self._waiting[0]
            try:
                self._run(first, transaction=True)
                refused = None
            except RedisError as error:
                if not is_refused(error):
                    return self._failed(error)
                refused = self._refused("store_write_failed", error, first)
            if self._waiting and self._waiting[0] is first:  # else there were too many meanwhile
                self._waiting.popleft()  # one that is refused would be for ever, and what waits behind it with it
        return refused

    def _is_away(self, is_insistent: bool = False) -> bool:
        """Return whether Redis is not to be asked now, by one who asks a slow one or by all others."""
        return self._clock() < (self._not_before if is_insistent else max(self._not_before, self._slow_until))

    def _run(self, commands: Sequence[Command], *, transaction: bool) -> list[Any]:
        began, was_away = self._clock(), self._is_away()
        try:
            replies = self._exchanged(commands, transaction=transaction)
            if self._problem == self._unreachable():
                self._answered_well()  # however late it is: whether it is slow is another question
        finally:
            seconds = self._clock() - began
            if not was_away:  # else who asked has chosen to wait
                self._spent(seconds)
        if self._is_awaited or (seconds <= SLOW_SECONDS and not was_away):
            self._answered_well()
        return replies

    def _spent(self, seconds: float) -> None:
        """Count the time that an exchange took, and leave a slow Redis alone for as long as it is to be."""
        now = self._clock()
        more = HELD_UP_SHARE * (now - self._patience_at)
        self._patience, self._patience_at = min(HELD_UP_SECONDS, self._patience + more), now
        if seconds <= SLOW_SECONDS or self._is_awaited:
            return
        self._patience -= seconds
        if self._patience < 0:
            self._slow_until = now - self._patience / HELD_UP_SHARE
            if self._problem is None:
                fix = "look at its load and at the way to it, or name another one by store_url"
                log.warning("store_slow", store=self._where, seconds=round(seconds, 2), consequence=AWAY, fix=fix)
            self._problem = self._problem or self._slow()

    def _answered_well(self) -> None:
        """Note the end of a problem: one that it is slow does not end by a slow answer, or while it counts as away."""
        if self._problem is not None:
            log.warning("store_reachable_again", store=self._where, waiting=len(self._waiting), lost=self._lost)
            self._problem, self._lost = None, 0

    def _unreachable(self) -> str:
        return f"the store at {self._where} cannot be reached; it is tried again"

    def _slow(self) -> str:
        return f"the store at {self._where} answers slowly; it is tried again"

    def _exchanged(self, commands: Sequence[Command], *, transaction: bool) -> list[Any]:
        with self._client.pipeline(transaction) as pipe:  # pyright: ignore[reportUnknownMemberType] - untyped there
            for command in commands:
                pipe.execute_command(*storable(command))  # pyright: ignore[reportUnknownMemberType]
            replies: list[Any] = pipe.execute(raise_on_error=transaction)
        if states := [reply for reply in replies if isinstance(reply, RedisError) and not is_refused(reply)]:
            raise states[0]
        return [reply if isinstance(reply, RedisError) else _restored_reply(reply) for reply in replies]

    def _refused(self, event: str, error: RedisError, commands: Sequence[Command]) -> str:
        keys = sorted({str(command[1]) for command in commands if len(command) > 1})
        fix = "look at the type of these keys: another program may have written them, or another version of ours"
        log.warning(event, store=self._where, error=_said(error), keys=keys[:MAX_NAMED], fix=fix)
        return f"the store at {self._where} refuses it ({_said(error)}); see the log"

    def _failed(self, error: RedisError) -> str:
        """Log a failure once when it begins, not with every call, and return it in words."""
        problem = self._unreachable()
        if self._problem != problem:
            log.error(
                "store_unreachable",
                store=self._where,
                error=_said(error),
                consequence=AWAY,
                fix=_fix_of(error),
            )
        self._not_before = self._clock() + REST_SECONDS
        self._problem = problem
        self._try_later()
        return problem

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
                self._deliver(self._clock() + HELD_UP_SECONDS, is_insistent=True)  # nobody waits for it here
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


def open_redis(url: str, *, is_awaited: bool = False, answer_seconds: float = ANSWER_SECONDS) -> RedisConnection:
    """Return the Redis at `redis://`, `rediss://` or `unix://`; opens no connection yet.

    With `is_awaited` a slow one is waited for, as what says who may do what.

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
            socket_timeout=answer_seconds,
            retry=Retry(NoBackoff(), 1, (RedisConnectionError,)),  # an idle connection may have been closed
        )
    except ValueError as error:
        raise ConfigError(f"store_url cannot be used: {error}; write redis://host:6379/0") from error
    options = client.connection_pool.connection_kwargs
    where = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    return RedisConnection(client, str(where), is_awaited=is_awaited)
