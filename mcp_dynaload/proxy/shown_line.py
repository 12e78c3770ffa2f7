"""The line of a session that the client's status line shows, kept where `mcp-dynaload statusline` finds it."""

from dataclasses import dataclass, field

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.catalog.names import SERVER_NAME
from mcp_dynaload.store.status_lines import StatusLines

log = structlog.get_logger()


@dataclass(slots=True)
class ShownLine:
    """The line of one session, and the conversation that it is kept for."""

    lines: StatusLines
    _showing: anyio.Lock = field(default_factory=anyio.Lock)
    _shown: tuple[str | None, str] = (None, "")
    """Session id and line that were kept last."""

    async def show(self, session_id: str | None, summary: str) -> None:
        """Keep the line of this conversation, if it has changed; an empty one without a summary."""
        async with self._showing:  # in order: the newest line is the one that stays
            now = session_id, f"{SERVER_NAME} {summary}" if summary else ""
            if now == self._shown:
                return
            (before, _), self._shown = self._shown, now
            if before and before != session_id:
                await anyio.to_thread.run_sync(self.lines.forget, before)
            if session_id:
                await self._keep(session_id, now[1])

    async def _keep(self, session_id: str, line: str) -> None:
        try:
            await anyio.to_thread.run_sync(self.lines.keep, session_id, line)
        except OSError as error:  # nothing but a status line lacks it
            log.warning("status_line_not_kept", error=str(error), consequence="`mcp-dynaload statusline` is behind")

    async def forget(self, session_id: str | None) -> None:
        """Take back the line of a session that ends."""
        if session_id:
            with anyio.CancelScope(shield=True):  # the file is gone in no time, and the session is being cancelled
                await anyio.to_thread.run_sync(self.lines.forget, session_id)
