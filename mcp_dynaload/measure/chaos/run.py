"""Runs faults of every kind, one after the other, under clients that never stop calling."""

import itertools
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import anyio
import psutil

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.chaos.clients import (
    LostError,
    StdioCaller,
    ToolCaller,
    open_http_caller,
    open_stdio_caller,
    text_of,
)
from mcp_dynaload.measure.chaos.faults import FAULTS, WINDOW_SECONDS, Fault, Victims, running
from mcp_dynaload.measure.chaos.figures import QUIET, ChaosFigures, Tally, figures_of
from mcp_dynaload.measure.chaos.programs import CALM, VICTIMS, Program, open_program

PROGRAMS = 2
"""Programs over stdio, beside one service."""

STDIO_CALLS = 5
"""Calls at a time to the calm server of a program over stdio."""

HTTP_SESSIONS = 2
"""Sessions of the service that call its calm server."""

QUIET_SECONDS = 0.6
SETTLE_SECONDS = 20.0
"""A server that does not answer by then has not come back."""

RETRY_SECONDS = 0.1
LEAK_SECONDS = 5.0
"""So long after our programs have ended, everything that they started is gone."""

CANCEL_EVERY = 20
CANCEL_SECONDS = 0.005
SEED = 18

Step = Callable[[str], None]
"""Told what is through."""


@dataclass(frozen=True, slots=True)
class ChaosSession:
    """A session of one of our programs, whose calls are counted."""

    name: str
    caller: ToolCaller
    tally: Tally

    async def call(self, server: str, nonce: str, order: str = "") -> bool:
        """Call once and count what comes of it; returns whether the answer was the right one."""
        tally, began, started = self.tally, self.tally.kind, time.perf_counter()
        arguments: Json = {"nonce": nonce, **({"order": order} if order else {})}
        tally.calls += 1
        try:
            text, is_error = text_of(await self.caller.call(f"{server}__echo_nonce", arguments))
        except LostError as error:
            tally.lost += 1
            tally.wrong(f"{server} {order}: {error}")
            return False
        kind = began or tally.kind
        tally.made[kind] = tally.made.get(kind, 0) + 1
        if is_error:
            self._refused(server, text)
        elif text.split(" xx")[0] != f"{server} {nonce}":
            tally.crossed += 1
            tally.wrong(f"{server} {nonce} was asked, and answered {text[:100]!r}")
        elif server == CALM:
            tally.untouched_ms.setdefault(kind, []).append(1e3 * (time.perf_counter() - started))
        return not is_error

    def _refused(self, server: str, text: str) -> None:
        if "TaskGroup" in text:
            self.tally.unhandled += 1
            self.tally.wrong(f"{server}: {text[:200]}")
        elif server == CALM:
            self.tally.harmed += 1
            self.tally.wrong(f"{server}: {text[:200]}")
        else:
            self.tally.refused += 1


async def chaos(minutes: float, told: Step, seed: int = SEED) -> ChaosFigures:
    """Break servers and programs of our own for this long, away from the user's files.

    Raises:
        DynaloadError: The service does not start, or a session cannot be opened.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="mcp-dynaload-chaos-") as place:
        folders: list[Path] = []
        async with _opened(Path(place), tally) as (programs, sessions):
            folders += [program.folder for program in programs]
            started = time.monotonic()
            async with anyio.create_task_group() as tasks:
                for session, server in _workers(sessions):
                    tasks.start_soon(_keep_calling, session, server)
                for session in sessions:
                    tasks.start_soon(_keep_cancelling, session)
                await _break(programs, sessions[: len(programs)], tally, _order(seed), started + 60 * minutes, told)
                tasks.cancel_scope.cancel()
            seconds = time.monotonic() - started
            extra = len(running(folders)) - len(programs) * (1 + len(VICTIMS))
        left = await _left(folders)
        tally.unhandled += sum(program.tracebacks() for program in programs)
    return figures_of(tally, seconds, seed, max(0, extra) + left)


@asynccontextmanager
async def _opened(place: Path, tally: Tally) -> AsyncGenerator[tuple[list[Program], list[ChaosSession]]]:
    """Open our programs, and sessions of them: the first ones are those in which faults are ordered, one a program."""
    async with AsyncExitStack() as stack:
        programs: list[Program] = []
        sessions: list[ChaosSession] = []
        for number in range(PROGRAMS + 1):
            is_service = number == PROGRAMS
            program = await stack.enter_async_context(open_program(place / f"program{number}", is_service=is_service))
            opening = open_http_caller(program.url, tally) if is_service else open_stdio_caller(program.process, tally)
            caller = await stack.enter_async_context(opening)
            programs.append(program)
            sessions.append(ChaosSession(f"p{number}", caller, tally))
        for number in range(HTTP_SESSIONS):
            caller = await stack.enter_async_context(open_http_caller(programs[-1].url, tally))
            sessions.append(ChaosSession(f"h{number}", caller, tally))
        for session in sessions:
            for server in (CALM, *VICTIMS):
                await session.call(server, "first")
        yield programs, sessions


def _workers(sessions: Sequence[ChaosSession]) -> Iterator[tuple[ChaosSession, str]]:
    """Yield who calls which server without a pause."""
    for session in sessions:
        if isinstance(session.caller, StdioCaller):
            yield from [(session, CALM)] * STDIO_CALLS
            yield from ((session, victim) for victim in VICTIMS)
        else:
            yield session, CALM
    yield from ((sessions[PROGRAMS], victim) for victim in VICTIMS)


async def _keep_calling(session: ChaosSession, server: str) -> None:
    for number in itertools.count():
        if not await session.call(server, f"{session.name}-{id(session):x}-{number}"):
            await anyio.sleep(RETRY_SECONDS)  # a refused call costs nothing, and would be all that is done


async def _keep_cancelling(session: ChaosSession) -> None:
    """Cancel calls of a broken server now and then, as a user does."""
    caller = session.caller
    if not isinstance(caller, StdioCaller):
        return
    for number in itertools.count():
        await anyio.sleep(CANCEL_EVERY * CANCEL_SECONDS)
        await caller.call_and_cancel(f"{VICTIMS[0]}__echo_nonce", {"nonce": f"cancelled {number}"}, CANCEL_SECONDS)
        session.tally.cancelled += 1


def _order(seed: int) -> Iterator[Fault]:
    """Yield faults for ever: each kind once before any comes again."""
    random = Random(seed)
    while True:
        yield from random.sample(FAULTS, len(FAULTS))


async def _break(
    programs: Sequence[Program],
    sessions: Sequence[ChaosSession],
    tally: Tally,
    faults: Iterator[Fault],
    until: float,
    told: Step,
) -> None:
    """Bring about one fault after the other, with times between them in which nothing is broken."""
    seen = [program.seen() for program in programs]
    victims = Victims(VICTIMS, [one.folder for one in programs], [one.state_dir for one in programs], seen)
    await anyio.sleep(QUIET_SECONDS)
    while time.monotonic() < until:
        fault = next(faults)
        tally.kind = fault.name
        hit = await _ordered(fault, sessions) if fault.harm is None else await _harmed(fault.harm(victims))
        tally.faults[fault.name] = tally.faults.get(fault.name, 0) + hit
        async with anyio.create_task_group() as tasks:
            for session in sessions:
                for server in VICTIMS:
                    tasks.start_soon(_settled, session, server)
        tally.kind = QUIET
        await anyio.sleep(QUIET_SECONDS)
        tally.samples.append((sum(one.memory_info().rss for one in seen) / 1e6, sum(one.num_fds() for one in seen)))
        told(fault.name)


async def _harmed(harm: AbstractAsyncContextManager[int]) -> int:
    """Let a fault from outside last."""
    async with harm as hit:
        await anyio.sleep(WINDOW_SECONDS)
        return hit


async def _ordered(fault: Fault, sessions: Sequence[ChaosSession]) -> int:
    """Have every victim of every program order the fault of itself, and calls go on meanwhile."""
    async with anyio.create_task_group() as tasks:
        for session in sessions:
            for server in VICTIMS:
                tasks.start_soon(session.call, server, fault.order, fault.order)
        await anyio.sleep(WINDOW_SECONDS)
    return len(sessions) * len(VICTIMS)


async def _settled(session: ChaosSession, server: str) -> None:
    """Have a server mend itself, and wait until it answers again."""
    deadline = anyio.current_time() + SETTLE_SECONDS
    while not await session.call(server, "mended", "mend"):
        if anyio.current_time() > deadline:
            session.tally.unrecovered += 1
            session.tally.wrong(f"{server} did not come back")
            return
        await anyio.sleep(RETRY_SECONDS)


async def _left(folders: Sequence[Path]) -> int:
    """Count the servers that outlive our programs; they are ended."""
    deadline = time.monotonic() + LEAK_SECONDS
    while (left := running(folders)) and time.monotonic() < deadline:  # noqa: ASYNC110 - nothing tells of an end
        await anyio.sleep(RETRY_SECONDS)
    for _, process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return len(left)
