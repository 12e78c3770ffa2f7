"""One open connection to an upstream: handshake, raw requests, and what the upstream says by itself."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import anyio
import anyio.abc
from mcp import MCPError
from mcp.shared.dispatcher import DispatchContext
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.message import SessionMessage
from mcp.shared.transport_context import TransportContext
from mcp_types import METHOD_NOT_FOUND

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamAnswerError, UpstreamError
from mcp_dynaload.logs import without_addresses
from mcp_dynaload.mending import UnreadableCallError
from mcp_dynaload.upstream.era import Era, negotiate
from mcp_dynaload.upstream.input_rounds import InputRounds
from mcp_dynaload.upstream.listening import (
    ACKNOWLEDGED,
    LISTS,
    LISTS_STREAM,
    Listening,
    list_filter,
    without_subscription,
)
from mcp_dynaload.upstream.process import Streams

REPLACED_REQUESTS = frozenset({"logging/setLevel", "resources/subscribe", "resources/unsubscribe"})
"""Requests that revision 2026-07-28 has other means for."""

RELAYED_REQUESTS = frozenset({"elicitation/create", "sampling/createMessage", "roots/list"})


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """What we tell upstreams about the client they really serve: its `initialize` fields."""

    info: Json
    capabilities: Json


class ClientSide(Protocol):
    """The client, as an upstream reaches it."""

    async def ask(self, upstream: str, method: str, params: Json | None) -> Json:
        """Relay a request of the upstream and return the client's raw result."""
        ...

    async def tell(self, upstream: str, method: str, params: Json | None) -> None:
        """Relay a notification of the upstream."""
        ...


@dataclass(slots=True)
class SilenceTimer:
    """Ends waits when the upstream has been silent for too long; anything it says starts the time anew."""

    seconds: float
    _waits: set[anyio.CancelScope] = field(default_factory=set[anyio.CancelScope])
    _asking: int = 0

    async def bounded(self, send: Callable[[], Awaitable[Json]]) -> Json:
        """Await `send()`.

        Raises:
            TimeoutError: The upstream was silent for `seconds`.
        """
        with anyio.CancelScope(deadline=self._deadline()) as scope:
            self._waits.add(scope)
            try:
                return await send()
            finally:
                self._waits.discard(scope)
        raise TimeoutError

    def restart(self) -> None:
        """The upstream said something."""
        for scope in self._waits:
            scope.deadline = self._deadline()

    async def suspended(self, ask: Callable[[], Awaitable[Json]]) -> Json:
        """Await `ask()`, a question to the person, with no time running meanwhile."""
        self._asking += 1
        self.restart()
        try:
            return await ask()
        finally:
            self._asking -= 1
            self.restart()

    def _deadline(self) -> float:
        return float("inf") if self._asking or not self.seconds else anyio.current_time() + self.seconds


class Link:
    """An upstream that answers; made by `open_link`."""

    def __init__(
        self, upstream: str, streams: Streams, client: ClientSide, silence: SilenceTimer, note: Callable[[str], None]
    ) -> None:
        self.upstream = upstream
        self.pid = streams.pid
        self.closed = anyio.Event()
        self._note = note
        self._client = client
        self._silence = silence
        self._era: Era | None = None
        self._listening: Listening | None = None
        self._write = streams.write
        self._dispatcher: JSONRPCDispatcher[TransportContext] = JSONRPCDispatcher(
            streams.read, streams.write, on_stream_exception=self._on_garbage
        )

    @property
    def era(self) -> Era:
        """What the handshake agreed on."""
        assert self._era is not None, "the link is used before its handshake"
        return self._era

    @property
    def listening(self) -> Listening:
        """The streams of changes, which only a modern server needs."""
        assert self._listening is not None, "the link is used before its handshake"
        return self._listening

    async def request(self, method: str, params: Mapping[str, Any] | None) -> Json:
        """Send a request and return the raw result; input that a modern server asks for is fetched from the client.

        Raises:
            MCPError: The upstream's error answer, unchanged, or CONNECTION_CLOSED.
            TimeoutError: It was silent for too long, or for as long only wanted to be asked again.
            UpstreamAnswerError: It answered with nothing that can be passed on.
            UpstreamError: It did not stop asking for input.
        """
        if self.era.is_modern and method in REPLACED_REQUESTS:
            return await self._replaced(method, dict(params or {}))
        result = await self._send(method, dict(params or {}))
        rounds = InputRounds(self.upstream, method, self._silence.seconds)
        while result.get("resultType") == "input_required":
            answers = await self._gather_input(result, rounds)
            again = {**(params or {}), "inputResponses": answers, "requestState": result.get("requestState")}
            result = await self._send(method, {key: value for key, value in again.items() if value is not None})
        return self.era.plain_result(result)

    async def notify(self, method: str, params: Json | None) -> None:
        """Send a notification; dropped if the connection has ended."""
        await self._dispatcher.notify(method, params, self.era.options(method, params or {}))

    async def run(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Read messages until the connection ends."""
        try:
            await self._dispatcher.run(self._on_request, self._on_notification, task_status=task_status)
        finally:
            self.closed.set()

    async def shake_hands(self, profile: ClientProfile, tasks: anyio.abc.TaskGroup) -> None:
        """Agree on a protocol revision; `tasks` live as long as the connection.

        Raises:
            MCPError: The upstream refused both eras, or the connection ended.
        """
        self._era = await negotiate(self._dispatcher, profile.info, profile.capabilities)
        self._listening = Listening(tasks, self._dispatcher, self._era, self._catch_up)

    async def listen(self) -> None:
        """Ask a modern server for the changes of its lists, as far as it announces any."""
        if not (wanted := list_filter(self.era)):
            return
        try:
            await self.listening.open(LISTS_STREAM, wanted)
        except (MCPError, TimeoutError) as error:
            self._note(f"subscriptions/listen: {str(error) or 'not acknowledged'}")

    async def _catch_up(self, stream: str) -> None:
        """A stream was lost and is opened again: what it would have told may have happened."""
        updated = ("notifications/resources/updated", {"uri": stream})
        changed = [(f"notifications/{kind}/list_changed", None) for kind in LISTS]
        try:
            for method, params in changed if stream == LISTS_STREAM else [updated]:
                await self._client.tell(self.upstream, method, params)
        except (MCPError, TimeoutError, UpstreamError) as error:
            self._note(f"listing after subscriptions/listen: {str(error) or 'timed out'}")

    async def _replaced(self, method: str, params: Json) -> Json:
        """Do what the modern revision has no request for."""
        if method == "logging/setLevel":
            self.era.ask_for_logs(str(params["level"]))
        elif method == "resources/subscribe":
            await self.listening.open(str(params["uri"]), {"resourceSubscriptions": [params["uri"]]})
        else:
            self.listening.close(str(params["uri"]))
        return {}

    async def _send(self, method: str, params: Json) -> Json:
        out, options = self.era.stamped(method, params)
        try:
            return await self._silence.bounded(lambda: self._dispatcher.send_raw_request(method, out or None, options))
        except MCPError as error:
            if isinstance(failure := error.error.data, UpstreamAnswerError):
                raise failure from None
            raise

    async def _gather_input(self, result: Json, rounds: InputRounds) -> Json | None:
        asked: Mapping[str, Json] = result.get("inputRequests") or {}
        if not asked:
            await rounds.pause()
            return None
        rounds.count()
        return {
            key: await self._silence.suspended(
                lambda wanted=wanted: self._client.ask(self.upstream, str(wanted["method"]), wanted.get("params"))
            )
            for key, wanted in asked.items()
        }

    async def _on_request(
        self, context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> Json:
        if method == "ping":
            return {}
        if method not in RELAYED_REQUESTS:
            raise MCPError(code=METHOD_NOT_FOUND, message="Method not found", data=method)
        asked = dict(params) if params is not None else None
        return await self._silence.suspended(lambda: self._client.ask(self.upstream, method, asked))

    async def _on_notification(
        self, context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> None:
        self._silence.restart()
        said = dict(params) if params is not None else None
        if method == ACKNOWLEDGED:
            self.listening.acknowledged(said)
        elif method != "notifications/cancelled":  # the dispatcher has applied it to the request it names
            await self._client.tell(self.upstream, method, without_subscription(said))

    async def _on_garbage(self, error: Exception) -> None:
        self._note(without_addresses(str(error)))
        if isinstance(error, UnreadableCallError):
            await self._write.send(SessionMessage(error.answer))


@asynccontextmanager
async def open_link(
    upstream: str,
    streams: Streams,
    client: ClientSide,
    profile: ClientProfile,
    call_timeout_seconds: float,
    note: Callable[[str], None],
) -> AsyncGenerator[Link]:
    """Run the connection over open streams and shake hands; `note` keeps what was sent but is no message.

    Raises:
        MCPError: The handshake failed.
    """
    link = Link(upstream, streams, client, SilenceTimer(call_timeout_seconds), note)
    async with anyio.create_task_group() as tasks:
        await tasks.start(link.run)
        try:
            await link.shake_hands(profile, tasks)
            if link.era.is_modern:
                tasks.start_soon(link.listen)
            yield link
        finally:
            tasks.cancel_scope.cancel()
