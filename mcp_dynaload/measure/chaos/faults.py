"""The kinds of faults: how each is brought about, and for how long it lasts."""

import os
import signal
import sqlite3
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import anyio
import anyio.to_thread
import psutil

from mcp_dynaload.store.database import Database
from mcp_dynaload.store.journal import JOURNAL
from mcp_dynaload.store.sqlite_definitions import DEFINITIONS
from mcp_dynaload.store.sqlite_files import CATALOG, Schema

WINDOW_SECONDS = 1.5
"""So long calls go on while a fault lasts."""

FREEZE_SECONDS = 1.2
FAILED_STARTS = 3

CLOCK_FILE = "clock"
"""A file in the folder of a program: by how many seconds its clock is off."""

JUMPS = (3 * 86_400.0, -3_600.0, 90.0, -400 * 86_400.0)
"""Seconds by which a clock is off, one after the other."""

JUMP_SECONDS = 0.3

DATABASES: Mapping[str, Schema] = {"dynaload.db": CATALOG, "journal.db": JOURNAL, "definitions.db": DEFINITIONS}
"""The databases of a state folder, with the tables that this version wants."""


@dataclass(frozen=True, slots=True)
class Victims:
    """Everything that a fault may hit: servers that are there to be broken, and the state folders of our programs."""

    names: Sequence[str]
    folders: Sequence[Path]
    """Where each program's servers note their processes, one for each of our programs."""

    state_dirs: Sequence[Path]
    programs: Sequence[psutil.Process]

    def processes(self) -> list[psutil.Process]:
        """Return the running processes of the servers that are there to be broken."""
        return [process for name, process in running(self.folders) if name in self.names]


Harm = Callable[[Victims], AbstractAsyncContextManager[int]]
"""Brings a fault about for as long as it is open, and tells how many servers or programs it has hit."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault: one that a call orders, or one that is done from outside."""

    name: str
    order: str = ""
    """For `chaos_server`, as an argument of a call."""

    harm: Harm | None = None


def running(folders: Sequence[Path]) -> list[tuple[str, psutil.Process]]:
    """Return the servers that run now, by what they have noted, with their names."""
    found: list[tuple[str, psutil.Process]] = []
    for folder in folders:
        notes = folder / "pids"
        for line in notes.read_text(encoding="utf-8").splitlines() if notes.exists() else ():
            name, pid = line.split()
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(int(pid))
                if process.status() != psutil.STATUS_ZOMBIE and str(folder) in process.cmdline():
                    found.append((name, process))
    return found


@asynccontextmanager
async def _killed(victims: Victims) -> AsyncGenerator[int]:
    yield _signal(victims.processes(), signal.SIGKILL)


@asynccontextmanager
async def _frozen(victims: Victims) -> AsyncGenerator[int]:
    processes = victims.processes()
    hit = _signal(processes, signal.SIGSTOP)
    try:
        await anyio.sleep(FREEZE_SECONDS)
        yield hit
    finally:
        _signal(processes, signal.SIGCONT)


def _restarted(*orders: str) -> Harm:
    """Return a fault of the next starts: each takes one of the orders."""

    @asynccontextmanager
    async def harm(victims: Victims) -> AsyncGenerator[int]:
        for folder in victims.folders:
            for name in victims.names:
                await anyio.Path(folder / f"{name}.start").write_text("\n".join(orders))
        yield _signal(victims.processes(), signal.SIGKILL)

    return harm


@asynccontextmanager
async def _disk_full(victims: Victims) -> AsyncGenerator[int]:
    """Have every write of our programs to a file fail, as on a full disk; pipes and sockets are not files."""
    limits = [(program, program.rlimit(psutil.RLIMIT_FSIZE)) for program in victims.programs]
    for program, (_, hard) in limits:
        program.rlimit(psutil.RLIMIT_FSIZE, (0, hard))
    try:
        yield len(limits)
    finally:
        for program, limit in limits:
            program.rlimit(psutil.RLIMIT_FSIZE, limit)


@asynccontextmanager
async def _databases_locked(victims: Victims) -> AsyncGenerator[int]:
    """Hold the databases of our programs' state as another program does that is stopped while it writes."""
    files = [file for folder in victims.state_dirs for file in folder.glob("*.db")]
    held = [await anyio.to_thread.run_sync(_locked, file) for file in files]
    try:
        yield len(victims.programs)
    finally:
        for connection in held:
            with closing(connection):
                connection.rollback()


@asynccontextmanager
async def _databases_renewed(victims: Victims) -> AsyncGenerator[int]:
    """Have two other versions of ours open the databases of our programs at once and over and over, each its own way.

    So it is while an update is installed and sessions of before go on. At last the version of now opens them.
    """
    found = [(folder / name, schema) for folder in victims.state_dirs for name, schema in DATABASES.items()]
    files = [(file, schema) for file, schema in found if file.exists()]

    async def keep_opening(later: int) -> None:
        while True:
            for file, schema in files:
                await anyio.to_thread.run_sync(open_once, file, other_version(schema, later))

    async with anyio.create_task_group() as tasks:
        for later in (1, 2):
            tasks.start_soon(keep_opening, later)
        yield len(victims.programs)
        tasks.cancel_scope.cancel()
    for file, schema in files:
        await anyio.to_thread.run_sync(open_once, file, schema)


@asynccontextmanager
async def _clock_jumping(victims: Victims) -> AsyncGenerator[int]:
    """Have the clocks of our programs jump ahead and back, as when somebody sets the time; at last they are right."""

    async def keep_jumping() -> None:
        for seconds in cycle(JUMPS):
            await _set_clocks(victims, seconds)
            await anyio.sleep(JUMP_SECONDS)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep_jumping)
        yield len(victims.folders)
        tasks.cancel_scope.cancel()
    await _set_clocks(victims, 0)


async def _set_clocks(victims: Victims, seconds: float) -> None:
    for folder in victims.folders:
        await anyio.Path(folder / CLOCK_FILE).write_text(f"{seconds}", "ascii")


def other_version(schema: Schema, later: int) -> Schema:
    """Return the tables of a version of ours that is to come: those that can be had again have a column more."""
    tables = tuple(table.replace("(", f"(of_version_{later} TEXT, ", 1) for table in schema.tables)
    return replace(schema, version=schema.version + later, tables=tables)


def open_once(file: Path, schema: Schema) -> None:
    """Open a database as a version of ours with this schema does at its start, and close it; blocks."""
    with closing(Database(file, schema)):
        pass


def _locked(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=5, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def _signal(processes: Sequence[psutil.Process], number: signal.Signals) -> int:
    """Send a signal to these; returns how many of them there were."""
    hit = 0
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
            hit += 1
    return hit


ORDERED = (
    ("text that is no JSON", "garbage"),
    ("half a message, then death", "half_message"),
    ("text before the JSON of a line", "text_before_json"),
    ("a slow answer", "slow"),
    ("death in a call", "die"),
    ("a closed output", "close_output"),
    ("a storm of list changes", "storm"),
    ("a list whose cursor never ends", "endless_cursor"),
    ("odd definitions", "odd_definitions"),
    ("answers with forged ids", "forged_ids"),
    ("a second answer", "answered_twice"),
    ("progress with forged tokens", "forged_progress"),
    ("an error that is none", "odd_error"),
    ("a result that is no JSON", "not_json_result"),
    ("an odd result", "odd_result"),
    ("a result of 5 MB", "big_result"),
    ("a flood of log messages", "log_flood"),
    ("a flood on stderr", "stderr_flood"),
    ("questions that nobody can answer", "questions"),
)

FAULTS: tuple[Fault, ...] = (
    *(Fault(name, order=order) for name, order in ORDERED),
    Fault("a killed process", harm=_killed),
    Fault("a frozen process", harm=_frozen),
    Fault("starts that fail", harm=_restarted(*["exit"] * FAILED_STARTS)),
    Fault("a slow start", harm=_restarted("slow")),
    Fault("a start that prints text", harm=_restarted("garbage")),
    Fault("a full disk", harm=_disk_full),
    Fault("locked databases", harm=_databases_locked),
    Fault("clocks that jump", harm=_clock_jumping),
    Fault("databases renewed by two other versions", harm=_databases_renewed),
)
