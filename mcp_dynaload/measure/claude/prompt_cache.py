"""The prompt cache modelled by prefix: which part of a request would be read from it, and what that costs."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.encoder.tokenizer import count_tokens
from mcp_dynaload.measure.claude.model_request import ModelRequest, blocks_in, without_cache_marks

WRITTEN, READ, OUTPUT = 1.25, 0.1, 5.0
"""The price of a token written to the cache, read from it, and answered by the model, beside one of plain input."""

IDLE_SECONDS = 300.0
"""After so long without a request an entry is gone."""


SHOWING = ("search_tools", "get_dynamic_tools", "find_tools")
"""The tools of peers and of ours whose results are definitions."""

_BESIDE_A_PROMPT = re.compile(r"<functions>.*?</functions>", re.DOTALL)

MAX_COUNTED = 100_000
"""So many texts are counted once; a run repeats a few thousand definitions in every request."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a request as a cache compares it: a tool, a block of the system's text or of a message."""

    text: str
    tokens: int
    is_marked: bool
    """The client asks for an entry that ends here."""

    definition_tokens: int = 0
    """The tokens of definitions of MCP tools."""


@dataclass(frozen=True, slots=True)
class Input:
    """The input tokens of one request."""

    read: int
    written: int
    """All that was not read: the client marks the end of each request."""

    definitions: int
    """The tokens of definitions of MCP tools."""

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.read + self.written

    @property
    def units(self) -> float:
        """The cost, in tokens of plain input."""
        return self.read * READ + self.written * WRITTEN


@dataclass(slots=True)
class PromptCache:
    """The entries that requests of one model have left, by the prefix that ends there."""

    entries: dict[bytes, float] = field(default_factory=dict[bytes, float])
    """When each was last written or read, in seconds."""

    def ask(self, parts: Sequence[Part], at_seconds: float) -> Input:
        """Return how a request is charged, and keep the entries that it leaves."""
        prefixes = list(_prefixes(parts))
        alive = [
            place
            for place, prefix in enumerate(prefixes)
            if at_seconds - self.entries.get(prefix, -IDLE_SECONDS) < IDLE_SECONDS and prefix in self.entries
        ]
        known = alive[-1] + 1 if alive else 0
        for place, (prefix, part) in enumerate(zip(prefixes, parts, strict=True)):
            if part.is_marked or place == len(parts) - 1 or place + 1 == known:
                self.entries[prefix] = at_seconds
        return Input(
            read=sum(part.tokens for part in parts[:known]),
            written=sum(part.tokens for part in parts[known:]),
            definitions=sum(part.definition_tokens for part in parts),
        )


def parts_of(request: ModelRequest) -> list[Part]:
    """Return the parts of a request in the order in which a cache compares them.

    A deferred tool costs nothing until a block of a message shows it; its definition then counts there.
    """
    tools = cast(list[Json], request.body.get("tools", []))
    deferred = {str(tool["name"]): tool for tool in tools if tool.get("defer_loading")}
    parts = [_tool(tool) for tool in tools if not tool.get("defer_loading")]
    parts += [_part(block) for block in blocks_in(request.body.get("system"))]
    shown: set[str] = set()
    searches: set[str] = set()
    for message in request.messages:
        for block in blocks_in(message.get("content")):
            if block.get("type") == "tool_use" and str(block["name"]).endswith(SHOWING):
                searches.add(str(block["id"]))
            parts.append(_in_message(str(message.get("role")), block, deferred, shown, searches))
    return parts


def definition_text(tool: Json) -> str:
    """Return what the model sees of a definition, as compact JSON."""
    shown = {key: tool[key] for key in ("name", "description", "input_schema") if key in tool}
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False)


def output_tokens(blocks: Iterable[Json]) -> int:
    """Count the tokens that a model writes for these blocks."""
    return sum(_tokens(str(block.get("text") or _json(_call(block)))) for block in blocks)


def _tool(tool: Json) -> Part:
    text = definition_text(tool)
    tokens = _tokens(text)
    return Part(text, tokens, "cache_control" in tool, tokens if str(tool["name"]).startswith("mcp__") else 0)


def _part(block: Json, role: str = "") -> Part:
    text = str(block["text"]) if block.get("type") == "text" else _json(without_cache_marks(block))
    beside = sum(_tokens(found) for found in _BESIDE_A_PROMPT.findall(text))
    return Part(f"{role}\n{text}", _tokens(text), "cache_control" in block, beside)


def _in_message(role: str, block: Json, deferred: Mapping[str, Json], shown: set[str], searches: set[str]) -> Part:
    """Return a block as a part, with the definitions that it shows for the first time."""
    part = _part(block, role)
    if block.get("tool_use_id") in searches:
        return replace(part, definition_tokens=part.tokens)
    names = [name for name in _shown_by(block) if name in deferred and name not in shown]
    shown.update(names)
    definitions = "".join(definition_text(deferred[name]) for name in names)
    if not definitions:
        return part
    more = _tokens(definitions)
    return Part(part.text + definitions, part.tokens + more, part.is_marked, part.definition_tokens + more)


def _shown_by(block: Json) -> list[str]:
    """Return the names of the tools that a block makes visible: by a search's references, or by an addition."""
    if block.get("type") == "tool_addition":
        return [str(block["tool"]["name"])]
    if block.get("type") == "tool_result":
        inner = blocks_in(block.get("content"))
        return [str(found["tool_name"]) for found in inner if found.get("type") == "tool_reference"]
    return []


@lru_cache(maxsize=MAX_COUNTED)
def _tokens(text: str) -> int:
    return count_tokens(text)


def _prefixes(parts: Sequence[Part]) -> Iterable[bytes]:
    state = hashlib.sha256()
    for part in parts:
        state.update(part.text.encode())
        state.update(b"\0")
        yield state.digest()


def _call(block: Json) -> Json:
    return {"name": block.get("name"), "input": block.get("input")}


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
