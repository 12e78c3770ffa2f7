"""The way into a running process for its user: what `mcp-dynaload top` shows and does, over a private socket."""

import json
import os
import secrets
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import anyio
import structlog

from mcp_dynaload.catalog.names import CommandName
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamClosedError
from mcp_dynaload.proxy.commands.information import reason_of
from mcp_dynaload.proxy.commands.table import run_command
from mcp_dynaload.proxy.process_snapshot import ListedTool, ProcessKind, ProcessSnapshot, RunningServer, RunningSession
from mcp_dynaload.proxy.server import ProxyServer
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.state import is_pinned
from mcp_dynaload.store.running import address_beside, held
from mcp_dynaload.telemetry.session_views import SessionView
from mcp_dynaload.transport.private_socket import answer_lines
from mcp_dynaload.upstream.upstream import Upstream
from mcp_dynaload.version import __version__

STEERING = frozenset({CommandName.PIN, CommandName.UNPIN, CommandName.UNLOAD, CommandName.RESET, CommandName.PROFILE})
"""The commands that can be run from there."""

log = structlog.get_logger()


@asynccontextmanager
async def open_control(proxy: ProxyServer, folder: Path, kind: ProcessKind) -> AsyncGenerator[None]:
    """Let the user's other processes look into this one and steer it, until the exit.

    Where that cannot be, `top` does not show the process; all else goes on.
    """
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(anyio.create_task_group())
        stack.callback(tasks.cancel_scope.cancel)
        try:
            file = folder / f"{os.getpid()}-{secrets.token_hex(1)}"
            address = stack.enter_context(address_beside(file))
            told = {"pid": os.getpid(), "address": address, "at": time.time(), "kind": kind}
            stack.enter_context(held(file, json.dumps(told)))
        except OSError as error:
            _not_open(error)
        else:
            if address:
                tasks.start_soon(_listen, address, proxy, kind)
        yield


async def _listen(address: str, proxy: ProxyServer, kind: ProcessKind) -> None:
    try:
        await answer_lines(address, partial(answer, proxy, kind))
    except OSError as error:
        _not_open(error)


def _not_open(error: OSError) -> None:
    log.warning("control_not_opened", error=str(error), consequence="`mcp-dynaload top` cannot look into this process")


async def answer(proxy: ProxyServer, kind: ProcessKind, question: Json) -> Json:
    """Answer a question: `{"process": …}` to `show`, `{"success": …, "text": …}` to all others."""
    match question:
        case {"do": "show"}:
            return {"process": asdict(snapshot_of(proxy, kind))}
        case {"do": "stop", "server": str(server)}:
            return await _stop(proxy, str(question.get("session", "")), server, question.get("even_busy") is True)
        case {"do": "run", "command": str(command), "session": str(wanted)} if command in STEERING:
            session = _session(proxy, wanted)
            if session is None:
                return _told(False, "that session has ended")
            result = await run_command(session, command, str(question.get("words", "")).split())
            return _told(result.success, result.text)
        case _:
            return _told(False, f"mcp-dynaload {__version__}, which runs there, cannot do that; start the session anew")


async def _stop(proxy: ProxyServer, wanted: str, server: str, even_busy: bool) -> Json:
    """Stop a server of a session, or one that all sessions share; the next call of it starts it again."""
    session = _session(proxy, wanted)
    if session is None and wanted:
        return _told(False, "that session has ended")
    shared = {upstream.name: upstream for upstream in proxy.shared_running}
    try:
        upstream = session.pool[server] if session is not None else shared.get(server)
    except UpstreamClosedError as error:
        return _told(False, str(error))
    if upstream is None or not upstream.is_running:
        return _told(True, f"{server!r} does not run")
    if upstream.busy and not even_busy:
        return _told(False, f"{server!r} is at work on {upstream.busy} requests, which would fail")
    await upstream.stopped()
    log.info("upstream_stopped_by_user", upstream=server)
    return _told(True, f"stopped {server!r}; the next call of one of its tools starts it again")


def _session(proxy: ProxyServer, wanted: str) -> Session | None:
    return next((session for session in proxy.sessions if session.id == wanted), None)


def _told(success: bool, text: str) -> Json:
    return {"success": success, "text": text}


def snapshot_of(proxy: ProxyServer, kind: ProcessKind) -> ProcessSnapshot:
    """Return this process as it is now."""
    views = {view.who.session: view for view in proxy.totals.book.views()}
    counted = proxy.totals.summary().upstreams
    calls = {name: counts.calls for name, counts in counted.items()}
    return ProcessSnapshot(
        pid=os.getpid(),
        kind=kind,
        version=__version__,
        sessions=tuple(_seen(session, views.get(session.id), calls) for session in proxy.sessions),
        shared=_servers(proxy.shared_running, calls, is_shared=True),
    )


def _seen(session: Session, view: SessionView | None, calls: dict[str, int]) -> RunningSession:
    now = session.saving
    return RunningSession(
        id=session.id,
        client=session.client.name,
        user=session.client.user,
        project=session.learning.project,
        strategy=session.state.strategy,
        profile=session.view.chosen.name,
        stands_by=session.role.stands_by,
        prompts=view.prompts if view else session.history.prompts,
        calls=view.calls if view else 0,
        tools=now.tools,
        listed_tokens=now.used_tokens,
        all_tokens=now.all_tokens,
        saved_tokens=view.saved_tokens if view else 0,
        loaded=tuple(
            ListedTool(
                name=tool.name,
                server=tool.upstream,
                why=reason_of(session, tool.name),
                tokens=session.live.catalog.costs[tool.name],
                is_pinned=is_pinned(session.state, tool),
                is_unloaded=tool.name in session.state.unloaded,
            )
            for tool in session.listed()
        ),
        servers=_servers(session.pool.running, calls),
    )


def _servers(
    running: Iterable[Upstream], calls: dict[str, int], *, is_shared: bool = False
) -> tuple[RunningServer, ...]:
    return tuple(
        RunningServer(
            name=upstream.name,
            pid=upstream.connection.pid if upstream.connection else None,
            is_starting=upstream.connection is None,
            busy=upstream.busy,
            calls=calls.get(upstream.name, 0),
            is_shared=is_shared,
        )
        for upstream in running
    )
