"""A client of a stdio server that does as little as possible, so that what is timed is the server."""

import contextlib
import json
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

import anyio
import anyio.abc
from anyio.streams.buffered import BufferedByteReceiveStream

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import DynaloadError

PROTOCOL = "2025-11-25"
MAX_LINE = 64 * 2**20
ANSWER_SECONDS = 120.0


class StdioClient:
    """A JSON-RPC client over the pipes of a process; open it with `open_stdio_client`."""

    def __init__(self, name: str, process: anyio.abc.Process) -> None:
        self.name, self.process = name, process
        self._number = 0
        self._waiting: dict[int, tuple[anyio.Event, list[Json]]] = {}
        self._is_over = False

    async def ask(self, method: str, params: Json) -> Json:
        """Send one request and return its result.

        Raises:
            DynaloadError: The server answers with an error, or ends.
        """
        if self._is_over:
            raise DynaloadError(f"{self.name} ended before it was asked {method}")
        self._number += 1
        arrived, answers = anyio.Event(), list[Json]()
        self._waiting[self._number] = arrived, answers
        await self._send({"id": self._number, "method": method, "params": params})
        await arrived.wait()
        answer = answers[0] if answers else {"error": "it ended"}
        if "result" not in answer:
            raise DynaloadError(f"{self.name} answered {method} with {json.dumps(answer.get('error'))[:500]}")
        return cast(Json, answer["result"])

    async def call(self, tool: str, arguments: Json) -> str:
        """Call a tool and return the text of its result."""
        result = await self.ask("tools/call", {"name": tool, "arguments": arguments})
        return "".join(block.get("text", "") for block in result["content"])

    async def shake_hands(self) -> None:
        """Initialize the session."""
        client = {"name": "bench", "version": "1"}
        await self.ask("initialize", {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client})
        await self._send({"method": "notifications/initialized"})

    async def listen(self) -> None:
        """Take answers until the server ends."""
        assert self.process.stdout is not None
        lines = BufferedByteReceiveStream(self.process.stdout)
        with contextlib.suppress(anyio.IncompleteRead, anyio.EndOfStream, anyio.ClosedResourceError):
            while True:
                message = _message(await lines.receive_until(b"\n", MAX_LINE))
                if "method" not in message and message.get("id") in self._waiting:
                    arrived, answers = self._waiting.pop(message["id"])
                    answers.append(message)
                    arrived.set()
        self._is_over = True
        for arrived, _ in self._waiting.values():
            arrived.set()

    async def _send(self, message: Json) -> None:
        assert self.process.stdin is not None
        try:
            await self.process.stdin.send(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise DynaloadError(
                f"{self.name} ended before it was asked; see what it printed, and whether it is a server"
            ) from error


def _message(line: bytes) -> Json:
    """Return the message of a line; one that is none, a banner for example, answers nothing."""
    try:
        message: object = json.loads(line)
    except ValueError:
        return {}
    return cast(Json, message) if isinstance(message, dict) else {}


@asynccontextmanager
async def open_stdio_client(
    name: str, command: Sequence[str], environ: Mapping[str, str], *, is_silenced: bool = False
) -> AsyncGenerator[StdioClient]:
    """Open a session with a process that is started for it and ended with it; its stderr is ours, or dropped.

    Raises:
        DynaloadError: It does not start, or does not answer.
    """
    try:
        errors = subprocess.DEVNULL if is_silenced else None
        process = await anyio.open_process(list(command), stderr=errors, env=dict(environ))
    except OSError as error:
        raise DynaloadError(f"{name} does not start: {command[0]}: {error.strerror}") from error
    wire = StdioClient(name, process)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wire.listen)
            with anyio.fail_after(ANSWER_SECONDS):
                await wire.shake_hands()
            yield wire
            tasks.cancel_scope.cancel()
    except TimeoutError as error:
        raise DynaloadError(f"{name} did not answer within {ANSWER_SECONDS:.0f} s") from error
    finally:
        with anyio.CancelScope(shield=True):
            await _ended(process)


async def _ended(process: anyio.abc.Process) -> None:
    """End the process as its client would: close its input, and be firm if that is not enough."""
    if process.stdin is not None:
        await process.stdin.aclose()
    with anyio.move_on_after(5):
        await process.wait()
        return
    process.kill()
    await process.wait()
