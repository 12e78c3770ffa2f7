"""The stored answers of one way of starting us: where they are, and reading them."""

import json
import os
import stat
import sys

from mcp_dynaload.early.answering import Exchange
from mcp_dynaload.early.grounds import Grounds, blake2b, content, grounds_of
from mcp_dynaload.version import __version__

TYPE_CHECKING = False  # `typing` would take a tenth of the time until the first answer
if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
FOLDER = "early"
MAX_RECORD_BYTES = 4 * 1024 * 1024

SESSION_VARIABLE = "CLAUDE_CODE_SESSION_ID"

_FAMILY = "MCP_DYNALOAD_"
_SINGLE = frozenset(
    {
        "HOME",
        "PATH",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "CLAUDE_PROJECT_DIR",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_CODE_ENTRYPOINT",
        "ANTHROPIC_MODEL",
        "ENABLE_TOOL_SEARCH",
        "DYNAMIC_LOADING_ENABLED",
        "DEFAULT_LOADING_STRATEGY",
        "CACHE_TTL_SECONDS",
        "MAX_CACHE_SIZE",
        "DETECTION_TIMEOUT_MS",
        "LOADING_TIMEOUT_MS",
        "MAX_CONCURRENT_SESSIONS",
        "METRICS_COLLECTION_ENABLED",
        "PERFORMANCE_ALERTS_ENABLED",
        "DETAILED_LOGGING_ENABLED",
    }
)
"""Variables that may decide what is answered, beside those of our family and those that a servers file names.

A client sets many more that differ with each start.
"""

PROJECT_SETTINGS = ("settings.json", "settings.local.json")

_MOVING = ("MCP_DYNALOAD_", "XDG_", "HOME", "CLAUDE_PROJECT_DIR", "CLAUDE_CONFIG_DIR")
"""How the variables begin that say where our files are: a repository must not point us to answers of its own."""


class StoredAnswers:
    """The answers stored for a way of starting us."""

    __slots__ = ("clients", "digest", "grounds")

    def __init__(self, grounds: Grounds, digest: str, clients: "list[list[Exchange]]") -> None:
        self.grounds = grounds
        self.digest = digest
        """The digest that the grounds had."""

        self.clients = clients
        """The answers, for each of some clients."""

    def as_bytes(self) -> bytes:
        """Return what is written to the file."""
        return json.dumps({"grounds": self.grounds.as_json(), "digest": self.digest, "clients": self.clients}).encode()


def record_file(arguments: "list[str]", environ: "Mapping[str, str]") -> "str | None":
    """Return the file of the answers to a start with these arguments; None where there is to be none."""
    folder = _state_folder(environ)
    if folder is None:
        return None
    variables = sorted((name, value) for name, value in environ.items() if _counts(name))
    place = os.path.dirname(__file__)
    start = repr((FORMAT, __version__, place, sys.version, os.getcwd(), arguments, variables))
    name = blake2b(start.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return os.path.join(folder, FOLDER, f"{name}.json")


def read_record(file: str) -> "StoredAnswers | None":
    """Return what is stored there; None if there is nothing that can be used."""
    try:
        number = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(number, "rb") as opened:
            kind = os.fstat(number)
            is_private = kind.st_uid == os.geteuid() and not kind.st_mode & 0o077
            if not stat.S_ISREG(kind.st_mode) or not is_private or kind.st_size > MAX_RECORD_BYTES:
                return None
            stored = json.loads(opened.read())
        clients = [
            [(str(method), str(params), str(answer)) for method, params, answer in one] for one in stored["clients"]
        ]
        return StoredAnswers(grounds_of(stored["grounds"]), str(stored["digest"]), clients)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # it is made anew


def _counts(name: str) -> bool:
    return name.startswith(_FAMILY) or name in _SINGLE


def _state_folder(environ: "Mapping[str, str]") -> "str | None":
    """Return our state folder, as `config.paths` finds it; None where a project may have moved it."""
    projects = {os.getcwd(), environ.get("CLAUDE_PROJECT_DIR") or os.getcwd()}
    if any(_moves_us(os.path.join(project, ".claude", name)) for project in projects for name in PROJECT_SETTINGS):
        return None
    if named := environ.get("MCP_DYNALOAD_STATE_DIR"):
        return os.path.abspath(os.path.expanduser(named))
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Application Support/mcp-dynaload")
    own = environ.get("XDG_STATE_HOME", "").strip() or os.path.expanduser("~/.local/state")
    return os.path.join(own, "mcp-dynaload")


def _moves_us(file: str) -> bool:
    """Return whether a project's settings for the client set a variable that says where our files are, or may."""
    try:
        written = content(file)
        settings: dict[str, dict[str, object]] = json.loads(written) if written is not None else {}
        return any(name.startswith(_MOVING) for name in settings.get("env") or ())
    except (OSError, ValueError, RecursionError, AttributeError, TypeError):  # nobody knows what the client makes of it
        return True
