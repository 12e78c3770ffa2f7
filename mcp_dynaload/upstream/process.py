"""The stdio transport towards an upstream: a child process that, like what it starts, never outlives us."""

import os
import shutil
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread
from anyio.abc import ByteReceiveStream
from mcp.client.stdio import get_default_environment

from mcp_dynaload.config.project_environment import OUR_PREFIX
from mcp_dynaload.transport.jsonrpc_lines import CHUNK_BYTES, LineReader, LineWriter
from mcp_dynaload.transport.line_repair import mend_answers
from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.half_characters import HalfCharacters
from mcp_dynaload.upstream.output_log import OutputLog
from mcp_dynaload.upstream.process_family import ProcessFamily, guarded, marked, new_mark
from mcp_dynaload.upstream.streams import Streams

EXIT_GRACE_SECONDS = 1.5
"""How long a server may take to leave after its input ended, and again after SIGTERM."""

KILL_WAIT_SECONDS = 0.5
DRAIN_SECONDS = 0.2
FLUSH_SECONDS = 0.5
POLL_SECONDS = 0.02
WATCH_SECONDS = 1.0

SKIPPING_SECONDS = 0.00005
LOGGING_SECONDS = 0.0003
BYTE_SECONDS = 0.000_000_005
"""About what it costs us to read on over a piece of output, to log one, and each byte of it."""

_GONE = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)


@dataclass(frozen=True, slots=True)
class ProcessCommand:
    """The process to start: program, arguments, the whole environment, working directory."""

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    is_contained: bool = False
    """It is a sandbox, in which the server is."""


def child_environment(env: Mapping[str, str], *, inherit: bool, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an upstream: `env` over ours, or over the few variables that every program needs.

    Settings of our own, among which are the passwords of our stores, are for us alone.
    """
    inherited = {name: value for name, value in environ.items() if not name.upper().startswith(OUR_PREFIX)}
    return {**(inherited if inherit else get_default_environment()), **env}


@asynccontextmanager
async def open_process(command: ProcessCommand, log: OutputLog, allowance: Allowance) -> AsyncGenerator[Streams]:
    """Start the process and yield its streams; at exit the process and all its children are gone.

    What it prints beside the protocol is read as fast as `allowance` has it.

    Raises:
        OSError: It could not be started.
    """
    mark = new_mark()
    process = await anyio.open_process(
        [_executable(command.command, command.env), *command.args],
        env=marked(command.env, mark, os.environ),
        cwd=command.cwd,
        start_new_session=True,
    )
    family = ProcessFamily(process.pid, mark, is_contained=command.is_contained)
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    assert stdin is not None
    assert stdout is not None
    assert stderr is not None
    all_said, all_read, exited = anyio.Event(), anyio.Event(), anyio.Event()
    halves = HalfCharacters()
    output, watching = Output(stdout.receive), anyio.CancelScope()

    async def skipped(count: int) -> None:
        await allowance.spend(SKIPPING_SECONDS + count * BYTE_SECONDS)

    with guarded(family):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_log_errors, stderr, log, all_said, allowance)
            tasks.start_soon(_watch, process, exited, watching)
            try:
                lines = LineReader(output.receive, mend_answers, skipped, allowance.spend, takes_unfinished=True)
                yield Streams(
                    lines,
                    LineWriter(stdin.send, halves.readable),
                    process.pid,
                    halves=halves,
                    unfinished=lambda: lines.unfinished,
                    exited=exited,
                    hang_up=output.end,
                )
            finally:
                watching.cancel()
                with anyio.CancelScope(shield=True):
                    allowance.lift()
                    tasks.start_soon(_drain, stdout, all_read)
                    log.exit_status = await _stop(process, family)
                    with anyio.move_on_after(DRAIN_SECONDS):  # its last words explain why it ended
                        await all_said.wait()
                        await all_read.wait()
                    await stdout.aclose()
                    await stderr.aclose()


class Output:
    """The output of a program, to its end or to where it is given up."""

    def __init__(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        self._receive = receive
        self._reading: anyio.CancelScope | None = None
        self._is_over = False

    async def receive(self) -> bytes:
        """Return the next piece.

        Raises:
            anyio.EndOfStream: There is none.
        """
        if not self._is_over:
            with anyio.CancelScope() as self._reading:
                return await self._receive()
        raise anyio.EndOfStream

    def end(self) -> None:
        """Give up the rest."""
        self._is_over = True
        if self._reading is not None:
            self._reading.cancel()


async def _watch(process: anyio.abc.Process, exited: anyio.Event, scope: anyio.CancelScope) -> None:
    """Set the event when the process is gone: its output tells only that nobody has it open any more."""
    with scope:
        try:
            number = os.pidfd_open(process.pid)
        except (AttributeError, OSError):  # not on this system, or gone already
            while process.returncode is None:  # noqa: ASYNC110 - nothing signals it
                await anyio.sleep(WATCH_SECONDS)
        else:
            try:
                await anyio.wait_readable(number)
            finally:
                os.close(number)
        exited.set()


def _executable(command: str, env: Mapping[str, str]) -> str:
    """Look the program up on the child's own PATH, as a shell in that environment would."""
    return shutil.which(command, path=env.get("PATH")) or command


async def _drain(stdout: ByteReceiveStream, all_read: anyio.Event) -> None:
    """Read on to the end: a server that is still writing would never see the end of its input."""
    with suppress(*_GONE), anyio.CancelScope(shield=True):
        while True:
            await stdout.receive()
    all_read.set()


async def _log_errors(stderr: ByteReceiveStream, log: OutputLog, all_said: anyio.Event, allowance: Allowance) -> None:
    with suppress(*_GONE), anyio.CancelScope(shield=True):
        while True:
            printed = await stderr.receive(CHUNK_BYTES)
            log.write(printed)
            await allowance.spend(LOGGING_SECONDS + len(printed) * BYTE_SECONDS)
    all_said.set()


async def _stop(process: anyio.abc.Process, family: ProcessFamily) -> int | None:
    """End of input, then SIGTERM, then SIGKILL, each to the whole family; returns the status if it needed none."""
    assert process.stdin is not None
    with suppress(*_GONE), anyio.move_on_after(FLUSH_SECONDS):
        await process.stdin.aclose()
    await _exited_within(process, EXIT_GRACE_SECONDS)
    status = process.returncode
    await anyio.to_thread.run_sync(family.find_strays)
    if family.signal(signal.SIGTERM):
        await _gone_within(family, EXIT_GRACE_SECONDS)
        family.signal(signal.SIGKILL)
    await _exited_within(process, KILL_WAIT_SECONDS)
    return status


async def _exited_within(process: anyio.abc.Process, seconds: float) -> None:
    """Wait by polling: `Process.wait` also waits for pipes that a grandchild may hold open."""
    deadline = anyio.current_time() + seconds
    while process.returncode is None and anyio.current_time() < deadline:  # noqa: ASYNC110 - nothing signals it
        await anyio.sleep(POLL_SECONDS)


async def _gone_within(family: ProcessFamily, seconds: float) -> None:
    deadline = anyio.current_time() + seconds
    while family.signal(0) and anyio.current_time() < deadline:  # noqa: ASYNC110 - nothing signals it
        await anyio.sleep(POLL_SECONDS)
