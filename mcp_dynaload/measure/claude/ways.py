"""Ways in which a model reaches a tool in each set-up: whether it can call it, and where it searches if it cannot."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.claude.model_api import Block, tool_use
from mcp_dynaload.measure.claude.model_request import ModelRequest
from mcp_dynaload.measure.claude.tasks import Key

TOOL_SEARCH = "ToolSearch"
PEER_SERVER = "tools"
"""The name that a peer has in the client's configuration."""

_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")

Arguments = Callable[[str, str], Json]
"""Gives what a server's tool is called with."""


class Way(Protocol):
    """A model's way to the tools of one set-up; it sees the request and nothing else."""

    def call(self, request: ModelRequest, key: Key) -> Block | None:
        """Return the call of a tool, or nothing where its definition is not within reach."""
        ...

    def search(self, request: ModelRequest, keys: Sequence[Key], query: str) -> Block | None:
        """Return the step that may bring one of these tools within reach, or nothing where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ToolsByName:
    """Tools that stand in the client's own list or are loaded into it, each under a name of its own."""

    names: Mapping[Key, str]
    arguments: Arguments

    finder: str | None = None
    """A tool of the server's that searches where the client's own search does not."""

    by_name: bool = False
    """The model knows the right name among those that the client announces, and selects it: the least possible."""

    def call(self, request: ModelRequest, key: Key) -> Block | None:
        """Return the call of a tool whose definition the request shows in its list of tools."""
        name = self.names[key]
        return tool_use(name, self.arguments(*key)) if name in request.visible_tools else None

    def search(self, request: ModelRequest, keys: Sequence[Key], query: str) -> Block | None:
        """Return a search with words; what stands beside the prompt as text is selected by its name."""
        names = [self.names[key] for key in keys]
        selected = names[:1] if self.by_name else [name for name in names if name in request.described_tools]
        if selected and TOOL_SEARCH in request.loaded_tools:
            return tool_use(TOOL_SEARCH, {"query": f"select:{','.join(selected)}", "max_results": len(selected)})
        if TOOL_SEARCH in request.loaded_tools:
            return tool_use(TOOL_SEARCH, {"query": query})
        if self.finder in request.loaded_tools:
            return tool_use(str(self.finder), {"query": query})
        return None


@dataclass(frozen=True, slots=True)
class SearchedTools:
    """FastMCP's two tools: one searches and answers with definitions, one calls what was found."""

    arguments: Arguments
    server: str = PEER_SERVER

    def call(self, request: ModelRequest, key: Key) -> Block | None:
        """Return the call of a tool that one of the results so far describes."""
        name = "_".join(key)
        if not any(f'"name":{json.dumps(name)}' in _compact(result) for result in request.tool_results.values()):
            return None
        return tool_use(f"mcp__{self.server}__call_tool", {"name": name, "arguments": self.arguments(*key)})

    def search(self, request: ModelRequest, keys: Sequence[Key], query: str) -> Block | None:
        """Return a search with words."""
        return _if_listed(request, f"mcp__{self.server}__search_tools", {"query": query})


@dataclass(frozen=True, slots=True)
class GroupedTools:
    """dynamic-mcp's two tools: one shows all definitions of a server, one calls; the model knows the right server."""

    arguments: Arguments
    server: str = PEER_SERVER

    def call(self, request: ModelRequest, key: Key) -> Block | None:
        """Return the call of a tool whose server was shown."""
        group, name = key
        shown = {
            block["input"].get("group")
            for block in request.blocks()
            if block.get("type") == "tool_use" and block["name"] == self._show
        }
        if group not in shown:
            return None
        arguments = {"group": group, "name": name, "args": self.arguments(*key)}
        return tool_use(f"mcp__{self.server}__call_dynamic_tool", arguments)

    def search(self, request: ModelRequest, keys: Sequence[Key], query: str) -> Block | None:
        """Return the step that shows a server."""
        return _if_listed(request, self._show, {"group": keys[0][0]})

    @property
    def _show(self) -> str:
        return f"mcp__{self.server}__get_dynamic_tools"


@dataclass(frozen=True, slots=True)
class CompressedTools:
    """mcp-compressor's two tools of each server: one names its tools and shows the schema of one, the other calls."""

    arguments: Arguments
    server: str = PEER_SERVER

    def call(self, request: ModelRequest, key: Key) -> Block | None:
        """Return the call of a tool whose schema was shown."""
        group, name = key
        shown = (
            block["input"].get("tool_name")
            for block in request.blocks()
            if block.get("type") == "tool_use" and block["name"] == self._shows(group)
        )
        if name not in shown:
            return None
        arguments = {"tool_name": name, "tool_input": self.arguments(*key)}
        return tool_use(self._name(group, "invoke_tool"), arguments)

    def search(self, request: ModelRequest, keys: Sequence[Key], query: str) -> Block | None:
        """Return the step that shows a schema, of the first of these tools that the request names at all."""
        for group, name in keys:
            tool = self._shows(group)
            if tool in request.loaded_tools and f"<tool>{name}(" in request.tool_definition(tool)["description"]:
                return tool_use(tool, {"tool_name": name})
        return None

    def _shows(self, group: str) -> str:
        return self._name(group, "get_tool_schema")

    def _name(self, group: str, what: str) -> str:
        return f"mcp__{self.server}__{_NOT_IN_A_NAME.sub('_', group)}_{what}"


def direct_name(key: Key) -> str:
    """Return the name that the client gives to a tool of a server that it is connected with."""
    server, tool = (_NOT_IN_A_NAME.sub("_", part) for part in key)
    return f"mcp__{server}__{tool}"


def _if_listed(request: ModelRequest, name: str, arguments: Json) -> Block | None:
    return tool_use(name, arguments) if name in request.loaded_tools else None


def _compact(text: str) -> str:
    """Return JSON text without the blanks after its colons."""
    return text.replace('": ', '":')
