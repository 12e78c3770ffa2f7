"""The answers to a client's first requests: told where they differ from the early ones, kept for the next start."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.early.answering import Exchange
from mcp_dynaload.early.exchanges import FirstExchanges
from mcp_dynaload.early.first_requests import HANDSHAKE
from mcp_dynaload.early.grounds import Grounds
from mcp_dynaload.early.records import MAX_RECORD_BYTES, SESSION_VARIABLE, StoredAnswers
from mcp_dynaload.early.start import EarlyStart
from mcp_dynaload.machine.private_files import make_private_folder, open_private
from mcp_dynaload.proxy.announcements import KIND_OF, TEMPLATES
from mcp_dynaload.proxy.server import ProxyServer
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.surfaces.dynamic import DYNAMIC

MAX_CLIENTS = 4
"""Clients that are started alike, of which the answers are kept, the latest."""

MAX_RECORDS = 32
"""Ways of starting us, such as projects, of which answers are kept, the latest."""

log = structlog.get_logger()


class FirstAnswers:
    """The first answers of a process that one client has started, compared and kept."""

    def __init__(self, early: EarlyStart, grounds: Grounds | None, environ: Mapping[str, str]) -> None:
        """Note what holds before anything is answered; without grounds nothing is kept for the next start. Blocks."""
        self._early = early
        self._grounds = grounds
        self._environ = dict(environ)
        self._first: FirstExchanges | None = None
        self._news = anyio.Event()
        session_id = environ.get(SESSION_VARIABLE, "")
        self._before = grounds.digest(self._environ, session_id) if grounds and not early.stored else None

    def note(self, first: FirstExchanges) -> None:
        """Note that there is something new in them."""
        self._first = first
        self._news.set()

    async def follow(self, proxy: ProxyServer) -> None:
        """Tell the client which lists differ from those that it was given early, and keep them for the next start."""
        told: set[str] = set()
        while self._first is None or not self._first.is_over:
            await self._news.wait()
            self._news = anyio.Event()
            differing = self._first.differing - told if self._first else set[str]()
            for method in sorted(differing):
                await _tell(proxy.sessions, method)
            told |= differing
        await anyio.to_thread.run_sync(self._keep, self._first.answers, _is_usual(proxy))

    def _keep(self, answers: list[Exchange], is_usual: bool) -> None:
        """Keep the answers, unless they are kept already or hold for this session alone; blocks."""
        stored, grounds = self._early.stored, self._grounds
        if grounds is None or not answers or not is_usual:
            return
        others = stored.clients if stored else []
        if answers in others:
            return
        is_as_before = stored is None or stored.grounds.digest(self._environ, "") == stored.digest
        digest = grounds.digest(self._environ, "")
        if digest is None or not is_as_before or (stored is None and digest != self._before):
            return  # something has changed since they were given: the next start keeps its own
        clients = [answers, *(one for one in others if _client_of(one) != _client_of(answers))]
        try:
            write_record(Path(self._early.file), StoredAnswers(grounds, digest, clients[:MAX_CLIENTS]))
        except OSError as error:
            log.warning("first_answers_not_kept", error=str(error), consequence="the next start answers later")


def write_record(file: Path, stored: StoredAnswers) -> None:
    """Store answers in one step, closed to everybody else; the oldest of others go.

    Raises:
        OSError: They cannot be written.
    """
    content = stored.as_bytes()
    if len(content) > MAX_RECORD_BYTES:
        file.unlink(missing_ok=True)
        return
    make_private_folder(file.parent)
    written = file.with_name(f"{file.name}.{os.getpid()}")
    with open(written, "wb", opener=open_private) as opened:
        opened.write(content)
    written.replace(file)
    for old in sorted(file.parent.iterdir(), key=_age)[MAX_RECORDS:]:
        old.unlink(missing_ok=True)


def _age(file: Path) -> float:
    with suppress(FileNotFoundError):  # another process was faster
        return -file.stat().st_mtime
    return 0.0


def _client_of(answers: list[Exchange]) -> list[str]:
    """Return how a client introduced itself."""
    return [params for method, params, _ in answers if method == HANDSHAKE]


def _is_usual(proxy: ProxyServer) -> bool:
    """Return whether the next session will begin as this one did: all servers are known, and we alone serve."""
    session = next(iter(proxy.sessions), None)
    if session is None or proxy.live.listings.unseen:
        return False
    return session.surface is DYNAMIC and not session.role.stands_by and not session.role.has_standby


async def _tell(sessions: tuple[Session, ...], method: str) -> None:
    """Have the client read a list again that it was given as it was before."""
    log.info("early_answer_differs", method=method)
    for session in sessions:
        match "resources" if method == TEMPLATES else KIND_OF.get(method):
            case None:
                pass  # the handshake is not repeated: the next one will be answered as this one should have been
            case "tools":
                await session.list_refresh.announce(session.client)
            case kind:
                await session.client.announcements.tell(kind)
