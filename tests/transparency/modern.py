"""An upstream of revision 2026-07-28 only, over stdio and streamable HTTP.

Run as `python -m tests.transparency.modern` it speaks stdio.
"""

from collections.abc import Mapping
from typing import Any

import anyio
import mcp_types as types
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.runner import modern_on_request
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated, ToolsListChanged
from mcp.shared.dispatcher import DispatchContext
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.transport_context import TransportContext
from mcp_types.version import LATEST_MODERN_VERSION
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_dynaload.catalog.tool import Json
from tests.waiting import HANG_SECONDS

Context = ServerRequestContext[Json]
Result = types.CallToolResult | types.InputRequiredResult

NAME_FORM: Json = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
ASK_NAME = types.ElicitRequest(params=types.ElicitRequestFormParams(message="Who?", requested_schema=NAME_FORM))
ASK_ROOTS = types.ListRootsRequest()
ASK_MODEL = types.CreateMessageRequest(
    params=types.CreateMessageRequestParams(
        messages=[types.SamplingMessage(role="user", content=types.TextContent(text="hello"))], max_tokens=10
    )
)
REFUSAL = MCPError(types.UNSUPPORTED_PROTOCOL_VERSION, "no handshake here", {"supported": [LATEST_MODERN_VERSION]})


def said(value: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=value)], _meta={"com.acme/said": True})


class ModernServer:
    """The server and what changes in it."""

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self.names = ["greet", "hang_up", "introduce", "grow", "log", "progress", "region", "touch", "wait"]
        self.cancelled = anyio.Event()
        self.listen = ListenHandler(self.bus)
        self.server: Server[Json] = Server(
            "modern",
            version="1.0.0",
            instructions="Be modern.",
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
            on_list_resources=self.list_resources,
            on_read_resource=self.read_resource,
            on_subscriptions_listen=self.listen,
        )

    async def list_tools(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        schemas: dict[str, Json] = {
            "region": {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
        }
        tools = [types.Tool(name=name, input_schema=schemas.get(name, {"type": "object"})) for name in self.names]
        return types.ListToolsResult(tools=tools, ttl_ms=0, cache_scope="private")

    async def call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        tools = {
            "greet": self.greet,
            "hang_up": self.hang_up,
            "introduce": self.introduce,
            "grow": self.grow,
            "log": self.log,
            "progress": self.progress,
            "region": self.region,
            "touch": self.touch,
            "wait": self.wait,
        }
        return await tools[params.name](ctx, params)

    async def greet(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        """Ask for the name."""
        if params.request_state is None:
            return types.InputRequiredResult(input_requests={"who": ASK_NAME}, request_state="asked")
        answer = (params.input_responses or {}).get("who")
        words = f"{answer.action} {answer.content}" if isinstance(answer, types.ElicitResult) else repr(answer)
        return said(f"{params.request_state}: {words} for {params.arguments}")

    async def introduce(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        """Ask for everything at once."""
        if params.input_responses is None:
            return types.InputRequiredResult(input_requests={"a": ASK_NAME, "b": ASK_ROOTS, "c": ASK_MODEL})
        return said(" ".join(sorted(type(answer).__name__ for answer in params.input_responses.values())))

    async def grow(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        self.names.append(f"grown{len(self.names)}")
        await self.bus.publish(ToolsListChanged())
        return said("grown")

    async def hang_up(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        """Change its tools when nobody can hear of it."""
        self.listen.close()
        self.names.append("unheard")
        return said("hung up")

    async def log(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        for level in ("debug", "warning"):
            await ctx.session.send_log_message(  # pyright: ignore[reportDeprecated] - still in the revision
                level, f"at {level}", related_request_id=ctx.request_id
            )
        return said("logged")

    async def progress(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        for done in (0, 1):
            await ctx.session.report_progress(done, 1)
        return said("done")

    async def region(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        return said(f"region {(params.arguments or {})['region']}")

    async def touch(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        await self.bus.publish(ResourceUpdated("memo://one"))
        return said("touched")

    async def wait(self, ctx: Context, params: types.CallToolRequestParams) -> Result:
        if (params.arguments or {}).get("for") == "cancellation":
            with anyio.fail_after(HANG_SECONDS):
                await self.cancelled.wait()
            return said("it was cancelled")
        await ctx.session.report_progress(0)
        try:
            await anyio.Event().wait()
        finally:
            self.cancelled.set()
        return said("nobody cancelled")

    async def list_prompts(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[types.Prompt(name="letter")], ttl_ms=0, cache_scope="private")

    async def get_prompt(
        self, ctx: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult | types.InputRequiredResult:
        if params.input_responses is None:
            return types.InputRequiredResult(input_requests={"who": ASK_NAME})
        content = types.TextContent(text=f"Dear {params.input_responses['who']}")
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=content)])

    async def list_resources(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        resource = types.Resource(uri="memo://one", name="one")
        return types.ListResourcesResult(resources=[resource], ttl_ms=0, cache_scope="private")

    async def read_resource(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        contents = types.TextResourceContents(uri=params.uri, text="a memo")
        return types.ReadResourceResult(contents=[contents], ttl_ms=0, cache_scope="private")

    def http_app(self) -> ASGIApp:
        """Return the server over HTTP, refusing what does not name the revision."""
        return _ModernOnly(self.server.streamable_http_app())


class _ModernOnly:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or Headers(scope=scope).get("mcp-protocol-version") == LATEST_MODERN_VERSION:
            await self._app(scope, receive, send)
            return
        body = {"jsonrpc": "2.0", "id": None, "error": REFUSAL.error.model_dump(exclude_unset=True)}
        await JSONResponse(body, status_code=400)(scope, receive, send)


async def main() -> None:
    from mcp.server.stdio import stdio_server

    answer = modern_on_request(ModernServer().server, {})

    async def on_request(
        context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> Json:
        if method == "initialize":
            raise REFUSAL
        return await answer(context, method, params)

    async def on_notification(
        context: DispatchContext[TransportContext], method: str, params: Mapping[str, Any] | None
    ) -> None:
        """Do nothing: the revision has none that needs an answer here; the dispatcher itself cancels requests."""

    async with stdio_server() as (read, write):
        await JSONRPCDispatcher[TransportContext](read, write).run(on_request, on_notification)


if __name__ == "__main__":
    anyio.run(main)
