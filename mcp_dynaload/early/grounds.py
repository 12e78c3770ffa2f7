"""Whether all is as it was that stored answers depend on: files, variables, what the databases hold."""

import os
import sqlite3
import stat

try:
    from _blake2 import blake2b  # `hashlib` would read OpenSSL first: a third of the time until the first answer
except ImportError:  # a Python that was built without it
    from hashlib import blake2b

TYPE_CHECKING = False  # `typing` would take a tenth of the time until the first answer
if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_SERVERS = 500
BUSY_SECONDS = 0.02
"""How long a database that another process writes to is waited for."""

_CATALOG = (
    "PRAGMA user_version",
    "SELECT project, tool FROM pins ORDER BY project, tool",
)
_DEFINITIONS = (
    "PRAGMA user_version",
    "SELECT * FROM servers ORDER BY name",
    "SELECT server, kind, name, digest FROM approved ORDER BY server, kind, name, digest",
    "SELECT server, source, kind, name, digest, is_rejected FROM held ORDER BY server, source, kind, name",
)


class Grounds:
    """The names of all that some answers depend on."""

    __slots__ = ("catalog", "definitions", "files", "fingerprints", "programs", "running", "variables")

    def __init__(
        self,
        *,
        files: "list[str]",
        programs: "list[str]",
        variables: "list[str]",
        fingerprints: "list[str]",
        catalog: str,
        definitions: str,
        running: str,
    ) -> None:
        self.files = files
        """Files of which each byte counts."""

        self.programs = programs
        """Files and folders that are told by size and time."""

        self.variables = variables
        self.fingerprints = fingerprints
        """Under these the servers' listings are stored."""

        self.catalog = catalog
        self.definitions = definitions
        """The databases."""

        self.running = running
        """The folder that tells which servers of ours a client has started."""

    def as_json(self) -> "dict[str, object]":
        """Return the names as they are stored."""
        return {name: getattr(self, name) for name in self.__slots__}

    def digest(self, environ: "Mapping[str, str]", session_id: str) -> "str | None":
        """Return what is the same exactly where all of it is.

        None where that cannot be told, and for a conversation that is taken up again, or has a server of ours already.
        """
        found = blake2b(digest_size=16)
        try:
            if session_id and _has_begun(self.running, session_id):
                return None
            names = self.files, self.programs, self.variables, self.fingerprints
            stamps = [_stamp(path) for path in self.programs]
            values = [environ.get(name) for name in self.variables]
            for part in (names, stamps, values, *map(content, self.files), *self._rows(session_id)):
                _add(found, part)
        except (OSError, ValueError, sqlite3.Error):  # whatever it is, the server itself meets and tells it
            return None
        return found.hexdigest()

    def _rows(self, session_id: str) -> "list[object]":
        """Return what the databases hold of it.

        Raises:
            sqlite3.Error: One cannot be read now.
            ValueError: There is too much of it, or the session is known.
        """
        if len(self.fingerprints) > MAX_SERVERS:
            raise ValueError("too many servers")
        places = ",".join("?" * len(self.fingerprints))
        known = f"FROM listings WHERE fingerprint IN ({places}) ORDER BY fingerprint"
        with _Opened(self.catalog) as catalog:
            if catalog.execute("SELECT 1 FROM sessions WHERE session_id = ?", (session_id,)).fetchone():
                raise ValueError("the session is known")
            rows: list[object] = [catalog.execute(statement).fetchall() for statement in _CATALOG]
            for listed in catalog.execute(f"SELECT fingerprint, CAST(listing AS BLOB) {known}", self.fingerprints):
                rows += listed
        with _Opened(self.definitions) as definitions:
            rows += [definitions.execute(statement).fetchall() for statement in _DEFINITIONS]
        return rows


def content(path: str) -> "bytes | None":
    """Return the bytes of a file; None if there is none.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no plain file, or too long.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with open(number, "rb") as file:
        kind = os.fstat(number)
        if not stat.S_ISREG(kind.st_mode) or kind.st_size > MAX_FILE_BYTES:
            raise ValueError(f"{path} is no plain file, or too long")
        return file.read(MAX_FILE_BYTES)


class _Opened:
    """A database that is only read."""

    def __init__(self, path: str) -> None:
        quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        self._connection = sqlite3.connect(f"file:{quoted}?mode=ro", uri=True, timeout=BUSY_SECONDS)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *problem: object) -> None:
        self._connection.close()


def grounds_of(stored: "dict[str, object]") -> Grounds:
    """Return the names that were stored.

    Raises:
        TypeError: They are others.
    """
    return Grounds(**stored)  # pyright: ignore[reportArgumentType] - our own file, closed to others


def _has_begun(folder: str, session_id: str) -> bool:
    try:
        return any(name.startswith(f"{session_id}.") for name in os.listdir(folder))
    except FileNotFoundError:
        return False


def _add(found: blake2b, part: object) -> None:
    """Add a part: bytes as they are, as listings are megabytes, and all else as it is written in Python."""
    data = part if isinstance(part, bytes) else repr(part).encode("utf-8", "surrogatepass")
    found.update(b"%s:%d:" % (type(part).__name__.encode(), len(data)))
    found.update(data)


def _stamp(path: str) -> "tuple[int, int, int] | None":
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
