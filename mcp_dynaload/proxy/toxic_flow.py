"""How a session's user is told that its tools can do together what is dangerous, once for each combination."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import anyio.to_thread

from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.selection.flows import Capability, Flow, flow_of
from mcp_dynaload.store.usage import UsageStore

WHY = "a text from outside could have the model send out what is private"


@dataclass(slots=True)
class FlowNotices:
    """The combinations of which a project's user was told, in this session or an earlier one."""

    _told: frozenset[str] = frozenset()
    _told_held: frozenset[str] = frozenset()
    """The tools held back of which the user was told in this session."""

    _asked: set[str] = field(default_factory=set[str])
    """The tools held back for which the user was asked in their client."""

    def asks_for(self, name: str) -> bool:
        """Return whether the user has not been asked for a tool, and note that they are now."""
        is_new = name not in self._asked
        self._asked.add(name)
        return is_new

    def recall(self, memory: UsageStore, project: str) -> None:
        """Take what the project's user was told before; blocks."""
        self._told |= memory.flows(project)

    async def news(self, flow: Flow, memory: UsageStore, project: str) -> bool:
        """Return whether there is a combination of which nobody has told yet, and note that it is told now."""
        new = _written(flow.parts) - self._told
        if not flow.is_whole or not new:
            return False
        self._told |= new
        await anyio.to_thread.run_sync(memory.keep_flows, project, new)
        return True

    def news_of_held(self, held: frozenset[str]) -> frozenset[str]:
        """Return the tools held back of which the user was not told in this session, and note that they are told."""
        new = held - self._told_held
        self._told_held |= held
        return new


def flow_line(flow: Flow, server: str) -> str:
    """Return what the user is told of a combination that is there; `server` is our name in the client."""
    return (
        f"dynaload: together this session's tools can {flow.in_words()}: {WHY}. "
        f"/{server}:unload <tool> refuses one; not told again for these servers in this project."
    )


def held_line(new: Iterable[str], flow: Flow, server: str) -> str:
    """Return what the user is told of tools that wait for their word."""
    return (
        f"dynaload: not loaded, until you say /{server}:allow-flow: {', '.join(sorted(new))}. With that together "
        f"this session's tools could {flow.in_words()}: {WHY}."
    )


def held_refusal(name: str, server: str) -> str:
    """Return what the model is told that calls a tool held back."""
    return (
        f"The tool {name!r} was not called: with it this session could read private data, take in what outsiders wrote "
        f"and send out, and the user wants to be asked before. Do not try it in another way; go on without it, or ask "
        f"the user to type /{server}:allow-flow"
    )


def flow_with(tools: Sequence[Tool], held: Iterable[Tool]) -> Flow:
    """Return what a session's tools could do together with those held back."""
    return flow_of([*tools, *held])


def _written(parts: Iterable[tuple[Capability, str]]) -> frozenset[str]:
    return frozenset(f"{capability.name} {server}" for capability, server in parts)
