"""What the model of one session has been told of tools and servers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.upstream.listing import Listing

Introduction = tuple[str, str]
"""An upstream and its instructions."""


@dataclass(slots=True)
class Conversation:
    """From the first prompt to `/clear`."""

    has_begun: bool = False
    """A prompt was submitted: its request has fixed what the model's tools were then."""

    context_tokens: int = 0
    """What the model has read for its last answer, as far as the client's transcript tells; 0: not known."""

    _introduced: set[str] = field(default_factory=set[str])
    _told: set[str] = field(default_factory=set[str])

    _asked: str | None = None
    """The prompt for which the client's mod has asked last."""

    _beside: tuple[str, str] = ("", "")
    """What is to stand beside that prompt, for the model and for the user."""

    _described: tuple[str, ...] = ()
    """The tools whose definitions stand beside the last prompt, as its request does not have them."""

    def ask(self, prompt: str, text: str, notice: str) -> None:
        """The mod has asked: what it cannot put beside the prompt waits for the hook that can."""
        self._asked, self._beside = prompt, (text, notice)

    def is_asked(self, prompt: str) -> bool:
        """Whether the mod has asked for this very prompt."""
        return self._asked == prompt

    def take_beside(self) -> tuple[str, str]:
        """What is to stand beside that prompt, once."""
        beside, self._beside = self._beside, ("", "")
        return beside

    def start_over(self) -> None:
        """The person cleared it: nothing has been said yet."""
        self.has_begun = False
        self.context_tokens = 0
        self._asked = None
        self._introduced.clear()
        self._told.clear()

    def describe(self, tools: Iterable[Tool]) -> None:
        """The definitions of these, and of no others, are put beside a prompt."""
        self._described = tuple(tool.name for tool in tools)

    def take_described(self) -> tuple[str, ...]:
        """What was described beside the last prompt, once."""
        described, self._described = self._described, ()
        return described

    def forget_definitions(self) -> None:
        """The client has put a summary in place of what was said: the definitions in it are gone."""
        self._told.clear()

    def tell(self, tools: Iterable[Tool]) -> None:
        """These tools' definitions are in a request, or beside a prompt, or in an answer."""
        self._told.update(tool.name for tool in tools)

    def untold(self, tools: Iterable[Tool]) -> list[Tool]:
        """Those whose definitions the model has not seen."""
        return [tool for tool in tools if tool.name not in self._told]

    def introductions(self, tools: Iterable[Tool], listings: Mapping[str, Listing]) -> list[Introduction]:
        """The upstreams of these tools whose instructions were not given yet, with their instructions."""
        upstreams = dict.fromkeys(tool.upstream for tool in tools)
        texts = [(name, listings[name].instructions) for name in upstreams if name in listings]
        return [(name, text) for name, text in texts if text and name not in self._introduced]

    def introduce(self, introductions: Iterable[Introduction]) -> None:
        """These were given."""
        self._introduced.update(name for name, _ in introductions)
