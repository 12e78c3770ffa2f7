"""The commands as MCP prompts: listed, run by `prompts/get`, completed."""

from collections.abc import Iterable

import anyio.to_thread

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.config.profiles import NO_PROFILE
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy import passthrough as passing
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.commands.command import Command, Kind, in_menu
from mcp_dynaload.proxy.commands.steering import TIERS
from mcp_dynaload.proxy.commands.table import COMMANDS, run_command
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.policy import Strategy

MAX_WORDS = 12
"""The client splits a line at blanks and drops the words for which a prompt has no argument."""

MAX_COMPLETIONS = 100
"""The protocol's limit."""


async def list_prompts(session: Session, request: Request, params: Json) -> Json:
    """List all upstreams' prompts and our commands, in name order."""
    result = await passing.list_prompts(session, request, params)
    own = [_prompt(name, command) for name, command in COMMANDS.items()]
    return {"prompts": sorted([*own, *result["prompts"]], key=lambda prompt: str(prompt["name"]))}


async def get_prompt(session: Session, request: Request, params: Json) -> Json:
    """Run one of our commands and tell the model in a line; or an upstream's prompt.

    Raises:
        MCPError: There is none of that name, or the upstream failed.
    """
    name = params.get("name")
    command = COMMANDS.get(name) if isinstance(name, str) else None
    if command is None or not isinstance(name, str):
        return await passing.get_prompt(session, request, params)
    session.model_context.has_begun = True  # the answer is sent to the model
    arguments = json_object(params.get("arguments"))
    words = " ".join(str(arguments.get(key) or "") for key in _argument_names(command)).split()
    result = await run_command(session, name, words)
    ran = f"The user ran {in_menu(session)}{name}."
    text = f"{ran} Result: {printable(result.summary)} Tell them in one line; there is nothing to do."
    return {"description": command.about, "messages": [{"role": "user", "content": {"type": "text", "text": text}}]}


async def complete(session: Session, request: Request, params: Json) -> Json:
    """Complete an argument of one of our commands; or of an upstream's prompt or resource template.

    Raises:
        MCPError: The reference names nothing, or the upstream failed.
    """
    ref, argument = json_object(params.get("ref")), json_object(params.get("argument"))
    name = ref.get("name") if ref.get("type") == "ref/prompt" else None
    if not isinstance(name, str) or (command := COMMANDS.get(name)) is None:
        return await passing.complete(session, request, params)
    names, key = _argument_names(command), argument.get("name")
    if names and key == names[0]:
        values = await anyio.to_thread.run_sync(_values, session, command.takes)
    else:
        values = [command.more] if command.more and key in names else []
    found = _starting(values, str(argument.get("value") or "").lower())
    shown = found[:MAX_COMPLETIONS]
    return {"completion": {"values": shown, "total": len(found), "hasMore": len(found) > len(shown)}}


def _prompt(name: str, command: Command) -> Json:
    arguments = [
        {"name": argument, "description": command.takes if not number else "more", "required": False}
        for number, argument in enumerate(_argument_names(command))
    ]
    return {"name": name, "description": command.about, "arguments": arguments}


def _argument_names(command: Command) -> tuple[str, ...]:
    """Return positional arguments for a line's words, all optional: the command tells what is missing."""
    if command.takes == "none":
        return ()
    first = command.takes.replace(" ", "_")
    if command.takes == "words":
        return (first, *(f"word{number}" for number in range(2, MAX_WORDS + 1)))
    return (first, command.more) if command.more else (first,)


def _values(session: Session, kind: Kind) -> list[str]:
    categories = list(session.view.categories())
    tools = [tool.name for tool in session.catalog.tools]
    match kind:
        case "category":
            return categories
        case "tier":
            return list(TIERS)
        case "mode":
            return list(Strategy)
        case "tool":
            return tools
        case "tool or category":
            return [*categories, *tools]
        case "pinned":
            return sorted(session.state.pinned)
        case "server":
            return list(session.host.sign_ins.configs) if session.host.sign_ins is not None else []
        case "profile":
            return [*session.shared.read_profiles(), NO_PROFILE]
        case "words" | "none":
            return []


def _starting(values: Iterable[str], start: str) -> list[str]:
    """Return the values that begin so, then those that have it inside."""
    inside = [value for value in values if start in value.lower()]
    return sorted(dict.fromkeys(inside), key=lambda value: not value.lower().startswith(start))
