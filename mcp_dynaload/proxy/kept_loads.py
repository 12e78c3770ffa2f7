"""The loads of a conversation, stored while it runs: a resumed session gets them again."""

from dataclasses import dataclass

import anyio.to_thread

from mcp_dynaload.selection.actions import SessionResumed
from mcp_dynaload.selection.state import SessionState
from mcp_dynaload.store.usage import UsageStore


@dataclass(slots=True)
class KeptLoads:
    """The tools that conversations had loaded, and those that their users had unloaded."""

    memory: UsageStore
    _kept: tuple[str | None, frozenset[str], frozenset[str]] = (None, frozenset(), frozenset())
    """Session id, loaded and unloaded tools as they were stored last."""

    def of(self, session_id: str | None) -> SessionResumed | None:
        """Return what is known of a conversation that was before; blocks."""
        if not session_id:
            return None
        loaded, unloaded = self.memory.loaded(session_id), self.memory.unloaded(session_id)
        return SessionResumed(loaded, unloaded) if loaded or unloaded else None

    def begin(self, session_id: str | None, state: SessionState) -> None:
        """Take what the session has from the start as stored."""
        self._kept = session_id, state.loaded, state.unloaded

    async def keep(self, session_id: str | None, state: SessionState) -> None:
        """Store what the session has now, if it has changed."""
        now = session_id, state.loaded, state.unloaded
        if not session_id or now == self._kept or (session_id != self._kept[0] and not state.loaded | state.unloaded):
            return
        self._kept = now
        await anyio.to_thread.run_sync(self.memory.keep_loaded, session_id, state.loaded, state.unloaded)
