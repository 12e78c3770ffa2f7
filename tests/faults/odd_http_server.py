"""A server over HTTP that shakes hands as it should and answers each call with what the test wants."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mcp_dynaload.catalog.tool import Json
from tests.faults.scripted import tools

EVENTS = "text/event-stream"
JSON = "application/json"

HELLO: Json = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}, "prompts": {}, "resources": {"subscribe": True}, "completions": {}},
    "serverInfo": {"name": "odd", "version": "1"},
}


@dataclass(frozen=True, slots=True)
class Odd:
    """An odd answer; `{id}` in its body becomes the id of the request."""

    body: bytes | str = ""
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def body_for(self, number: object) -> bytes:
        body = self.body.encode() if isinstance(self.body, str) else self.body
        return body.replace(b"{id}", json.dumps(number).encode())


@dataclass
class OddServer:
    """A streamable HTTP server without sessions, as an ASGI application."""

    odd: Odd
    only: frozenset[str] = frozenset({"tools/call", "prompts/get", "resources/read", "completion/complete"})
    """Methods that get the odd answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = await self._answer(request) if request.method == "POST" else Response(status_code=405)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        message: Json = json.loads(await request.body())
        if "id" not in message:
            return Response(status_code=202)
        if message["method"] in self.only:
            headers = {"content-type": self.odd.content_type, **self.odd.headers}
            return Response(self.odd.body_for(message["id"]), self.odd.status, headers)
        return _json(message["id"], usual_result(message["method"]))


@dataclass
class OddSseServer:
    """The older transport: answers come on the stream that is open already."""

    odd: Odd
    post_status: int = 202
    """With which posted calls are taken."""

    _events: anyio.Event = field(default_factory=anyio.Event)
    _waiting: list[bytes] = field(default_factory=list[bytes])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        if request.method == "POST":
            await (await self._take(request))(scope, receive, send)
            return
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", EVENTS.encode())]}
        await send(start)
        await send(_chunk(b"event: endpoint\ndata: /messages\n\n"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._tell, send)
            while (await receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()

    async def _take(self, request: Request) -> Response:
        message: Json = json.loads(await request.body())
        if message.get("method") == "tools/call" and self.post_status != 202:
            return Response("no room", self.post_status)
        if "id" in message:
            usual = _json(message["id"], usual_result(message["method"])).body
            body = self.odd.body_for(message["id"]) if message["method"] == "tools/call" else bytes(usual)
            self._waiting.append(b"event: message\ndata: " + body + b"\n\n")
            self._events.set()
        return Response(status_code=202)

    async def _tell(self, send: Send) -> None:
        while True:
            await self._events.wait()
            self._events = anyio.Event()
            while self._waiting:
                await send(_chunk(self._waiting.pop(0)))


def usual_result(method: str) -> Json:
    """Return the answer of a server in its right mind."""
    match method:
        case "initialize":
            return HELLO
        case "tools/list":
            return {"tools": tools("echo")}
        case "prompts/list":
            return {"prompts": [{"name": "greet"}]}
        case "resources/list":
            return {"resources": [{"uri": "odd://one", "name": "one"}]}
        case "resources/templates/list":
            return {"resourceTemplates": []}
        case _:
            return {"content": [{"type": "text", "text": "as usual"}]}


def _json(number: object, result: Json) -> Response:
    return Response(json.dumps({"jsonrpc": "2.0", "id": number, "result": result}), media_type=JSON)


def _chunk(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}
