"""The lines of `top`, each with what can be done about the thing that it shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.cli.processes import FoundProcess
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.commands.layout import counted
from mcp_dynaload.proxy.process_snapshot import ListedTool, ProcessSnapshot, RunningServer, RunningSession

NOTHING_RUNS = "No session of mcp-dynaload runs on this machine: start Claude Code in a project where it is registered."
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class TopRow:
    """A line, and the thing that it shows."""

    text: str
    process: FoundProcess
    session: RunningSession | None = None
    server: RunningServer | None = None
    tool: ListedTool | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """The identity of the thing, which stays while its line changes or moves."""
        session, server, tool = self.session, self.server, self.tool
        return (
            self.process.address,
            session.id if session else "",
            server.name if server else "",
            tool.name if tool else "",
        )


def rows_of(processes: Sequence[FoundProcess]) -> list[TopRow]:
    """Return the lines: a process that serves many or does not answer, each session, below it its servers and tools."""
    return [row for process in processes for row in _rows(process)]


def summary_of(processes: Sequence[FoundProcess]) -> str:
    """Return the sums in a line."""
    snapshots = [process.snapshot for process in processes if process.snapshot is not None]
    sessions = [session for one in snapshots for session in one.sessions]
    servers = [server for one in snapshots for server in (*one.shared, *_of_sessions(one))]
    memory = sum(one.memory_bytes or 0 for one in (*snapshots, *servers))
    saved = sum(session.saved_tokens for session in sessions)
    return (
        f"{counted(len(sessions), 'session')}, {counted(len(servers), 'server')} running, {_megabytes(memory)}; "
        f"{counted(sum(session.calls for session in sessions), 'call')}, {saved:,} tokens saved"
    )


def _rows(process: FoundProcess) -> Iterator[TopRow]:
    snapshot = process.snapshot
    if snapshot is None:
        yield TopRow(f"process {process.pid} ({process.kind or 'unknown'}) {process.problem}", process)
        return
    if snapshot.kind == "service" or not snapshot.sessions:
        has = counted(len(snapshot.sessions), "session")
        yield TopRow(f"{snapshot.kind} {snapshot.pid}: {has}, {_megabytes(snapshot.memory_bytes)}", process)
    for server in snapshot.shared:
        yield TopRow(_server_text(server), process, server=server)
    for session in snapshot.sessions:
        yield TopRow(_session_text(snapshot, session), process, session)
        for server in session.servers:
            yield TopRow(_server_text(server), process, session, server)
        for tool in session.loaded:
            yield TopRow(_tool_text(tool), process, session, tool=tool)


def _session_text(snapshot: ProcessSnapshot, session: RunningSession) -> str:
    if session.stands_by:
        return printable(f"{_folder(session.project)}  {session.client}  stands by: another server of ours serves it")
    parts = (
        _folder(session.project),
        session.client,
        *([session.user] if session.user else []),
        session.strategy,
        *([f"profile {session.profile}"] if session.profile != "none" else []),
        counted(session.prompts, "prompt"),
        counted(session.calls, "call"),
        f"{len(session.loaded):,} of {session.tools:,} tools",
        f"{session.listed_tokens:,} of {session.all_tokens:,} tokens",
        f"{session.saved_tokens:,} saved",
        *([_megabytes(snapshot.memory_bytes)] if snapshot.kind == "session" else []),
    )
    return printable("  ".join(parts))


def _server_text(server: RunningServer) -> str:
    parts = (
        f"  server  {server.name:<24}",
        f"{_megabytes(server.memory_bytes):>8}",
        f"pid {server.pid}" if server.pid else ("starting" if server.is_starting else "over HTTP"),
        counted(server.calls, "call"),
        *([f"at work on {server.busy}"] if server.busy else []),
        *(["shared"] if server.is_shared else []),
    )
    return printable("  ".join(parts))


def _tool_text(tool: ListedTool) -> str:
    return printable(f"  tool    {tool.name:<40}  {tool.tokens:>6,} tokens  {tool.why}")


def _of_sessions(snapshot: ProcessSnapshot) -> list[RunningServer]:
    return [server for session in snapshot.sessions for server in session.servers]


def _folder(project: str) -> str:
    home = str(Path.home())
    return f"~{project.removeprefix(home)}" if project.startswith(f"{home}/") else project


def _megabytes(count: int | None) -> str:
    return "" if count is None else f"{count / MEGABYTE:,.0f} MB"
