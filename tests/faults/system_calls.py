"""The system calls of a process and its children, as strace saw them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TRACED = (
    "execve,socket,connect,bind,sendto,sendmsg,chdir,"
    "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat"
)
_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
_CALL = re.compile(r"^(?P<pid>\d+)\s+(?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<result>-?\d+|\?)")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_INTERNET = re.compile(r'sin6?_port=htons\((\d+)\).*?"([^"]+)"')


@dataclass(frozen=True, slots=True)
class SystemCall:
    """A call that has ended."""

    name: str
    arguments: str
    succeeded: bool

    @property
    def paths(self) -> list[str]:
        return _PATH.findall(self.arguments)

    @property
    def writes(self) -> bool:
        """Whether it makes, changes or removes a file."""
        if self.name in ("openat", "open"):
            return bool(_WRITING.search(self.arguments))
        return self.name in TRACED[TRACED.index("creat") :].split(",")


@dataclass(frozen=True, slots=True)
class Trace:
    """All calls of a process and what it started."""

    calls: list[SystemCall] = field(default_factory=list[SystemCall])

    @property
    def peers(self) -> set[tuple[str, int]]:
        """The addresses and ports to which something was sent or connected."""
        found = (
            _INTERNET.search(call.arguments) for call in self.calls if call.name in ("connect", "sendto", "sendmsg")
        )
        return {(match[2], int(match[1])) for match in found if match}

    @property
    def opened(self) -> set[str]:
        """The files that were opened, for whatever purpose."""
        return {
            path for call in self.calls if call.succeeded and call.name in ("open", "openat") for path in call.paths
        }

    def written(self) -> Iterator[Path]:
        """Yield the absolute paths that were made, changed or removed; relative ones are given as they are."""
        for call in self.calls:
            if call.succeeded and call.writes:
                yield from map(Path, call.paths)


def command_traced(output: Path, command: list[str]) -> list[str]:
    """Return the command under strace; children are followed."""
    return [
        "strace",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-e",
        f"trace={TRACED}",
        "-e",
        "signal=none",
        "-o",
        str(output),
        *command,
    ]


def read_trace(file: Path) -> Trace:
    """Read the calls of a trace; those that another thread interrupted stand on two lines and are joined."""
    pending: dict[str, str] = {}
    calls: list[SystemCall] = []
    for line in file.read_text("utf-8", "replace").splitlines():
        pid = line.split(maxsplit=1)[0]
        if line.endswith("<unfinished ...>"):
            pending[pid] = line.removesuffix("<unfinished ...>")
            continue
        if "resumed>" in line and pid in pending:
            line = pending.pop(pid) + line.partition("resumed>")[2]
        if match := _CALL.match(line):
            calls.append(SystemCall(match["name"], match["arguments"], not match["result"].startswith("-")))
    return Trace(calls)
