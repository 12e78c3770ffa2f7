"""The choices of a conversation that it gets again when the client resumes it."""

import json
from dataclasses import dataclass

import anyio.to_thread
import structlog

from mcp_dynaload.config.profiles import EVERYTHING, NO_PROFILE, ChosenProfile
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.proxy.learning import Learning
from mcp_dynaload.proxy.process_context import ProcessContext
from mcp_dynaload.proxy.toxic_flow import FlowNotices
from mcp_dynaload.selection.actions import ChoicesResumed, SessionResumed
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.store.usage import KeptSession

NOTHING = KeptSession()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recalled:
    """The choices of a conversation that goes on."""

    choices: ChoicesResumed
    """How readily tools are loaded in it, and what the user allowed."""

    resumed: SessionResumed | None
    """Its tools; None if nothing is known of them."""

    profile: ChosenProfile
    """The user's choice in it, or what sessions begin with."""


@dataclass(slots=True)
class ResumableSession:
    """The choices of a session as they were stored last."""

    shared: ProcessContext
    user: str = ""
    """Whose it is where one process serves several: nobody has another's by naming it."""

    _stored: tuple[str | None, KeptSession] = (None, NOTHING)
    _unread: str | None = None
    """The session whose record could not be read: what is stored of it stays as it is."""

    def begin(
        self, session_id: str | None, learning: Learning, flows: FlowNotices
    ) -> tuple[Recalled | None, tuple[str, ...] | None]:
        """Return what the session was, and what is pinned, if that can be read; blocks, as what the project taught."""
        learning.recall()
        flows.recall(self.shared.memory, learning.project)
        recalled = self.recall(session_id) if session_id else None
        return recalled, self.shared.memory.pins(learning.project)

    def recall(self, session_id: str) -> Recalled | None:
        """Return what is known of a conversation that was before; blocks."""
        self._unread = session_id
        kept = self.shared.memory.kept(self._key(session_id))
        if kept is None:
            why = "the store cannot be asked now"
            log.warning("session_not_resumed", error=why, consequence="it begins like a new one, its record stays")
            return None
        self._unread = None
        if kept == NOTHING:
            return None
        has_tools = bool(kept.loaded or kept.unloaded or kept.still_listed)
        names, still_listed = tuple(sorted(kept.loaded)), tuple(sorted(kept.still_listed))
        resumed = SessionResumed(names, still_listed) if has_tools else None
        choices = ChoicesResumed(self._strategy(kept.mode), tuple(sorted(kept.unloaded)), kept.is_flow_allowed)
        return Recalled(choices, resumed, self._profile(kept.profile))

    def unchosen(self) -> Recalled:
        """Return what sessions begin with, for a conversation in which the user has chosen nothing."""
        return Recalled(ChoicesResumed(self._strategy("")), None, self.shared.profile)

    def note(self, session_id: str | None, now: KeptSession) -> None:
        """Note what is stored already, as it was just read or is the start of a session."""
        self._stored = session_id, now

    async def keep(self, session_id: str | None, now: KeptSession) -> None:
        """Store what a resumed session is to get again, if it has changed.

        Where its record could not be read it is stored only where none is, or what this session itself has stored.
        """
        before, kept = self._stored
        if not session_id or (session_id, now) == (before, kept) or (session_id != before and now == NOTHING):
            return
        self._stored = session_id, now
        own = kept if session_id == before else NOTHING
        over = own if session_id == self._unread else None
        await anyio.to_thread.run_sync(self.shared.memory.keep_session, self._key(session_id), now, over)

    def _key(self, session_id: str) -> str:
        return json.dumps([session_id, self.user]) if self.user else session_id

    def _strategy(self, mode: str) -> Strategy:
        usual = Strategy(self.shared.settings.default_loading_strategy)
        if mode and mode not in list(Strategy):
            log.warning("mode_not_resumed", mode=mode, why="this version has none of that name", now=str(usual))
            return usual
        return Strategy(mode) if mode else usual

    def _profile(self, name: str) -> ChosenProfile:
        if not name:
            return self.shared.profile
        try:
            profiles = {NO_PROFILE: EVERYTHING, **self.shared.read_profiles()}
        except ConfigError as error:
            log.warning("profile_not_resumed", profile=name, why=str(error))
            return self.shared.profile
        if name not in profiles:
            log.warning("profile_not_resumed", profile=name, why="there is none of that name any more")
            return self.shared.profile
        return ChosenProfile(name, profiles[name])
