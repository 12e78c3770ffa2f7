"""One open connection to an upstream: handshake, raw requests, and what the upstream says by itself."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import anyio
import anyio.abc
from mcp.shared.dispatcher import DispatchContext
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.message import SessionMessage
from mcp.shared.transport_context import TransportContext
from mcp_types import INTERNAL_ERROR, METHOD_NOT_FOUND, JSONRPCRequest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamAnswerError, UpstreamError
from mcp_dynaload.machine.logs import without_addresses
from mcp_dynaload.transport.bounds import REFUSED
from mcp_dynaload.transport.line_repair import UnreadableCallError
from mcp_dynaload.upstream.allowance import Allowance, Rate
from mcp_dynaload.upstream.era import Era, negotiate
from mcp_dynaload.upstream.input_required import InputRounds, questions_in
from mcp_dynaload.upstream.latest_words import LatestWords
from mcp_dynaload.upstream.listing import announces_changes
from mcp_dynaload.upstream.open_requests import CANCELLED, PROGRESS, ProgressToken
from mcp_dynaload.upstream.silence import SilenceTimer
from mcp_dynaload.upstream.streams import Intake, Outflow, Said, Streams
from mcp_dynaload.upstream.subscriptions import (
    ACKNOWLEDGED,
    LISTS_STREAM,
    Subscriptions,
    list_filter,
    stream_id,
    without_subscription,
)

REPLACED_REQUESTS = frozenset({"logging/setLevel", "resources/subscribe", "resources/unsubscribe"})
"""Requests that revision 2026-07-28 has other means for."""

UPDATED = "notifications/resources/updated"

LIST_CHANGES = frozenset(f"notifications/{kind}/list_changed" for kind in ("tools", "prompts", "resources"))

RELAYED_REQUESTS = frozenset({"elicitation/create", "sampling/createMessage", "roots/list"})


MAX_QUESTIONS = 16
"""Questions to the client that one upstream may have open at a time."""

MAX_UNTAKEN = 64
"""Answers that an upstream may leave in its pipe before its requests are no longer heard."""

TOLD_PER_SECOND = 100
TOLD_AT_ONCE = 300
"""Notifications that are passed on to the client: those beyond are left out."""


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """The client that we really serve, as we tell upstreams about it: its `initialize` fields."""

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


@dataclass(frozen=True, slots=True)
class Ends:
    """The stream ends and callbacks that a connection needs from who opened it."""

    changed: Callable[[], None]
    """Called when the upstream says that its lists have changed, or may have."""

    note: Callable[[str], None]
    """Keeps what was sent but is no message."""

    allowance: Allowance
    """For what nobody asked the upstream for."""

    subscriptions: Collection[str] = ()
    """Resources of which the client wants to hear."""


class Connection:
    """An upstream that answers; made by `open_connection`."""

    def __init__(self, upstream: str, streams: Streams, client: ClientSide, silence: SilenceTimer, ends: Ends) -> None:
        self.upstream = upstream
        self.pid = streams.pid
        self.session = streams.session
        if streams.session is not None:
            streams.session.on_gap = self._on_gap
        self._halves = streams.halves
        self.closed = anyio.Event()
        self.unanswered = 0
        """Requests that it works on."""

        self._ends = ends
        self._client = client
        self._silence = silence
        self._era: Era | None = None
        self._listening: Subscriptions | None = None
        self._told = Rate(TOLD_PER_SECOND, TOLD_AT_ONCE)
        self._left_out = 0
        self._questions = 0
        self._updates = LatestWords[str](self._tell_update)
        self._progress = LatestWords[ProgressToken](self._tell_progress)
        self._outflow = Outflow(streams.write, self.closed)
        self._dispatcher: JSONRPCDispatcher[TransportContext] = JSONRPCDispatcher(
            Intake(
                streams.read,
                ends.allowance,
                self._is_wanted,
                self._outflow.requests,
                self._progress,
                ends.note,
                silence.seconds,
            ),
            self._outflow,
            on_stream_exception=self._on_garbage,
        )

    @property
    def era(self) -> Era:
        """The era that the handshake agreed on."""
        assert self._era is not None, "the connection is used before its handshake"
        return self._era

    @property
    def listening(self) -> Subscriptions:
        """The streams of changes, which only a modern server needs."""
        assert self._listening is not None, "the connection is used before its handshake"
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
        while self.era.is_modern and result.get("resultType") == "input_required":
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

    def tell_missed_updates(self) -> None:
        """Tell the client of each resource that it has subscribed to: it may have changed while nobody heard of it."""
        for uri in self._ends.subscriptions:
            self._updates.keep(uri, {"uri": uri})

    async def tell_updates(self) -> None:
        """Tell the client of changed resources and of progress that came too fast, for ever."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._updates.run)
            tasks.start_soon(self._progress.run)

    async def shake_hands(self, profile: ClientProfile, tasks: anyio.abc.TaskGroup) -> None:
        """Agree on a protocol revision; `tasks` live as long as the connection.

        Raises:
            MCPError: The upstream refused both eras, or the connection ended.
        """
        self._era = await negotiate(self._dispatcher, profile.info, profile.capabilities)
        self._listening = Subscriptions(tasks, self._dispatcher, self._era, self._catch_up)
        if self._halves is not None:
            self._halves.ping = partial(self._send, "ping")

    async def listen(self) -> None:
        """Ask a modern server for the changes of its lists, as far as it announces any."""
        if not (wanted := list_filter(self.era)):
            return
        try:
            await self.listening.open(LISTS_STREAM, wanted)
        except (MCPError, TimeoutError) as error:
            self._ends.note(f"subscriptions/listen: {str(error) or 'not acknowledged'}")

    async def _catch_up(self, stream: str) -> None:
        """Catch up on a stream that was lost and is opened again: what it would have told may have happened."""
        if stream == LISTS_STREAM:
            self._ends.changed()
        else:
            self._updates.keep(stream, {"uri": stream})

    def _on_gap(self) -> None:
        """List again after a time in which a change may have been told to nobody."""
        if self._era is not None and announces_changes(self._era.capabilities):
            self._ends.changed()
        self.tell_missed_updates()

    def _is_wanted(self, said: Said) -> bool:
        """Return whether there is more to be done about a message of its own than to take note of it."""
        self._silence.restart()
        if isinstance(said, JSONRPCRequest):
            return self._outflow.waiting < MAX_UNTAKEN
        if said.method == ACKNOWLEDGED:
            self._outflow.requests.acknowledged(stream_id(said.params))
            return True
        if said.method == CANCELLED:
            return True
        if said.method in LIST_CHANGES:
            self._ends.changed()
            return False
        if said.method == UPDATED:
            updated = without_subscription(said.params) or {}
            self._updates.keep(str(updated.get("uri")), updated)
            return False
        if (token := self._outflow.requests.token_asked_for(said)) is not None:
            return self._progress.is_due(token, said.params or {})
        return self._told.takes_one() or self._leave_out()

    def _leave_out(self) -> bool:
        """Count a notification that the client does not get; the first is noted."""
        if not self._left_out:
            self._ends.note(f"more than {TOLD_PER_SECOND} notifications a second: the client gets a part of them")
        self._left_out += 1
        return False

    async def _tell_update(self, params: Json) -> None:
        await self._tell(UPDATED, params)

    async def _tell_progress(self, params: Json) -> None:
        await self._tell(PROGRESS, without_subscription(params) or {})

    async def _tell(self, method: str, params: Json) -> None:
        try:
            await self._client.tell(self.upstream, method, params)
        except (MCPError, UpstreamError) as error:
            self._ends.note(f"{method}: {error}")

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
        self.unanswered += 1
        try:
            return await self._silence.bounded(lambda: self._dispatcher.send_raw_request(method, out or None, options))
        except MCPError as error:
            if isinstance(failure := error.error.data, UpstreamAnswerError):
                raise failure from None
            if error.error.data == REFUSED:
                raise UpstreamAnswerError("too large an answer", error.error.message) from None
            raise
        finally:
            self.unanswered -= 1

    async def _gather_input(self, result: Json, rounds: InputRounds) -> Json | None:
        asked = questions_in(result, RELAYED_REQUESTS)
        if not asked:
            await rounds.pause()
            return None
        rounds.count()
        return {
            key: await self._silence.suspended(
                lambda wanted=wanted: self._client.ask(self.upstream, wanted.method, wanted.params)
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
        if self._questions >= MAX_QUESTIONS:
            raise MCPError(code=INTERNAL_ERROR, message=f"{MAX_QUESTIONS} questions are open already: ask again later")
        asked = dict(params) if params is not None else None
        self._questions += 1
        try:
            return await self._silence.suspended(lambda: self._client.ask(self.upstream, method, asked))
        finally:
            self._questions -= 1

    async def _on_notification(
        self, context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> None:
        said = dict(params) if params is not None else None
        if method == ACKNOWLEDGED:
            self.listening.acknowledged(said)
        elif method != CANCELLED:  # the dispatcher has applied it to the request it names
            await self._client.tell(self.upstream, method, without_subscription(said))

    async def _on_garbage(self, error: Exception) -> None:
        self._ends.note(without_addresses(str(error)))
        if isinstance(error, UnreadableCallError):
            await self._outflow.send(SessionMessage(error.answer))


@asynccontextmanager
async def open_connection(
    upstream: str,
    streams: Streams,
    client: ClientSide,
    profile: ClientProfile,
    call_timeout_seconds: float,
    ends: Ends,
) -> AsyncGenerator[Connection]:
    """Run the connection over open streams and shake hands.

    Raises:
        MCPError: The handshake failed.
    """
    connection = Connection(upstream, streams, client, SilenceTimer(call_timeout_seconds), ends)
    async with anyio.create_task_group() as tasks:
        await tasks.start(connection.run)
        tasks.start_soon(connection.tell_updates)
        try:
            await connection.shake_hands(profile, tasks)
            if connection.era.is_modern:
                tasks.start_soon(connection.listen)
            yield connection
        finally:
            tasks.cancel_scope.cancel()
