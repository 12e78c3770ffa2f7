"""The texts that the model reads of us: definitions, the query that loads them, our tool and instructions."""

from collections.abc import Iterable, Mapping, Sequence

from mcp_dynaload.catalog.cost import CLIENT_PREFIX, MAX_DESCRIPTION_LENGTH, wire_text
from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS, HOOK_TOOL
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.masking.printable import quoted
from mcp_dynaload.upstream.listing import Listing

Introduction = tuple[str, str]
"""A server and its instructions."""

MAX_CONTEXT_CHARACTERS = 9_500
"""The client cuts a hook's context at 10,000 characters."""

MAX_INTRODUCTION_CHARACTERS = 4_200
"""The characters of servers' instructions in one answer: two whole ones fit."""

MAX_FOUND_CHARACTERS = 20_000
"""The characters of an answer of `find_tools`."""

MAX_INSTRUCTIONS_CHARACTERS = 2_000
ALSO = "Also connected, with definitions too long to be given here:"

MAX_FOUND = 10
DEFAULT_FOUND = 5

FIND_WITH_SEARCH = f"call {FIND_TOOLS} if it is loaded, else ToolSearch:"

OWN_TOOLS = (FIND_TOOLS, CALL_TOOL, HOOK_TOOL)

FIND_TOOLS_DEFINITION: Json = {
    "name": FIND_TOOLS,
    "description": (
        "Search the tools of all connected MCP servers and load the best matches: they become callable under the "
        "names returned. Use it when no loaded tool fits the task, before falling back to the shell."
    ),
    "inputSchema": {
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "What the tool should do, in plain words, or part of its name"},
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_FOUND, "default": DEFAULT_FOUND},
        },
        "required": ["query"],
    },
    "annotations": {"title": "Find tools", "readOnlyHint": True, "openWorldHint": False},
}


HOOK_TOOL_DEFINITION: Json = {
    "name": HOOK_TOOL,
    "description": "For this server's plugin, which hides it: it tells what the user asks for. Not for models.",
    "inputSchema": {"type": "object"},
    "annotations": {"readOnlyHint": True, "openWorldHint": False},
}
"""A mod can call listed tools only; it takes the tool off what the model is offered."""


def loaded_text(tools: Sequence[Tool], room: int = MAX_CONTEXT_CHARACTERS, client_prefix: str = CLIENT_PREFIX) -> str:
    """Return the text about tools connected just now: whole definitions as far as they fit, the others by name."""
    if not tools:
        return ""
    head = "These MCP tools were connected for this task just now and can be called by these names:"
    return _described(tools, head, room, client_prefix)


def fitting(introductions: Iterable[Introduction]) -> list[Introduction]:
    """Return the introductions that are given now: they leave the larger part of the room to definitions."""
    given: list[Introduction] = []
    for introduction in introductions:
        if len(introduction_text([*given, introduction])) <= MAX_INTRODUCTION_CHARACTERS:
            given.append(introduction)
    return given


def text_beside(tools: Sequence[Tool], introduction: str, client_prefix: str = CLIENT_PREFIX) -> str:
    """Return what stands beside a prompt: tools connected just now, in the room that an introduction leaves, and it."""
    described = loaded_text(tools, MAX_CONTEXT_CHARACTERS - len(introduction) - 1, client_prefix)
    return "\n".join(part for part in (described, introduction) if part)


def introduction_text(introductions: Iterable[Introduction]) -> str:
    """Return the instructions of servers whose first tools were loaded."""
    return "\n".join(
        f"Instructions of the MCP server {name!r}, quoted: {quoted(text[:MAX_DESCRIPTION_LENGTH])}"
        for name, text in introductions
    )


def select_query(tools: Iterable[Tool], client_prefix: str = CLIENT_PREFIX) -> str:
    """Return the query with which the client's own tool search loads exactly these."""
    return "select:" + ",".join(client_prefix + tool.name for tool in tools)


def nothing_found(query: str, unseen: Iterable[str] = ()) -> str:
    """Return the answer of `find_tools` where nothing fits; `unseen` are the servers whose tools are not known."""
    missing = ", ".join(sorted(unseen))
    searched = f" Not searched, because they could not be listed so far: {missing}." if missing else ""
    return f"No tool of the connected MCP servers matches {query!r}. Try other words, or go on without.{searched}"


def found_text(tools: Sequence[Tool], client_prefix: str = CLIENT_PREFIX) -> str:
    """Return the answer of `find_tools`."""
    head = "These tools are connected now and can be called by name:"
    return _described(tools, head, MAX_FOUND_CHARACTERS, client_prefix)


def instructions_text(listings: Mapping[str, Listing], unseen: Iterable[str], *, has_tool_search: bool = False) -> str:
    """Return our own instructions: a line for each server, so that the model knows what to ask for.

    With a search of the client's own it is not known yet whether that will ask us: the model sees it by its tools.
    """
    head = (
        "The tools of these MCP servers are connected when a task needs them; what one says of itself is quoted."
        f" If one that you need is missing, {FIND_WITH_SEARCH if has_tool_search else f'call {FIND_TOOLS}:'}"
    )
    lines = [head, *(_server_line(name, listing) for name, listing in sorted(listings.items()))]
    lines += [f"- {name}" for name in sorted(unseen)]
    return _cut_lines(lines, MAX_INSTRUCTIONS_CHARACTERS)


def instructions_of_all(listings: Mapping[str, Listing]) -> str:
    """Return what a plain proxy says of itself: a single server's own words as they are, of several each quoted."""
    given = [(name, listing.instructions) for name, listing in listings.items() if listing.instructions]
    return given[0][1] if len(given) == 1 else introduction_text(given)


def own_texts(instructions: str, client_prefix: str = CLIENT_PREFIX) -> dict[str, str]:
    """Return every text of ours that reaches the model, by name, for counting; and the names that are taken."""
    definition = FIND_TOOLS_DEFINITION
    return {
        FIND_TOOLS: wire_text(FIND_TOOLS, str(definition["description"]), definition["inputSchema"], client_prefix),
        CALL_TOOL: "",  # costs nothing where it is not listed
        HOOK_TOOL: instructions,
    }


def _described(tools: Sequence[Tool], head: str, room: int, client_prefix: str) -> str:
    """Return definitions one a line, in the form in which the client shows tools; too long ones are named only."""
    query = select_query(tools, client_prefix)
    tail = f"If one is not in your tool list yet, ToolSearch with this exact query loads it: {query}"
    room -= len(f"{head}\n<functions>\n</functions>\n{ALSO} {_names(tools, client_prefix)}\n{tail}")
    lines: list[str] = []
    left_out: list[Tool] = []
    for tool in tools:
        line = _function_line(tool, client_prefix)
        if len(line) + 1 <= room:
            lines.append(line)
            room -= len(line) + 1
        else:
            left_out.append(tool)
    if not lines:
        return f"{head} {_names(tools, client_prefix)}\n{tail}"
    others = [f"{ALSO} {_names(left_out, client_prefix)}"] if left_out else []
    return "\n".join([head, "<functions>", *lines, "</functions>", *others, tail])


def _function_line(tool: Tool, client_prefix: str) -> str:
    fields = {
        "description": tool.description[:MAX_DESCRIPTION_LENGTH],
        "name": client_prefix + tool.name,
        "parameters": tool.input_schema,
    }
    return f"<function>{quoted(fields)}</function>"


def _names(tools: Iterable[Tool], client_prefix: str) -> str:
    return ", ".join(client_prefix + tool.name for tool in tools)


def _server_line(name: str, listing: Listing) -> str:
    if words := " ".join(listing.instructions.split()):
        return f"- {name} ({len(listing.tools)} tools): {quoted(words)}"
    names = ", ".join(quoted(str(tool["name"]))[1:-1] for tool in listing.tools[:8])
    return f"- {name} ({len(listing.tools)} tools): {names}"


def _cut_lines(lines: Sequence[str], limit: int) -> str:
    """Return the lines, long ones cut evenly so that all together keep the limit."""
    width = limit
    while sum(min(len(line), width) + 1 for line in lines[1:]) + len(lines[0]) > limit and width > 1:
        width = int(width * 0.9)
    return "\n".join([lines[0], *(line if len(line) <= width else _cut(line, width) for line in lines[1:])])[:limit]


def _cut(line: str, width: int) -> str:
    """Return the beginning of a line, a quotation closed."""
    end = '…"' if line.endswith('"') else "…"
    return line[: max(0, width - len(end))] + end
