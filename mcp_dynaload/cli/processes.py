"""The processes of ours that serve on this machine, as they answer now, with the memory that they and servers take."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import psutil
from pydantic import TypeAdapter, ValidationError

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.proxy.process_snapshot import ProcessSnapshot, RunningServer
from mcp_dynaload.store.running import content_of, contents_of
from mcp_dynaload.transport.private_socket import ask

ANSWER_SECONDS = 2.0
"""A process that is not frozen answers in milliseconds, and a busy machine may take a while."""

OPENING_SECONDS = 0.3
"""A process is known a moment before it listens."""

ACTION_SECONDS = 15.0
"""Stopping a server takes up to five."""


@dataclass(frozen=True, slots=True)
class FoundProcess:
    """A process of ours that runs."""

    pid: int
    kind: str
    address: str
    started_at: float
    snapshot: ProcessSnapshot | None = None
    problem: str = ""
    """Why it could not be looked into."""


async def find_processes(folder: Path) -> tuple[FoundProcess, ...]:
    """Return the processes that serve, oldest first, each as it answers; one that ends meanwhile is left out."""
    found = await anyio.to_thread.run_sync(_running, folder)
    seen: dict[Path, FoundProcess] = {}

    async def look(file: Path, process: FoundProcess) -> None:
        looked = await _look_into(process)
        if not looked.problem or await anyio.to_thread.run_sync(content_of, file) is not None:
            seen[file] = looked

    async with anyio.create_task_group() as tasks:
        for file, process in found.items():
            tasks.start_soon(look, file, process)
    processes = sorted(seen.values(), key=lambda one: (one.started_at, one.pid))
    return await anyio.to_thread.run_sync(_with_memory, processes)


async def act(process: FoundProcess, **question: object) -> tuple[bool, str]:
    """Have a process do something; returns whether it did, and what it says."""
    try:
        answer = await ask(process.address, question, opening_seconds=0, seconds=ACTION_SECONDS)
    except TimeoutError:
        return False, f"process {process.pid} does not answer"
    except (OSError, ValueError):
        return False, f"process {process.pid} has ended"
    return answer.get("success") is True, str(answer.get("text", ""))


def _running(folder: Path) -> dict[Path, FoundProcess]:
    """Return the processes that say that they run, by their file; blocks, shortly."""
    told = {file: _told(content) for file, content in contents_of(folder).items()}
    return {
        file: FoundProcess(
            int(one.get("pid", 0)), str(one.get("kind", "")), str(one.get("address", "")), float(one.get("at", 0))
        )
        for file, one in told.items()
    }


def _told(content: str) -> Json:
    """Return what a process says of itself; nothing where it is still writing that."""
    try:
        return json_object(json.loads(content))
    except ValueError:
        return {}


async def _look_into(process: FoundProcess) -> FoundProcess:
    if not process.address:
        return replace(process, problem="cannot be looked into: there are no Unix sockets here")
    try:
        question: Json = {"do": "show"}
        answer = await ask(process.address, question, opening_seconds=OPENING_SECONDS, seconds=ANSWER_SECONDS)
        return replace(process, snapshot=_adapter().validate_python(answer.get("process")))
    except ValidationError:
        return replace(process, problem="answers as another version does; start its session anew")
    except TimeoutError:
        return replace(process, problem="does not answer")
    except (OSError, ValueError) as error:
        return replace(process, problem=f"cannot be asked: {error}")


def _adapter() -> TypeAdapter[ProcessSnapshot]:
    return TypeAdapter(ProcessSnapshot)


def _with_memory(processes: Iterable[FoundProcess]) -> tuple[FoundProcess, ...]:
    """Return the same with the memory of each process, and of each server with all that it started; blocks."""
    own: dict[int, int] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for one in psutil.process_iter(["ppid", "memory_info"]):
        info: dict[str, Any] = one.info  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue] - set by process_iter
        own[one.pid] = info["memory_info"].rss if info["memory_info"] else 0
        children[info["ppid"] or 0].append(one.pid)
    return tuple(_measured(process, own, children) for process in processes)


def _measured(process: FoundProcess, own: Mapping[int, int], children: Mapping[int, list[int]]) -> FoundProcess:
    if (snapshot := process.snapshot) is None:
        return process

    def family(pid: int) -> int:
        return own.get(pid, 0) + sum(map(family, children.get(pid, ())))

    def measured(servers: tuple[RunningServer, ...]) -> tuple[RunningServer, ...]:
        return tuple(replace(one, memory_bytes=None if one.pid is None else family(one.pid)) for one in servers)

    sessions = tuple(replace(session, servers=measured(session.servers)) for session in snapshot.sessions)
    memory = own.get(snapshot.pid)
    return replace(
        process,
        snapshot=replace(snapshot, sessions=sessions, shared=measured(snapshot.shared), memory_bytes=memory),
    )
