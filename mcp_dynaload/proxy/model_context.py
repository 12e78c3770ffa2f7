"""Tools and servers that the model of one session has been told of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import anyio

from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.proxy.model_text import fitting, introduction_text
from mcp_dynaload.upstream.listing import Listing

MAX_AGENTS = 50
"""Agents of a session of which it is known what they have seen, the latest."""


@dataclass(frozen=True, slots=True)
class ChosenForPrompt:
    """The choice for a prompt: for the mod, which selects, and for the hook, which puts texts beside it."""

    selected: tuple[Tool, ...]
    introduction: str
    """Instructions of servers, for the model."""

    notice: str
    """For the user."""


@dataclass(slots=True)
class PromptMeeting:
    """The two calls that one prompt makes where there is a mod, its own and the hook's: the first to come chooses."""

    prompt: str
    choosing: anyio.Lock = field(default_factory=anyio.Lock)
    chosen: ChosenForPrompt | None = None
    mod_came: anyio.Event = field(default_factory=anyio.Event)
    hook_came: bool = False

    def is_for(self, prompt: str, *, by_mod: bool) -> bool:
        """Return whether a call is the other one of this very prompt."""
        return self.prompt == prompt and not (self.mod_came.is_set() if by_mod else self.hook_came)


@dataclass(slots=True)
class ModelContext:
    """The knowledge of the model, from the first prompt to `/clear`."""

    has_begun: bool = False
    """A prompt was submitted: its request has fixed what the model's tools were then."""

    context_tokens: int = 0
    """The tokens that the model read for its last answer, as far as the client's transcript tells; 0: not known."""

    _introduced: set[str] = field(default_factory=set[str])
    _told: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """The tools whose definitions the model has seen: under no name the conversation's, under an agent's id its own."""

    _meeting: PromptMeeting | None = None
    """The meeting of the last prompt where there is a mod."""

    _described: tuple[str, ...] = ()
    """The tools whose definitions stand beside the last prompt, as its request does not have them."""

    def meet(self, prompt: str, *, by_mod: bool) -> PromptMeeting:
        """Note that the mod or the hook has come with a prompt; the other one finds the same meeting."""
        meeting = self._meeting
        if meeting is None or not meeting.is_for(prompt, by_mod=by_mod):
            meeting = self._meeting = PromptMeeting(prompt)
        if by_mod:
            meeting.mod_came.set()
        else:
            meeting.hook_came = True
        return meeting

    def start_over(self) -> None:
        """Forget everything, as the user cleared the conversation."""
        self.has_begun = False
        self.context_tokens = 0
        self._meeting = None
        self._introduced.clear()
        self._told.clear()

    def describe(self, tools: Iterable[Tool]) -> None:
        """Note that the definitions of these tools, and of no others, are put beside a prompt."""
        self._described = tuple(tool.name for tool in tools)

    def take_described(self) -> tuple[str, ...]:
        """Return the tools described beside the last prompt, once."""
        described, self._described = self._described, ()
        return described

    def forget_definitions(self) -> None:
        """Forget the definitions: the client has put a summary in place of what was said."""
        self._told.pop("", None)

    def tell(self, tools: Iterable[Tool], agent: str = "") -> None:
        """Note that these tools' definitions are in a request, or beside a prompt, or in an answer."""
        if agent and agent not in self._told:
            agents = [known for known in self._told if known]
            for oldest in agents[: max(0, len(agents) + 1 - MAX_AGENTS)]:
                del self._told[oldest]
        self._told.setdefault(agent, set()).update(tool.name for tool in tools)

    def told(self, agent: str = "") -> frozenset[str]:
        """Return the names of the tools whose definitions the model has seen."""
        return frozenset(self._told.get(agent, ()))

    def untold(self, tools: Iterable[Tool]) -> list[Tool]:
        """Return the tools whose definitions the model has not seen."""
        told = self.told()
        return [tool for tool in tools if tool.name not in told]

    def introduce(self, tools: Iterable[Tool], listings: Mapping[str, Listing]) -> str:
        """Return the instructions of these tools' servers that were not given yet and fit, and note that they are."""
        upstreams = dict.fromkeys(tool.upstream for tool in tools)
        texts = [(name, listings[name].instructions) for name in upstreams if name in listings]
        given = fitting((name, text) for name, text in texts if text and name not in self._introduced)
        self._introduced.update(name for name, _ in given)
        return introduction_text(given)
