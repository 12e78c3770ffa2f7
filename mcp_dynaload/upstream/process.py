"""The stdio transport towards an upstream: a child process in a group of its own that never outlives its connection."""

import os
import shutil
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.abc
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage

from mcp_dynaload.upstream.output_log import OutputLog
from mcp_dynaload.wire import MAX_LINE_BYTES, format_line, parse_line

EXIT_GRACE_SECONDS = 1.5
"""How long a server may take to leave after its input ended, and again after SIGTERM."""

KILL_WAIT_SECONDS = 1.0
FLUSH_SECONDS = 0.5
POLL_SECONDS = 0.02
CHUNK_BYTES = 65_536

_GONE = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)


@dataclass(frozen=True, slots=True)
class ProcessCommand:
    """What to start: program, arguments, the whole environment, working directory."""

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path


@dataclass(frozen=True, slots=True)
class Streams:
    """The message streams of a transport and the process behind it, if there is one."""

    read: MemoryObjectReceiveStream[SessionMessage | Exception]
    write: MemoryObjectSendStream[SessionMessage]
    pid: int | None = None


def child_environment(env: Mapping[str, str], *, inherit: bool, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of an upstream: `env` over ours, or over the few variables that every program needs."""
    return {**(environ if inherit else get_default_environment()), **env}


@asynccontextmanager
async def open_process(command: ProcessCommand, log: OutputLog) -> AsyncGenerator[Streams]:
    """Start the process and yield its streams; at exit the process and all its children are gone.

    Raises:
        OSError: It could not be started.
    """
    process = await anyio.open_process(
        [_executable(command.command, command.env), *command.args],
        env=dict(command.env),
        cwd=command.cwd,
        start_new_session=True,
    )
    to_us, read = anyio.create_memory_object_stream[SessionMessage | Exception](16)
    write, from_us = anyio.create_memory_object_stream[SessionMessage](16)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read_messages, process, to_us)
        tasks.start_soon(_write_messages, process, from_us, to_us)
        tasks.start_soon(_read_errors, process, log)
        try:
            yield Streams(read, write, process.pid)
        finally:
            with anyio.CancelScope(shield=True):
                write.close()
                read.close()
                await _stop(process)
            tasks.cancel_scope.cancel()


def _executable(command: str, env: Mapping[str, str]) -> str:
    """Look the program up on the child's own PATH, as a shell in that environment would."""
    return shutil.which(command, path=env.get("PATH")) or command


async def _read_messages(process: anyio.abc.Process, to_us: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    buffer = bytearray()
    async with to_us:
        with suppress(*_GONE):
            while True:
                assert process.stdout is not None
                buffer += await process.stdout.receive(CHUNK_BYTES)
                while (end := buffer.find(b"\n")) >= 0:
                    line = bytes(buffer[:end])
                    del buffer[: end + 1]
                    if line.strip():
                        await to_us.send(parse_line(line))
                if len(buffer) > MAX_LINE_BYTES:
                    return
    with suppress(*_GONE):  # a server that is still writing could not read the end of its input
        while process.stdout is not None:
            await process.stdout.receive(CHUNK_BYTES)


async def _write_messages(
    process: anyio.abc.Process,
    from_us: MemoryObjectReceiveStream[SessionMessage],
    to_us: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    assert process.stdin is not None
    with suppress(*_GONE):
        async with from_us:
            async for message in from_us:
                await process.stdin.send(format_line(message.message))
        await process.stdin.aclose()
        return
    await to_us.aclose()  # it reads no more: let the waiting requests fail instead of hang


async def _read_errors(process: anyio.abc.Process, log: OutputLog) -> None:
    assert process.stderr is not None
    with suppress(*_GONE):
        while True:
            log.write(await process.stderr.receive(CHUNK_BYTES))


async def _stop(process: anyio.abc.Process) -> None:
    """End of input, then SIGTERM, then SIGKILL, each to the whole group."""
    assert process.stdin is not None
    with suppress(*_GONE), anyio.move_on_after(FLUSH_SECONDS):
        await process.stdin.aclose()
    await _exited_within(process, EXIT_GRACE_SECONDS)
    if _signal_group(process, signal.SIGTERM):
        await _group_gone_within(process, EXIT_GRACE_SECONDS)
        _signal_group(process, signal.SIGKILL)
    await _exited_within(process, KILL_WAIT_SECONDS)
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        with suppress(*_GONE):
            await stream.aclose()


async def _exited_within(process: anyio.abc.Process, seconds: float) -> None:
    """Wait by polling: `Process.wait` also waits for pipes that a grandchild may hold open."""
    deadline = anyio.current_time() + seconds
    while process.returncode is None and anyio.current_time() < deadline:  # noqa: ASYNC110 - nothing signals it
        await anyio.sleep(POLL_SECONDS)


async def _group_gone_within(process: anyio.abc.Process, seconds: float) -> None:
    deadline = anyio.current_time() + seconds
    while _signal_group(process, 0) and anyio.current_time() < deadline:  # noqa: ASYNC110 - nothing signals it
        await anyio.sleep(POLL_SECONDS)


def _signal_group(process: anyio.abc.Process, number: int) -> bool:
    """Signal the process's group; false when nobody is left in it."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS answers so for a group of zombies
        return False
    return True
