"""A client for parity tests: the SDK's own, with a tap on the wire that keeps what it hears as it came."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream
from mcp import Client, MCPError
from mcp.client.context import ClientRequestContext
from mcp.client.extension import advertise
from mcp.shared.message import SessionMessage
from pydantic import FileUrl

from mcp_dynaload.catalog.tool import Json
from tests.waiting import HANG_SECONDS

Streams = AbstractAsyncContextManager[tuple[Any, Any]]
"""A transport, as the SDK's clients take it."""

INFO = types.Implementation(name="parity", version="1.2.3", title="Parity", website_url="https://example.org/")


class Heard:
    """The notifications and requests of the server, in order."""

    def __init__(self) -> None:
        self._messages: list[tuple[str, Any]] = []
        self._news = anyio.Event()

    def note(self, message: SessionMessage | Exception) -> None:
        if isinstance(message, Exception):
            raise message
        if isinstance(message.message, types.JSONRPCNotification | types.JSONRPCRequest):
            self._messages.append((message.message.method, message.message.params))
            self._news.set()
            self._news = anyio.Event()

    def take(self, method: str) -> list[Any]:
        """Return the params of every message with this method until now; they are not given twice."""
        found = [params for name, params in self._messages if name == method]
        self._messages = [(name, params) for name, params in self._messages if name != method]
        return found

    async def wait_for(self, method: str, times: int = 1) -> list[Any]:
        with anyio.fail_after(HANG_SECONDS):
            while sum(name == method for name, _ in self._messages) < times:
                await self._news.wait()
        return self.take(method)


class Peer:
    """A connected client; results are raw, errors are values."""

    def __init__(self, client: Client, heard: Heard) -> None:
        self.heard = heard
        self.while_asked: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint
        """Does whatever is to be done before a form is answered."""

        self._dispatcher = client.session._dispatcher  # pyright: ignore[reportPrivateUsage] - for raw results

    async def request(self, method: str, params: Json | None = None) -> Json:
        try:
            return await self._dispatcher.send_raw_request(method, params)
        except MCPError as error:
            return {"error": error.error.model_dump(exclude_unset=True)}

    async def call(self, name: str, arguments: Json | None = None, **others: Any) -> Json:
        return await self.request("tools/call", {"name": name, "arguments": arguments or {}, **others})

    async def notify(self, method: str, params: Json | None = None) -> None:
        await self._dispatcher.notify(method, params)

    async def list_all(self, method: str, key: str) -> list[Json]:
        """List all pages, in the order of names: the proxy, which lists many upstreams, keeps to that."""
        items: list[Json] = []
        params: Json | None = None
        while True:
            result = await self.request(method, params)
            items += result[key]
            if not (cursor := result.get("nextCursor")):
                return sorted(items, key=lambda item: str(item.get("uri") or item.get("uriTemplate") or item["name"]))
            params = {"cursor": cursor}


@asynccontextmanager
async def connected(transport: Streams) -> AsyncGenerator[Peer]:
    """Connect a client that answers every question, in the handshake era."""
    heard = Heard()
    peers: list[Peer] = []

    async def elicit(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        await peers[0].while_asked()
        return _answer(params)

    async with Client(
        _Tapped(transport, heard.note),
        mode="legacy",
        client_info=INFO,
        extensions=[advertise("com.acme/glow", {"colours": ["red"]})],
        elicitation_callback=elicit,
        sampling_callback=_sample,
        list_roots_callback=_roots,
    ) as client:
        peers.append(Peer(client, heard))
        yield peers[0]


class _Tapped:
    """A transport, each message of which `note` sees first."""

    def __init__(self, transport: Streams, note: Callable[[SessionMessage | Exception], None]) -> None:
        self._streams = _tap(transport, note)

    async def __aenter__(self) -> tuple[Any, Any]:
        return await self._streams.__aenter__()

    async def __aexit__(self, *exception: Any) -> bool | None:
        return await self._streams.__aexit__(*exception)


@asynccontextmanager
async def _tap(
    transport: Streams, note: Callable[[SessionMessage | Exception], None]
) -> AsyncGenerator[tuple[MemoryObjectReceiveStream[SessionMessage | Exception], Any]]:
    send, receive = anyio.create_memory_object_stream[SessionMessage | Exception](0)

    async def pass_on(read: Any) -> None:
        async with send, read:
            async for message in read:
                note(message)
                try:
                    await send.send(message)
                except anyio.BrokenResourceError:  # the client has left while something was still told
                    return

    async with transport as (read, write), anyio.create_task_group() as tasks:
        tasks.start_soon(pass_on, read)
        yield receive, write
        tasks.cancel_scope.cancel()


def _answer(params: types.ElicitRequestParams) -> types.ElicitResult:
    if isinstance(params, types.ElicitRequestURLParams):
        return types.ElicitResult(action="decline")
    return types.ElicitResult(action="accept", content={"name": "Ada"}, _meta={"com.acme/how": "typed"})


async def _sample(
    context: ClientRequestContext, params: types.CreateMessageRequestParams
) -> types.CreateMessageResult | types.ErrorData:
    if params.max_tokens == 0:
        return types.ErrorData(code=-1, message="the user refused", data={"asked": True})
    content = types.TextContent(text="sampled")
    return types.CreateMessageResult(role="assistant", content=content, model="m", stop_reason="endTurn")


async def _roots(context: ClientRequestContext) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[types.Root(uri=FileUrl("file:///home/ada"), name="home")])
