"""A recorded request to the Messages API: tools, prompts, and the texts that the client put beside them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

Json = dict[str, Any]
Kind = Literal["main", "subagent", "side"]

MOD_STEP = "toolu_dynaload_"
"""How the id of a call begins that our mod has made up, so that a transcript tells it from the model's."""

_ASIDES = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_DEFINITION = re.compile(r"^<function>(.*)</function>$", re.MULTILINE)
_SELECT = re.compile(r"select:[\w,<>\[\].-]*\w")
_COMMAND_TRACES = ("<command-name>", "<command-message>", "<local-command-")


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A `POST /v1/messages`, as it came."""

    number: int
    """Its place among all requests of this API."""

    at_seconds: float
    """Monotonic time of arrival."""

    body: Json

    headers: Mapping[str, str]
    """Lower-case names."""

    @property
    def kind(self) -> Kind:
        """The session's own loop, a subagent's, or one of the client's asides (titles, summaries, suggestions)."""
        if not self._tools or self.prompt.startswith("[SUGGESTION MODE"):
            return "side"
        return "subagent" if "x-claude-code-agent-id" in self.headers else "main"

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.body.get("model"))

    @property
    def loaded_tools(self) -> list[str]:
        """The names of the tools whose definitions the model sees from the start."""
        return [str(tool["name"]) for tool in self._tools if not tool.get("defer_loading")]

    @property
    def deferred_tools(self) -> list[str]:
        """The names of the tools whose definitions are sent, but shown only after an addition or a search."""
        return [str(tool["name"]) for tool in self._tools if tool.get("defer_loading")]

    @property
    def tool_additions(self) -> list[str]:
        """The names of the tools that blocks in the conversation show to the model from there on."""
        return [str(block["tool"]["name"]) for block in self.blocks() if block.get("type") == "tool_addition"]

    @property
    def tool_references(self) -> list[str]:
        """The names of the tools that the client's own search has loaded."""
        return [str(block["tool_name"]) for block in self.blocks() if block.get("type") == "tool_reference"]

    @property
    def visible_tools(self) -> set[str]:
        """Every tool whose definition the model sees in this request's tool list."""
        shown = {*self.tool_additions, *self.tool_references}
        return {*self.loaded_tools, *(shown & set(self.deferred_tools))}

    def tools_of(self, server: str = "dynaload") -> list[str]:
        """Return the loaded tools of one MCP server."""
        return [name for name in self.loaded_tools if name.startswith(f"mcp__{server}__")]

    def tool_definition(self, name: str) -> Json:
        """Return the definition sent for a tool.

        Raises:
            KeyError: the request has no such tool.
        """
        return {str(tool["name"]): tool for tool in self._tools}[name]

    @property
    def prompt(self) -> str:
        """The newest text of the user (or, in a subagent, of its task)."""
        texts = self.prompt_texts
        return texts[-1] if texts else ""

    @property
    def prompt_texts(self) -> list[str]:
        """All texts that people typed, in order: without reminders, tool results and traces of commands."""
        return [text for _, text in self.prompts()]

    def prompts(self) -> list[tuple[int, str]]:
        """Return the same, each with the index of its message."""
        return [
            (index, text)
            for index, message in enumerate(self.messages)
            if message.get("role") == "user" and not _has_result(message)
            for block in blocks_in(message.get("content"))
            if block.get("type") == "text"
            and (text := _ASIDES.sub("", str(block["text"])).strip())
            and not text.startswith(_COMMAND_TRACES)
        ]

    @property
    def steps_done(self) -> int:
        """The number of answers since the newest prompt; the step that our mod answers is none."""
        prompts = self.prompts()
        start = prompts[-1][0] if prompts else 0
        return sum(message.get("role") == "assistant" and not is_of_mod(message) for message in self.messages[start:])

    @property
    def additional_context(self) -> str:
        """The texts that the client put beside the newest prompt: reminders, hooks' contexts, announcements."""
        prompts = self.prompts()
        start = prompts[-1][0] if prompts else 0
        return "\n".join(self._asides(start))

    @property
    def described_tools(self) -> dict[str, Json]:
        """The definitions that stand as text beside the newest prompt, by name."""
        return definitions_in(self.additional_context)

    def _asides(self, start: int) -> Iterator[str]:
        for message in self.messages[start:]:
            role = message.get("role")
            for block in blocks_in(message.get("content")):
                text = str(block.get("text", ""))
                if role == "system":
                    yield text
                elif role == "user":
                    yield from _ASIDES.findall(text)

    @property
    def tool_results(self) -> dict[str, str]:
        """The text of each tool's result by the id of its call."""
        return {
            str(block["tool_use_id"]): _text(block.get("content"))
            for block in self.blocks()
            if block.get("type") == "tool_result"
        }

    @property
    def last_result(self) -> str:
        """The text of the newest tool result, or nothing."""
        return next(reversed(self.tool_results.values()), "")

    @property
    def failed_results(self) -> list[str]:
        """The texts of the tool results that are errors."""
        return [
            _text(block.get("content"))
            for block in self.blocks()
            if block.get("type") == "tool_result" and block.get("is_error")
        ]

    @property
    def messages(self) -> list[Json]:
        """The conversation so far."""
        return cast(list[Json], self.body.get("messages", []))

    def blocks(self) -> Iterator[Json]:
        """Yield every content block of every message, those inside tool results included."""
        for message in self.messages:
            for block in blocks_in(message.get("content")):
                yield block
                if block.get("type") == "tool_result":
                    yield from blocks_in(block.get("content"))

    @property
    def _tools(self) -> list[Json]:
        return cast(list[Json], self.body.get("tools", []))


def definitions_in(words: str) -> dict[str, Json]:
    """Return the tool definitions written into a text, one `<function>` each, by name."""
    definitions = [cast(Json, json.loads(found)) for found in _DEFINITION.findall(words)]
    return {str(definition["name"]): definition for definition in definitions}


def select_query_in(words: str) -> str:
    """Return the query for the client's tool search that a text gives.

    Raises:
        ValueError: it gives none, or several.
    """
    (query,) = {found for found in _SELECT.findall(words) if "<name>" not in found}
    return query


def normalised_prefix(request: ModelRequest) -> list[str]:
    """Return the texts that a prompt cache compares, in order: loaded tools, system, messages; one text each.

    Deferred tools and cache marks do not count, and a text counts the same as a list of one text block.
    """
    tools = [tool for tool in cast(list[Json], request.body.get("tools", [])) if not tool.get("defer_loading")]
    system = blocks_in(request.body.get("system"))
    messages = [
        {"role": message.get("role"), "content": blocks_in(message.get("content"))} for message in request.messages
    ]
    return [json.dumps(without_cache_marks(part), sort_keys=True) for part in (*tools, *system, *messages)]


def is_prefix_kept(earlier: ModelRequest, later: ModelRequest) -> bool:
    """Return whether the later request begins with all of the earlier one."""
    before = normalised_prefix(earlier)
    return normalised_prefix(later)[: len(before)] == before


def without_cache_marks(value: Any) -> Any:
    """Return a part of a request without the marks of where a cache may end."""
    if isinstance(value, dict):
        items = cast(Json, value).items()
        return {key: without_cache_marks(item) for key, item in items if key != "cache_control"}
    if isinstance(value, list):
        return [without_cache_marks(item) for item in cast(list[Any], value)]
    return value


def blocks_in(content: Any) -> list[Json]:
    """Return a message's content as blocks, however it is written."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return cast(list[Json], content or [])


def is_of_mod(message: Json) -> bool:
    """Return whether a message is the step that our mod answers."""
    calls = [block for block in blocks_in(message.get("content")) if block.get("type") == "tool_use"]
    return bool(calls) and all(str(block["id"]).startswith(MOD_STEP) for block in calls)


def _has_result(message: Json) -> bool:
    return any(block.get("type") == "tool_result" for block in blocks_in(message.get("content")))


def _text(content: Any) -> str:
    return "\n".join(str(block.get("text", "")) for block in blocks_in(content))
