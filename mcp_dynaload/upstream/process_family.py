"""A server's process and all that it started: found by a mark in their environment, ended together, even without us.

A process group alone does not do: a grandchild that makes a session of its own leaves the group, and a process of ours
that is killed outright can end nobody. So each server is started with a mark that its descendants inherit, and a small
shell, which is not a child of ours, waits for the end of a pipe that only we hold.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import structlog

MARK_VARIABLE = "MCP_DYNALOAD_STARTED_BY"
"""Holds the marks of all connections that a process descends from, with blanks between."""

GUARD = r"""
exec 3<&0
(
    trap '' HUP INT TERM
    marked() { grep -lsz -- "$2" /proc/[0-9]*/environ | cut -d / -f 3; }
    end() { kill "-$3" -- "-$1"; for pid in $(marked "$@"); do kill "-$3" "$pid"; done; }
    read -r _ <&3 && exit
    sleep 1
    end "$1" "$2" TERM
    sleep 1
    end "$1" "$2" KILL
) </dev/null >/dev/null 2>&1 &
"""
"""A script for the shell: `$1` is the process group, `$2` the variable with its mark. A line on the pipe sends it home.

Without /proc (macOS) it knows the group only.
"""


GUARD_SECONDS = 2.0
"""How long the shell may take to go to the background."""

_PROC = Path("/proc")

log = structlog.get_logger()


@dataclass(slots=True)
class ProcessFamily:
    """The process that leads a group, and its descendants wherever they went."""

    pid: int
    mark: str
    is_contained: bool = False
    """The leader is a sandbox, with whose end all that is in it is killed."""

    _members: set[int] = field(default_factory=set[int])
    """Marked processes but the leader, as `find_strays` found them."""

    _strays: set[int] = field(default_factory=set[int])
    """Marked processes outside the group, as `find_strays` found them."""

    def find_strays(self) -> None:
        """Look for descendants that left the group; reads every process of the user, so it is for threads."""
        for pid in _marked_processes(self.mark):
            self._members |= {pid} - {self.pid}
            with suppress(OSError):  # it has ended meanwhile
                if os.getpgid(pid) != self.pid:
                    self._strays.add(pid)

    def signal(self, number: int) -> bool:
        """Signal all of them; false when nobody is left."""
        if self.is_contained and number == signal.SIGTERM:  # the sandbox would end at once, and with it the server
            for member in self._members:
                _sent(os.kill, member, number)
            number = 0
        reached = [_sent(os.killpg, self.pid, number), *(_sent(os.kill, stray, number) for stray in self._strays)]
        return any(reached)


def new_mark() -> str:
    """Return a mark that no other connection has."""
    return uuid4().hex


def marked(env: Mapping[str, str], mark: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the mark added to those that we carry ourselves."""
    return {**env, MARK_VARIABLE: f"{environ.get(MARK_VARIABLE, '')} {mark}".strip()}


@contextmanager
def guarded(family: ProcessFamily) -> Generator[None]:
    """Have the family ended within three seconds after our own end, however that comes; not after the block's."""
    reading, writing = os.pipe()
    _start_guard(family, reading)
    os.close(reading)
    try:
        yield
    finally:
        with suppress(OSError):  # there is no guard to be sent home
            os.write(writing, b"\n")
        os.close(writing)


def _start_guard(family: ProcessFamily, reading: int) -> None:
    """Start the shell, which puts itself into the background; where that fails, only a clean end of ours ends all."""
    command = ["/bin/sh", "-c", GUARD, "guard", str(family.pid), family.mark]
    try:
        subprocess.run(command, stdin=reading, start_new_session=True, check=True, timeout=GUARD_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("process_guard_missing", error=str(error))


def _marked_processes(mark: str) -> Iterator[int]:
    if not _PROC.is_dir():
        yield from _marked_processes_by_psutil(mark)
        return
    for folder in _PROC.iterdir():
        with suppress(OSError):  # another user's, or one that has ended
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                yield int(folder.name)


def _marked_processes_by_psutil(mark: str) -> Iterator[int]:
    """Yield the same where there is no /proc; ten times slower where there is."""
    import psutil  # not needed elsewhere on the way of a call

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if mark in process.environ().get(MARK_VARIABLE, ""):
                yield process.pid


def _sent(send: Callable[[int, int], None], target: int, number: int) -> bool:
    try:
        send(target, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS answers so for a group of zombies
        return False
    return True
