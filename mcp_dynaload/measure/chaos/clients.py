"""Clients that notice what others overlook: second answers, answers to what nobody asked, progress of other calls."""

import itertools
import json
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import anyio
import anyio.abc
import httpx2
from anyio.streams.buffered import BufferedByteReceiveStream

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.measure.chaos.figures import Tally
from mcp_dynaload.measure.chaos.programs import CALM
from mcp_dynaload.measure.stdio_client import MAX_LINE, PROTOCOL

LOST_SECONDS = 30.0
"""A call that has no answer by then is lost: a broken server's own time for a call is a third of that."""

FORGED = "forged"
"""The words with which `chaos_server` tells of progress."""

HANDSHAKE = {
    "protocolVersion": PROTOCOL,
    "capabilities": {},
    "clientInfo": {"name": "mcp-dynaload-chaos", "version": "1"},
}
HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": PROTOCOL}


class LostError(DynaloadError):
    """A call has no answer."""


class ToolCaller(Protocol):
    """A session in which tools are called."""

    async def call(self, tool: str, arguments: Json) -> Json:
        """Return the whole answer to a call, result or error.

        Raises:
            LostError: None came.
        """
        ...


@dataclass(slots=True)
class StdioCaller:
    """A session over the pipes of one of our programs."""

    process: anyio.abc.Process
    tally: Tally
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[object, tuple[anyio.Event, list[Json]]] = field(
        default_factory=dict[object, tuple[anyio.Event, list[Json]]]
    )
    _withdrawn: set[int] = field(default_factory=set[int])
    """Calls that were cancelled, or given up: whether they are answered is all one."""

    calm: set[object] = field(default_factory=set[object])
    """The progress tokens of calls of the server that nobody breaks."""

    async def call(self, tool: str, arguments: Json) -> Json:
        """Call, with a progress token that is the id."""
        return await self.ask("tools/call", {"name": tool, "arguments": arguments})

    async def call_and_cancel(self, tool: str, arguments: Json, after_seconds: float) -> None:
        """Call, and cancel that if it is not answered by then."""
        number = next(self._numbers)
        self._withdrawn.add(number)
        await self._send({"id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
        await anyio.sleep(after_seconds)
        await self._send({"method": "notifications/cancelled", "params": {"requestId": number}})

    async def ask(self, method: str, params: Json) -> Json:
        """Send a request; returns the whole answer."""
        number = next(self._numbers)
        arrived, answers = anyio.Event(), list[Json]()
        self._waiting[number] = arrived, answers
        with noted(self.calm, number, params):
            await self._send({"id": number, "method": method, "params": {**params, "_meta": {"progressToken": number}}})
            with anyio.move_on_after(LOST_SECONDS):
                await arrived.wait()
        if not answers:
            self._waiting.pop(number, None)
            self._withdrawn.add(number)
            raise LostError(f"no answer to {method}")
        return answers[0]

    async def notify(self, method: str) -> None:
        """Send a notification."""
        await self._send({"method": method})

    async def listen(self) -> None:
        """Take what comes until the program ends."""
        assert self.process.stdout is not None
        lines = BufferedByteReceiveStream(self.process.stdout)
        with suppress(anyio.IncompleteRead, anyio.EndOfStream, anyio.ClosedResourceError):
            while True:
                self._take(json.loads(await lines.receive_until(b"\n", MAX_LINE)))

    def _take(self, message: Json) -> None:
        if "method" in message:
            note_progress(message, self.calm, self.tally)
            return
        waiting = self._waiting.pop(message.get("id"), None)
        if waiting is not None:
            waiting[1].append(message)
            waiting[0].set()
        elif message.get("id") not in self._withdrawn:
            self.tally.twice += 1
            self.tally.wrong(f"answered twice, or never asked: {json.dumps(message)[:200]}")

    async def _send(self, message: Json) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


@dataclass(slots=True)
class HttpCaller:
    """A session over streamable HTTP."""

    url: str
    http: httpx2.AsyncClient
    tally: Tally
    headers: dict[str, str] = field(default_factory=HEADERS.copy)
    calm: set[object] = field(default_factory=set[object])
    """The progress tokens of calls of the server that nobody breaks."""

    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def open(self) -> None:
        """Shake hands."""
        await self.ask("initialize", cast(Json, HANDSHAKE))
        initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        await self.http.post(self.url, json=initialized, headers=self.headers)

    async def call(self, tool: str, arguments: Json) -> Json:
        """Call, with a progress token that is the id."""
        return await self.ask("tools/call", {"name": tool, "arguments": arguments})

    async def ask(self, method: str, params: Json) -> Json:
        """Send a request; returns the whole answer."""
        number = next(self._numbers)
        params = {**params, "_meta": {"progressToken": number}}
        body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        try:
            with noted(self.calm, number, params), anyio.fail_after(LOST_SECONDS):
                async with self.http.stream("POST", self.url, json=body, headers=self.headers) as response:
                    if session := response.headers.get("mcp-session-id"):
                        self.headers["mcp-session-id"] = session
                    answers = [message async for message in _messages(response) if self._is_answer(message, number)]
        except (TimeoutError, httpx2.HTTPError) as error:
            raise LostError(f"no answer to {method}: {error!r}") from error
        if len(answers) > 1:
            self.tally.twice += 1
        if not answers:
            raise LostError(f"no answer to {method}: HTTP {response.status_code}")
        return answers[0]

    def _is_answer(self, message: Json, number: int) -> bool:
        if "method" in message:
            note_progress(message, self.calm, self.tally)
            return False
        if message.get("id") != number:
            self.tally.crossed += 1
            self.tally.wrong(f"an answer to another call: {json.dumps(message)[:200]}")
            return False
        return True


@contextmanager
def noted(calm: set[object], token: object, params: Json) -> Generator[None]:
    """Keep the token of a call while it lasts, if it is one of the server that nobody breaks."""
    if not str(params.get("name")).startswith(CALM):
        yield
        return
    calm.add(token)
    try:
        yield
    finally:
        calm.discard(token)


def note_progress(message: Json, calm: Collection[object], tally: Tally) -> None:
    """Count progress that a broken server has told of another server's call; our own word of a start is none."""
    told = json_object(message.get("params"))
    if told.get("message") == FORGED and told.get("progressToken") in calm:
        tally.crossed += 1
        tally.wrong(f"progress of another server's call: {json.dumps(message)[:200]}")


async def _messages(response: httpx2.Response) -> AsyncIterator[Json]:
    """Yield the messages of an answer, which is one, or a stream of events."""
    if "text/event-stream" not in response.headers.get("content-type", ""):
        body = json.loads(await response.aread() or b"{}")
        if body:
            yield json_object(body)
        return
    async for line in response.aiter_lines():
        if line.startswith("data:") and (data := line[5:].strip()):
            yield json_object(json.loads(data))


@asynccontextmanager
async def open_stdio_caller(process: anyio.abc.Process, tally: Tally) -> AsyncGenerator[StdioCaller]:
    """Open a session with a program that has just been started."""
    caller = StdioCaller(process, tally)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(caller.listen)
        await caller.ask("initialize", cast(Json, HANDSHAKE))
        await caller.notify("notifications/initialized")
        yield caller
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def open_http_caller(url: str, tally: Tally) -> AsyncGenerator[HttpCaller]:
    """Open a session with our service."""
    async with httpx2.AsyncClient(verify=False, timeout=LOST_SECONDS) as http:  # loopback: no authorities are read
        caller = HttpCaller(url, http, tally)
        await caller.open()
        yield caller


def text_of(answer: Json) -> tuple[str, bool]:
    """Return the text of a call's answer, and whether it is an error."""
    if "error" in answer:
        return str(json_object(answer["error"]).get("message")), True
    result = json_object(answer.get("result"))
    blocks = cast(list[dict[str, Any]], result.get("content") or [])
    return "".join(str(block.get("text", "")) for block in blocks), bool(result.get("isError"))
