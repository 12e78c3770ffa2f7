"""One process of ours at one time: its sessions, what each has loaded and why, and the servers that run for it."""

from dataclasses import dataclass
from enum import StrEnum


class ProcessKind(StrEnum):
    """The kinds of processes that serve."""

    SESSION = "session"
    """Started by a client, for itself."""

    SERVICE = "service"
    """Many clients connect to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTool:
    """A tool in a session's list."""

    name: str
    server: str
    why: str
    tokens: int
    is_pinned: bool
    is_unloaded: bool
    """The user has unloaded it: still listed, refused when called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A server that runs, or is connected to."""

    name: str
    pid: int | None
    """None behind HTTP, and while it starts."""

    is_starting: bool
    busy: int
    """Requests that it is at work on."""

    calls: int
    """Tool calls since the process began."""

    is_shared: bool = False
    """All sessions of the service use it."""

    memory_bytes: int | None = None
    """The memory of its processes, as who looks has found it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSession:
    """A client's session."""

    id: str
    client: str
    user: str
    project: str
    strategy: str
    profile: str
    stands_by: bool
    """Another server of ours serves this client."""

    prompts: int
    calls: int
    tools: int
    """Tools in the catalog."""

    listed_tokens: int
    all_tokens: int
    saved_tokens: int
    """Over its prompts, against all definitions; 0 while nothing is counted."""

    loaded: tuple[ListedTool, ...]
    servers: tuple[RunningServer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSnapshot:
    """A process with all its sessions."""

    pid: int
    kind: ProcessKind
    version: str
    sessions: tuple[RunningSession, ...]
    shared: tuple[RunningServer, ...] = ()
    memory_bytes: int | None = None
    """Without that of the servers, as who looks has found it."""
