"""An MCP server over streamable HTTP whose answers do not end or become huge: JSON by hand, as an ASGI application."""

import json
import zlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mcp_dynaload.catalog.tool import Json

SESSION = "mcp-session-id"


@dataclass
class FloodingApp:
    """An app that answers each call as the tool's name says, and a POST for another session as `on_unknown` does."""

    on_unknown: Callable[[object], Response] = lambda request_id: Response(status_code=404)
    sessions: list[str] = field(default_factory=list[str])
    calls: list[str] = field(default_factory=list[str])
    is_forgetful: bool = False
    """It knows no session at all, not even the one that it has just given."""

    lists_after: str = ""
    """The first list of tools is not answered before this method was asked for."""

    _asked: anyio.Event = field(default_factory=anyio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            response = await self._answered(request) if request.method == "POST" else Response(status_code=405)
            await response(scope, receive, send)

    def forget(self) -> None:
        """Know no session any more, as after a restart."""
        self.sessions.append("another")

    async def _answered(self, request: Request) -> Response:
        message: Json = json.loads(await request.body())
        if message["method"] == self.lists_after:
            self._asked.set()
        if message["method"] == "initialize":
            self.sessions.append(f"session{len(self.sessions)}")
            return self._result(message, HELLO, {SESSION: self.sessions[-1]})
        if self.is_forgetful or request.headers.get(SESSION) != self.sessions[-1]:
            return self.on_unknown(message.get("id"))
        if "id" not in message:
            return Response(status_code=202)
        if message["method"] == "tools/list":
            if self.lists_after:
                await self._asked.wait()
            return self._result(message, {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]})
        if message["method"] != "tools/call":
            return self._result(message, {})
        self.calls.append(message["params"]["name"])
        return await self._called(message)

    async def _called(self, message: Json) -> Response:
        match message["params"]["name"]:
            case "bomb":
                packed = zlib.compressobj(9, zlib.DEFLATED, 31)
                zeros = b"".join(packed.compress(b" " * 1_000_000) for _ in range(300)) + packed.flush()
                return Response(zeros, headers={"content-encoding": "gzip"}, media_type="application/json")
            case "endless":
                return StreamingResponse(_for_ever(b" " * 65_536), media_type="application/json")
            case "endless_event":
                return StreamingResponse(_for_ever(b"x" * 65_536, b"data: "), media_type="text/event-stream")
            case "comments":
                return StreamingResponse(_for_ever(b":\n" * 30_000), media_type="text/event-stream")
            case _:
                return self._result(message, {"content": [{"type": "text", "text": "done"}]})

    def _result(self, message: Json, result: Json, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": result}, headers=headers)


HELLO: Json = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "flooding", "version": "1"},
}


async def _for_ever(piece: bytes, begin: bytes = b"") -> AsyncGenerator[bytes]:
    yield begin
    while True:
        yield piece
        await anyio.lowlevel.checkpoint()
