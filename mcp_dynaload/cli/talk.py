"""The meaning of a line of `mcp-dynaload interactive`, and its outcome."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_dynaload.catalog.cost import less_or_more
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.cli.call_arguments import parse_arguments
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.proxy.commands.layout import aligned
from mcp_dynaload.ranking.cleaning import split_command

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from mcp_dynaload.api.dynaload import Dynaload
    from mcp_dynaload.api.results import CommandOutcome, QueryResult

LOCAL: Mapping[str, str] = {
    "/call": 'call a tool: /call <tool> [JSON, or name=value name="two words" …]',
    "/tools": "what is loaded now",
    "/clear": "start over, as in the client",
    "/exit": "leave; so does end of input",
}
"""The beginnings of a line beside our commands."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of one line: text for the user, and the same for a program."""

    success: bool
    text: str
    data: Mapping[str, Any]


async def replies(
    dynaload: "Dynaload", lines: AsyncGenerator[str], show: Callable[[Reply], None], session_id: str
) -> bool:
    """Answer each line until the last or `/exit`; False if one went wrong."""
    went_well = True
    async for line in lines:
        if line.strip() == "/exit":
            break
        if not line.strip():
            continue
        reply = await _answer(dynaload, line.strip(), session_id)
        went_well &= reply.success
        show(reply)
    return went_well


async def _answer(dynaload: "Dynaload", line: str, session_id: str) -> Reply:
    from mcp.shared.exceptions import MCPError  # half a second that `--help` can do without

    first, _, rest = line.partition(" ")
    try:
        match first:
            case "/call":
                name, _, written = rest.strip().partition(" ")
                arguments = parse_arguments(name, written, await _schema(dynaload, name, session_id))
                return _called(name, await dynaload.call_tool(name, arguments, session_id=session_id))
            case "/tools":
                names = [tool["name"] for tool in await dynaload.tools_for_messages_api(session_id=session_id)]
                return Reply(True, "\n".join(names), {"tools": names})
            case "/clear":
                await dynaload.clear_session(session_id)
                return Reply(True, "Cleared: the next prompt is the first.", {"cleared": True})
            case _ if split_command(line)[0] == line:
                return await _commanded(dynaload, line, session_id)
            case _:
                return _queried(await dynaload.process_query(line, session_id=session_id))
    except (DynaloadError, MCPError) as error:
        return Reply(False, str(error), {"error": str(error)})


async def _schema(dynaload: "Dynaload", name: str, session_id: str) -> Json:
    """Return the schema of a tool's arguments; an empty one where there is no such tool, which the call then tells."""
    tool = dynaload.proxy.live.catalog.get(name)
    if tool is not None:
        return tool.input_schema
    listed = await dynaload.tools_for_messages_api(session_id=session_id)  # our own tools are here alone
    schemas = {str(one["name"]): json_object(one["input_schema"]) for one in listed}
    return schemas.get(name) or {}


def _called(name: str, result: "CallToolResult") -> Reply:
    texts = [getattr(block, "text", None) or f"[{block.type}]" for block in result.content]
    data = result.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Reply(not result.is_error, "\n".join(texts), {"tool": name, **data})


async def _commanded(dynaload: "Dynaload", line: str, session_id: str) -> Reply:
    outcome: CommandOutcome = await dynaload.run_user_command(line, session_id=session_id)
    text = outcome.message
    if line.split()[0] == "/help":
        text = aligned(LOCAL.items()) + "\n" + text.partition("\n")[2]  # the first line tells of the client's menu
    return Reply(outcome.success, text, outcome.model_dump(mode="json"))


def _queried(result: "QueryResult") -> Reply:
    added = [tool for tool in result.tools if tool.name in result.added]
    lines = [
        f"  + {tool.name}  {tool.tokens:,} tokens, p {tool.probability or 0:.2f}"
        for tool in sorted(added, key=lambda tool: -(tool.probability or 0))
    ]
    head = (
        f"{len(result.added)} loaded, {len(result.tools)} in the list: {result.optimized_tokens:,} tokens instead of "
        f"{result.baseline_tokens:,}, {less_or_more(result.reduction_percentage / 100)} ({result.reason}; "
        f"{result.total_time_ms:.0f} ms{', from the cache' if result.cache_hit else ''})"
    )
    return Reply(True, "\n".join([head, *lines]), result.model_dump(mode="json"))
