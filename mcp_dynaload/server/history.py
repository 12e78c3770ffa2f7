"""Why each tool of a session is in the list."""

from dataclasses import dataclass, field

from mcp_dynaload.selection.events import Event, SessionCleared
from mcp_dynaload.selection.state import Decision


@dataclass(slots=True)
class History:
    """The reasons of the decisions since the session's start or `/clear`."""

    prompts: int = 0
    """Decisions for which the tools were ranked."""

    _reasons: dict[str, str] = field(default_factory=dict[str, str])

    def note(self, event: Event, decision: Decision) -> None:
        """A decision was taken."""
        if isinstance(event, SessionCleared):
            self.prompts = 0
            self._reasons.clear()
        self.prompts += bool(decision.ranked)
        self._reasons.update(dict.fromkeys(decision.added, decision.reason))

    def reason(self, name: str) -> str:
        """Why a tool was loaded; empty if it was not, or by a session before this one."""
        return self._reasons.get(name, "")
