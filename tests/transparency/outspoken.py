"""An upstream that uses all of the protocol and fields of its own besides, over stdio, streamable HTTP and SSE.

What it answers goes out raw: the SDK's models would drop the fields that they do not know.
Run as `python -m tests.transparency.outspoken` it speaks stdio.
"""

from collections.abc import Awaitable, Callable

import anyio
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel.server import Server
from mcp.server.sse import SseServerTransport
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Mount, Route

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.proxy.client import Request
from tests.transparency.outspoken_lists import CAPABILITIES, PAGED_LISTS, page
from tests.waiting import HANG_SECONDS

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")


async def tell(ctx: Request, method: str, params: Json | None) -> None:
    """Say something on the stream of the request."""
    await ctx.session._request_outbound.notify(method, params)  # pyright: ignore[reportPrivateUsage] - raw on purpose


async def announce(ctx: Request, method: str, params: Json | None) -> None:
    """Say something on the stream of the connection."""
    await ctx.session._connection.outbound.notify(method, params)  # pyright: ignore[reportPrivateUsage]


def memory(ctx: Request) -> Json:
    """Return what this connection remembers."""
    return ctx.session._connection.state  # pyright: ignore[reportPrivateUsage]


def happened(ctx: Request, what: str) -> anyio.Event:
    return memory(ctx).setdefault(f"happened {what}", anyio.Event())


def answer(value: Json) -> Json:
    return {"content": [{"type": "text", "text": "see structuredContent"}], "structuredContent": value}


async def echo(ctx: Request, params: Json) -> Json:
    blocks = [
        {"type": "text", "text": "said", "annotations": {"audience": ["user"], "priority": 0.5, "xMood": "calm"}},
        {"type": "resource_link", "uri": "note://one", "name": "one", "xLink": {"deep": [1, None, True]}},
        {"type": "hologram", "xUnheardOf": "a kind of content that nobody knows"},
    ]
    meta = {"com.acme/trace": {"id": 7}}
    return {"content": blocks, "structuredContent": params, "isError": False, "_meta": meta, "xVendor": {"n": 1.5}}


async def fail(ctx: Request, params: Json) -> Json:
    return {"content": [{"type": "text", "text": "it went wrong"}], "isError": True, "xRetryable": False}


async def refuse(ctx: Request, params: Json) -> Json:
    error = json_object(params.get("arguments"))
    raise MCPError(code=error["code"], message=error["message"], data=error.get("data"))


async def progress(ctx: Request, params: Json) -> Json:
    token = json_object(params.get("_meta")).get("progressToken")
    for done in (0, 0.5, 1):
        said = {"progressToken": token, "progress": done, "total": 1, "message": f"at {done}", "xStep": {"done": done}}
        await tell(ctx, "notifications/progress", said)
    return answer({"token": token})


async def log(ctx: Request, params: Json) -> Json:
    least = memory(ctx).get("level", "debug")
    for level in LEVELS[LEVELS.index(least) :]:
        data = {"text": f"at {level}", "xData": [level]}
        await tell(
            ctx, "notifications/message", {"level": level, "logger": "outspoken", "data": data, "_meta": {"x": 1}}
        )
    return answer({"least": least})


async def ask(ctx: Request, params: Json) -> Json:
    question = json_object(params.get("arguments"))
    channel = ctx.session._request_outbound  # pyright: ignore[reportPrivateUsage] - raw on purpose
    try:
        return answer({"answer": await channel.send_raw_request(question["method"], question.get("params"))})
    except MCPError as error:
        return answer({"code": error.code, "message": error.message, "data": error.data})


async def wait(ctx: Request, params: Json) -> Json:
    token = json_object(params.get("_meta")).get("progressToken")
    await tell(ctx, "notifications/progress", {"progressToken": token, "progress": 0})
    try:
        await anyio.sleep_forever()
    finally:
        happened(ctx, "cancelled").set()
    return {}


async def report(ctx: Request, params: Json) -> Json:
    """Wait until something has happened on this connection."""
    what = json_object(params.get("arguments"))["what"]
    with anyio.fail_after(HANG_SECONDS):
        await happened(ctx, what).wait()
    return answer({"happened": what, "with": memory(ctx).get(what)})


async def change(ctx: Request, params: Json) -> Json:
    """Offer one more of a kind and announce that."""
    kind = json_object(params.get("arguments"))["kind"]
    memory(ctx)[f"more {kind}"] = True
    await announce(ctx, f"notifications/{kind}/list_changed", None)
    return answer({})


async def touch(ctx: Request, params: Json) -> Json:
    """Announce a change of every subscribed resource."""
    subscribed = sorted(memory(ctx).get("subscribed", set()))
    for uri in subscribed:
        await announce(ctx, "notifications/resources/updated", {"uri": uri, "title": "changed", "xWhy": "touched"})
    return answer({"subscribed": subscribed})


async def say(ctx: Request, params: Json) -> Json:
    """Say whatever one wants it to say."""
    said = json_object(params.get("arguments"))
    await tell(ctx, said["method"], said.get("params"))
    return answer({})


async def identify(ctx: Request, params: Json) -> Json:
    introduction = memory(ctx)["initialize"]
    return answer({"server": memory(ctx)["name"], **{key: introduction[key] for key in ("clientInfo", "capabilities")}})


async def large(ctx: Request, params: Json) -> Json:
    return {"content": [{"type": "text", "text": "\u00e9\u2028\U0001f40d" * json_object(params["arguments"])["times"]}]}


TOOLS: dict[str, Callable[[Request, Json], Awaitable[Json]]] = {
    tool.__name__: tool
    for tool in (echo, fail, refuse, progress, log, ask, wait, report, change, touch, say, identify, large)
}


async def call_tool(ctx: Request, params: Json) -> Json:
    if params["name"] not in TOOLS:
        raise MCPError(code=-32602, message=f"no tool {params['name']}", data={"xKnown": sorted(TOOLS)})
    return await TOOLS[params["name"]](ctx, params)


async def get_prompt(ctx: Request, params: Json) -> Json:
    if params["name"] != "greet":
        raise MCPError(code=-32602, message=f"no prompt {params['name']}")
    text = f"Greet {json_object(params.get('arguments')).get('name')}"
    message = {"role": "user", "content": {"type": "text", "text": text, "xTone": "warm"}, "xMessage": 1}
    return {
        "description": "a greeting",
        "messages": [message],
        "_meta": {"x": 1},
        "xPrompt": [params],
        "xServer": memory(ctx)["name"],
    }


async def read_resource(ctx: Request, params: Json) -> Json:
    if not params["uri"].startswith(("note://", "song://")):
        raise MCPError(code=-32002, message="no such resource", data={"uri": params["uri"], "xHint": "note://one"})
    texts = {"uri": params["uri"], "mimeType": "text/plain", "text": "a note", "_meta": {"x": 1}, "xPages": 2}
    return {"contents": [texts, {"uri": f"{params['uri']}/cover", "blob": "aGk="}], "xServer": memory(ctx)["name"]}


async def subscribe(ctx: Request, params: Json) -> Json:
    memory(ctx).setdefault("subscribed", set()).add(params["uri"])
    return {"xSubscribed": params}


async def unsubscribe(ctx: Request, params: Json) -> Json:
    memory(ctx)["subscribed"].remove(params["uri"])
    return {}


async def complete(ctx: Request, params: Json) -> Json:
    return {"completion": {"values": ["anna", "anton"], "total": 7, "hasMore": True, "xRank": [2, 1]}, "xAsked": params}


async def set_level(ctx: Request, params: Json) -> Json:
    if params["level"] not in LEVELS:
        raise MCPError(code=-32602, message=f"no level {params['level']}")
    memory(ctx)["level"] = params["level"]
    return {}


async def custom(ctx: Request, params: Json) -> Json:
    return {"xCustom": params}


METHODS = {
    "tools/call": call_tool,
    "prompts/get": get_prompt,
    "resources/read": read_resource,
    "resources/subscribe": subscribe,
    "resources/unsubscribe": unsubscribe,
    "completion/complete": complete,
    "logging/setLevel": set_level,
    "acme/custom": custom,
}


async def serve(ctx: Request, call_next: CallNext) -> HandlerResult:
    params = dict(ctx.params or {})
    if ctx.request_id is None:
        memory(ctx)[ctx.method] = params
        happened(ctx, ctx.method).set()
        return await call_next(ctx)
    if ctx.method == "initialize":
        memory(ctx)["initialize"] = params
        return {**json_object(await call_next(ctx)), "capabilities": CAPABILITIES}
    if ctx.method in PAGED_LISTS:
        return page(ctx.method, params, more=memory(ctx))
    method = METHODS.get(ctx.method)
    return await (method(ctx, params) if method else call_next(ctx))


def build_server(name: str = "outspoken") -> Server[Json]:
    async def serve_as(ctx: Request, call_next: CallNext) -> HandlerResult:
        memory(ctx)["name"] = name
        return await serve(ctx, call_next)

    server: Server[Json] = Server(name, version="1.0.0", instructions="Speak up.")
    server.middleware[:] = [serve_as]
    return server


def sse_app() -> Starlette:
    """Return the server over the transport of revision 2024-11-05."""
    transport = SseServerTransport("/messages/")

    async def connect(request: HttpRequest) -> Response:
        streams = transport.connect_sse(request.scope, request.receive, request._send)  # pyright: ignore[reportPrivateUsage]
        async with streams as (read, write):
            server = build_server()
            await server.run(read, write, server.create_initialization_options())
        return Response()

    return Starlette(routes=[Route("/sse", endpoint=connect), Mount("/messages/", app=transport.handle_post_message)])


async def main() -> None:
    from mcp.server.stdio import stdio_server

    server = build_server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main)
