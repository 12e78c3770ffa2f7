"""The server that the official conformance suite asks for, as `python -m tests.transparency.everything stdio|PORT`.

Names and texts of its tools, prompts and resources are those that the suite's scenarios require.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
import mcp_types as types
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server

from mcp_dynaload.catalog.tool import Json
from tests.transparency.everything_schemas import (
    DEFAULTS_FORM,
    ENUMS_FORM,
    JSON_SCHEMA_2020_12,
    NO_ARGUMENTS,
    USER_FORM,
    text_argument,
)
from tests.transparency.resumable import resumable_app

Context = ServerRequestContext[Json]
Contents = list[types.ContentBlock]

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
PAUSE_SECONDS = 0.05

TEXTS = {
    "test://static-text": "This is the content of the static text resource.",
    "test://watched-resource": "Watched.",
}
TEMPLATE = "test://template/{id}/data"


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool: what it says about itself and what it does."""

    description: str
    schema: Json
    call: Callable[[Context, Json], Awaitable[Contents]]


def text(value: str) -> types.TextContent:
    return types.TextContent(text=value)


def image() -> types.ImageContent:
    return types.ImageContent(data=PNG, mime_type="image/png")


def embedded(uri: str, mime_type: str, value: str) -> types.EmbeddedResource:
    return types.EmbeddedResource(resource=types.TextResourceContents(uri=uri, mime_type=mime_type, text=value))


async def simple_text(ctx: Context, arguments: Json) -> Contents:
    return [text("This is a simple text response for testing.")]


async def image_content(ctx: Context, arguments: Json) -> Contents:
    return [image()]


async def audio_content(ctx: Context, arguments: Json) -> Contents:
    return [types.AudioContent(data=WAV, mime_type="audio/wav")]


async def embedded_resource(ctx: Context, arguments: Json) -> Contents:
    return [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]


async def multiple_content_types(ctx: Context, arguments: Json) -> Contents:
    mixed = embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')
    return [text("Multiple content types test:"), image(), mixed]


async def with_logging(ctx: Context, arguments: Json) -> Contents:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message(  # pyright: ignore[reportDeprecated] - today's clients use it
            "info", said, related_request_id=ctx.request_id
        )
        await anyio.sleep(PAUSE_SECONDS)
    return [text("Tool with logging executed.")]


async def with_progress(ctx: Context, arguments: Json) -> Contents:
    for progress in (0, 50, 100):
        await ctx.session.report_progress(progress, 100)
        await anyio.sleep(PAUSE_SECONDS)
    return [text("Tool with progress executed.")]


async def failing(ctx: Context, arguments: Json) -> Contents:
    raise ValueError("This tool intentionally returns an error for testing")


async def sampling(ctx: Context, arguments: Json) -> Contents:
    message = types.SamplingMessage(role="user", content=text(arguments["prompt"]))
    answer = await ctx.session.create_message(  # pyright: ignore[reportDeprecated] - today's clients use it
        [message], max_tokens=100, related_request_id=ctx.request_id
    )
    return [text(f"LLM response: {getattr(answer.content, 'text', '')}")]


async def elicitation(ctx: Context, arguments: Json) -> Contents:
    answer = await ctx.session.elicit_form(arguments["message"], USER_FORM, related_request_id=ctx.request_id)
    return [text(f"User response: action={answer.action}, content={json.dumps(answer.content)}")]


async def elicitation_defaults(ctx: Context, arguments: Json) -> Contents:
    return await _completed(ctx, DEFAULTS_FORM)


async def elicitation_enums(ctx: Context, arguments: Json) -> Contents:
    return await _completed(ctx, ENUMS_FORM)


async def _completed(ctx: Context, form: Json) -> Contents:
    answer = await ctx.session.elicit_form("Please fill in the form", form, related_request_id=ctx.request_id)
    return [text(f"Elicitation completed: action={answer.action}, content={json.dumps(answer.content)}")]


async def reconnection(ctx: Context, arguments: Json) -> Contents:
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
    await anyio.sleep(PAUSE_SECONDS)
    return [text("Reconnection test completed.")]


TOOLS = {
    "test_simple_text": Offered("Returns a text", NO_ARGUMENTS, simple_text),
    "test_image_content": Offered("Returns an image", NO_ARGUMENTS, image_content),
    "test_audio_content": Offered("Returns a sound", NO_ARGUMENTS, audio_content),
    "test_embedded_resource": Offered("Returns a resource", NO_ARGUMENTS, embedded_resource),
    "test_multiple_content_types": Offered("Returns several contents", NO_ARGUMENTS, multiple_content_types),
    "test_tool_with_logging": Offered("Logs while it runs", NO_ARGUMENTS, with_logging),
    "test_tool_with_progress": Offered("Reports progress", NO_ARGUMENTS, with_progress),
    "test_error_handling": Offered("Always fails", NO_ARGUMENTS, failing),
    "test_sampling": Offered("Asks the model", text_argument("prompt"), sampling),
    "test_elicitation": Offered("Asks the user", text_argument("message"), elicitation),
    "test_elicitation_sep1034_defaults": Offered("Asks with defaults", NO_ARGUMENTS, elicitation_defaults),
    "test_elicitation_sep1330_enums": Offered("Asks with choices", NO_ARGUMENTS, elicitation_enums),
    "test_reconnection": Offered("Closes its stream in the middle of the call", NO_ARGUMENTS, reconnection),
    "json_schema_2020_12_tool": Offered("Tool with JSON Schema 2020-12 features", JSON_SCHEMA_2020_12, simple_text),
}

PROMPTS = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
}


async def list_tools(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    return types.ListToolsResult(
        tools=[
            types.Tool(name=name, description=tool.description, input_schema=tool.schema)
            for name, tool in TOOLS.items()
        ]
    )


async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    if params.name not in TOOLS:
        raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")
    try:
        return types.CallToolResult(content=await TOOLS[params.name].call(ctx, params.arguments or {}))
    except ValueError as error:
        return types.CallToolResult(content=[text(str(error))], is_error=True)


async def list_prompts(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
    return types.ListPromptsResult(
        prompts=[
            types.Prompt(
                name=name,
                description=f"The prompt {name}",
                arguments=[types.PromptArgument(name=argument, required=True) for argument in arguments] or None,
            )
            for name, arguments in PROMPTS.items()
        ]
    )


async def get_prompt(ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
    given = params.arguments or {}
    contents: dict[str, Callable[[], Contents]] = {
        "test_simple_prompt": lambda: [text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments": lambda: [
            text(f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'")
        ],
        "test_prompt_with_embedded_resource": lambda: [
            embedded(given["resourceUri"], "text/plain", "Embedded resource content for testing."),
            text("Please process the embedded resource above."),
        ],
        "test_prompt_with_image": lambda: [image(), text("Please analyze the image above.")],
    }
    if params.name not in contents:
        raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {params.name}")
    return types.GetPromptResult(
        messages=[types.PromptMessage(role="user", content=content) for content in contents[params.name]()]
    )


async def list_resources(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
    texts = [
        types.Resource(uri=uri, name=uri.split("//")[1], description=f"Text at {uri}", mime_type="text/plain")
        for uri in TEXTS
    ]
    binary = types.Resource(
        uri="test://static-binary", name="static-binary", description="An image", mime_type="image/png"
    )
    return types.ListResourcesResult(resources=[*texts, binary])


async def list_templates(
    ctx: Context, params: types.PaginatedRequestParams | None
) -> types.ListResourceTemplatesResult:
    template = types.ResourceTemplate(uri_template=TEMPLATE, name="data", mime_type="application/json")
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    uri = str(params.uri)
    start, end = TEMPLATE.split("{id}")
    if uri in TEXTS:
        found = types.TextResourceContents(uri=uri, mime_type="text/plain", text=TEXTS[uri])
    elif uri == "test://static-binary":
        found = types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
    elif uri.startswith(start) and uri.endswith(end):
        wanted = uri.removeprefix(start).removesuffix(end)
        value = json.dumps({"id": wanted, "templateTest": True, "data": f"Data for ID: {wanted}"})
        found = types.TextResourceContents(uri=uri, mime_type="application/json", text=value)
    else:
        raise MCPError(-32002, "Resource not found", {"uri": uri})
    return types.ReadResourceResult(contents=[found])


async def accept(ctx: Context, params: types.RequestParams) -> types.EmptyResult:
    return types.EmptyResult()


async def complete(ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
    known = ("paris", "park", "party", "hello", "world")
    values = [value for value in known if value.startswith(params.argument.value)]
    return types.CompleteResult(completion=types.Completion(values=values, total=len(values), has_more=False))


def build_server() -> Server[Json]:
    return Server(  # pyright: ignore[reportDeprecated] - it has log levels, which today's clients use
        "everything",
        version="1.0.0",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=accept,
        on_unsubscribe_resource=accept,
        on_completion=complete,
        on_set_logging_level=accept,
    )


async def serve_stdio() -> None:
    from mcp.server.stdio import stdio_server

    server = build_server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def main(where: str) -> None:
    if where == "stdio":
        anyio.run(serve_stdio)
        return
    import uvicorn  # the stdio server starts without it

    app = resumable_app(build_server())
    uvicorn.run(app, host="127.0.0.1", port=int(where), log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1])
