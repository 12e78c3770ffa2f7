"""Why each tool of a session is in the list."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mcp_dynaload.selection.actions import Action, Order, PromptSubmitted, SessionCleared, TaskNamed
from mcp_dynaload.selection.state import Decision


@dataclass(slots=True)
class LoadHistory:
    """The reasons of the decisions since the session's start or `/clear`."""

    prompts: int = 0
    """Decisions for which the tools were ranked."""

    needed: tuple[str, ...] = ()
    """The tools that the last request needed beside the pinned ones, loaded for it or before, most needed first."""

    between_steps: int = 0
    """Tools loaded between the steps of turns."""

    missed: dict[str, str] = field(default_factory=dict[str, str])
    """Those of the last request, each with the reason."""

    _request: str = ""
    """The last prompt or task that asked for something: not one that only carries the conversation on."""

    _ordered: list[str] = field(default_factory=list[str])
    _reasons: dict[str, str] = field(default_factory=dict[str, str])

    def note(self, action: Action, decision: Decision, memory: Sequence[str]) -> None:
        """Note a decision; `memory` are the session's requests after it, newest first."""
        if isinstance(action, SessionCleared):
            self.prompts = self.between_steps = 0
            self._request, self.needed = "", ()
            self.missed.clear()
            self._reasons.clear()
            self._ordered.clear()
        if isinstance(action, Order):
            self._ordered += decision.gained
        request = memory[0] if memory else ""
        if isinstance(action, PromptSubmitted | TaskNamed) and (decision.ranked or request != self._request):
            self._request, self.needed = request, decision.needed or decision.added
            self.missed.clear()
        self.prompts += bool(decision.ranked)
        self._reasons.update(dict.fromkeys(decision.added, decision.reason))

    def note_between_steps(self, names: Sequence[str], why: str) -> None:
        """Note that these were loaded between the steps of a turn, listed before or not."""
        self.between_steps += len(names)
        self.missed |= dict.fromkeys(names, why)
        self.needed = tuple(dict.fromkeys((*self.needed, *names)))
        self._reasons.update(dict.fromkeys(names, why))

    def take_ordered(self) -> list[str]:
        """Return the tools that commands have loaded since the last prompt, once: the model is to be told."""
        ordered, self._ordered = self._ordered, []
        return ordered

    def reason(self, name: str) -> str:
        """Return why a tool was loaded; empty if it was not, or by a session before this one."""
        return self._reasons.get(name, "")
