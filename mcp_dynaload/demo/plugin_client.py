"""A client with our plugin, as `init` sets it up: what its mod asks, and what its requests then hold because of us."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mcp_types import CallToolResult

from mcp_dynaload.catalog.cost import CLIENT_PREFIX, wire_text
from mcp_dynaload.catalog.names import FIND_TOOLS
from mcp_dynaload.catalog.tool import ALWAYS_LOAD, Json
from mcp_dynaload.demo.typist import HookAnswer, Typist
from mcp_dynaload.encoder.tokenizer import count_tokens

TURN = "0123456789ab"
"""In place of a turn's id in the id of a made-up call: as long as the module has it."""

NATIVE_RESULTS = 5
"""As many tools as a search gives by itself: of more the step says how many."""

STEP_TEXTS = (
    "Tool loaded.",
    "<system-reminder>\n<total_tokens>15000000 tokens left</total_tokens>\n</system-reminder>",
)
"""The text that the client writes after the result of a made-up call, and only there."""

DEFERRED_TEXT = (
    "<system-reminder>\nThe following deferred tools are now available via ToolSearch. "
    "Their schemas are NOT loaded \N{EM DASH} calling them directly will fail with InputValidationError. "
    'Use ToolSearch with query "select:<name>[,<name>...]" to load tool schemas before calling them:\n'
    "{}\n</system-reminder>"
)
"""How the client tells of tools that are listed and that nobody has selected yet."""

NOTHING_TO_SELECT = HookAnswer({}, 0.0)


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """The first model request of a prompt, the user's or a subagent's, as far as it is ours."""

    defined: frozenset[str]
    """Upstream tools whose definitions it has."""

    tokens: int
    """The tokens of these definitions and our own texts, and so far of made-up steps and what is beside prompts."""

    milliseconds: float
    """The time that the mod's question and the hook of the prompt took."""


@dataclass(slots=True)
class PluginClient:
    """Made by `plug_in`; types prompts, starts subagents, and counts what their requests hold."""

    client: Typist
    costs: Mapping[str, int]
    """Tokens of each upstream tool's definition."""

    own_tokens: int
    """The tokens of our instructions and our own tool."""

    _asks: bool = False
    """The mod has said hello, which it does in the first step of the session, when it knows the model."""

    _selected: set[str] = field(default_factory=set[str])
    _announced: set[str] = field(default_factory=set[str])
    _written: int = 0
    """Tokens of what the messages of this conversation hold because of us."""

    async def prompt(self, text: str) -> FirstRequest:
        """Send a prompt: the mod asks before its hook is called; for the first one the hook alone serves."""
        asked = await self.client.ask("ModPrompt", prompt=text) if self._asks else NOTHING_TO_SELECT
        hook = await self.client.hook("UserPromptSubmit", prompt=text)
        hello = NOTHING_TO_SELECT if self._asks else await self._say_hello()
        selected = [*asked.selected, *hello.selected]
        self._selected |= set(selected)
        self._written += count_tokens(hook.context) + step_tokens(selected)
        listed = await self._listed()
        self._written += self._announcement(listed.keys() - self._selected - _in_full(listed))
        milliseconds = asked.milliseconds + hook.milliseconds + hello.milliseconds
        return self._request(_in_full(listed) | self._selected, self._written, milliseconds)

    async def start_agent(self, prompt: str) -> FirstRequest:
        """Start a subagent, whose conversation has its own prompt and step only."""
        if not self._asks:
            await self._say_hello()
        asked = await self.client.ask("ModAgent", prompt=prompt)
        hook = await self.client.hook("PreToolUse", prompt=prompt)
        defined = _in_full(await self._listed()) | set(asked.selected)
        return self._request(defined, step_tokens(asked.selected), asked.milliseconds + hook.milliseconds)

    async def call(self, name: str, arguments: Mapping[str, object]) -> CallToolResult:
        """Call a tool, as the model does.

        Raises:
            MCPError: The proxy has none of that name.
        """
        return await self.client.call(name, arguments)

    async def command(self, line: str) -> HookAnswer:
        """Choose one of our commands; the mod then asks what to show under the prompt."""
        answer = await self.client.command(line)
        await self.client.ask("ModStatus")
        return answer

    async def end_turn(self) -> None:
        """Tell that the model is done."""
        await self.client.hook("Stop")
        await self.client.ask("ModStatus")

    async def clear(self) -> None:
        """Start over."""
        await self.client.clear()
        self._selected.clear()
        self._announced.clear()
        self._written = 0

    async def names(self) -> set[str]:
        """Return the upstream tools that are listed now, selected or not."""
        return set(await self._listed())

    async def _say_hello(self) -> HookAnswer:
        self._asks = True
        return await self.client.ask("ModStarted")

    async def _listed(self) -> dict[str, bool]:
        """Return the upstream tools that are listed now, and whether the client has each in its requests by itself."""
        tools = await self.client.listed()
        return {tool.name: bool((tool.meta or {}).get(ALWAYS_LOAD)) for tool in tools if tool.name != FIND_TOOLS}

    def _announcement(self, names: Collection[str]) -> int:
        """Return tokens of telling those of these names that were not told yet."""
        new = sorted(set(names) - self._announced)
        self._announced |= set(new)
        return count_tokens(DEFERRED_TEXT.format("\n".join(CLIENT_PREFIX + name for name in new))) if new else 0

    def _request(self, defined: Iterable[str], written: int, milliseconds: float) -> FirstRequest:
        tools = frozenset(defined)
        tokens = self.own_tokens + written + sum(self.costs[name] for name in tools)
        return FirstRequest(tools, tokens, milliseconds)


async def plug_in(client: Typist, costs: Mapping[str, int]) -> PluginClient:
    """Return the client once it is ready to be typed in."""
    await client.is_ready()
    own = count_tokens(client.client.instructions or "")
    for tool in await client.listed():
        if tool.name == FIND_TOOLS:
            own += count_tokens(wire_text(tool.name, tool.description or "", tool.input_schema))
    return PluginClient(client, costs, own)


def _in_full(listed: Mapping[str, bool]) -> set[str]:
    return {name for name, is_in_full in listed.items() if is_in_full}


def step_tokens(names: Sequence[str]) -> int:
    """Return tokens that the step which selects these tools leaves in a conversation, their definitions apart."""
    if not names:
        return 0
    call_id = f"toolu_dynaload_{TURN}"
    client_names = [CLIENT_PREFIX + name for name in names]
    selecting: Json = {"query": f"select:{','.join(client_names)}"}
    if len(names) > NATIVE_RESULTS:
        selecting["max_results"] = len(names)
    references = [{"type": "tool_reference", "tool_name": name} for name in client_names]
    blocks: list[Json] = [
        {"type": "tool_use", "id": call_id, "name": "ToolSearch", "input": selecting},
        {"type": "tool_result", "tool_use_id": call_id, "content": references},
    ]
    written = [*(json.dumps(block, separators=(",", ":")) for block in blocks), *STEP_TEXTS]
    return sum(map(count_tokens, written))
