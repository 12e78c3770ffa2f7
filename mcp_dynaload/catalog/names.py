"""Names under which upstream tools and prompts are advertised: legal, stable, short enough for the client."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

SERVER_NAME = "dynaload"
"""The name under which we are registered with the client, unless a plugin of the client's brings us."""

PLUGIN_SERVER_NAME = f"plugin:{SERVER_NAME}:{SERVER_NAME}"
"""The client's name for us where our plugin brings us."""

FIND_TOOLS = "find_tools"
"""Our one tool that every client has listed."""

CALL_TOOL = "call_tool"
"""Listed for clients alone that do not follow changes of the list."""

HOOK_TOOL = "dynaload_hook"
"""The unlisted tool of ours that takes a hook's fields."""

MAX_FULL_NAME_LENGTH = 64
"""Model APIs accept so much of a name, the client's prefix included."""

MAX_NAME_LENGTH = MAX_FULL_NAME_LENGTH - len(f"mcp__{SERVER_NAME}__")
"""The most characters of a name of ours behind the prefix that it has where we are registered as `dynaload`."""

HASH_LENGTH = 8

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")


class CommandName(StrEnum):
    """The name of one of our prompts: a command by which the user looks into a session and overrules it."""

    LOAD_CATEGORY = "load-category"
    UNLOAD_CATEGORY = "unload-category"
    LOAD_TIER = "load-tier"
    OPTIMIZE_FOR = "optimize-for"
    PERFORMANCE_MODE = "performance-mode"
    CACHE_ENABLE = "cache-enable"
    CACHE_DISABLE = "cache-disable"
    CACHE_CLEAR = "cache-clear"
    LIST_CATEGORIES = "list-categories"
    TIER_STATUS = "tier-status"
    FUNCTION_STATS = "function-stats"
    SESSION_INFO = "session-info"
    HELP = "help"
    FIND = "find"
    PIN = "pin"
    UNPIN = "unpin"
    WHY = "why"
    UNLOAD = "unload"
    RESET = "reset"
    QUARANTINE = "quarantine"
    LOGIN = "login"
    PROFILE = "profile"
    ALLOW_FLOW = "allow-flow"


@dataclass(frozen=True, slots=True)
class Registration:
    """The name under which the client knows us, and what it makes of ours with it."""

    server: str = SERVER_NAME

    @property
    def prefix(self) -> str:
        """The text that the client puts in front of our names."""
        return f"mcp__{legal_name(self.server)}__"

    @property
    def room(self) -> int:
        """Characters that are left for a name of ours."""
        return MAX_FULL_NAME_LENGTH - len(self.prefix)

    @property
    def is_plugins(self) -> bool:
        """Whether our plugin has brought us."""
        return self.server == PLUGIN_SERVER_NAME


def prefix_room(room: int) -> int:
    """Return how much of a prefix stands in every name of so many characters, however it was shortened."""
    return room - HASH_LENGTH - 1


def legal_name(name: str) -> str:
    """Return the name with `_` for each character that model APIs do not take."""
    return _ILLEGAL.sub("_", name)


def default_prefix(upstream: str) -> str:
    """Return the prefix of an upstream's names when its configuration gives none."""
    return f"{legal_name(upstream)}__"


def advertised_name(prefix: str, original: str, room: int = MAX_NAME_LENGTH) -> str:
    """Return the name of an upstream's tool in our list: `prefix` + `original`, made legal, hashed if too long.

    A changed name always carries a hash of the unchanged one, so two different originals never meet.
    """
    wanted = f"{prefix}{original}"
    legal = legal_name(wanted)
    if legal == wanted and len(wanted) <= room:
        return wanted
    if not prefix:
        return original
    digest = hashlib.sha256(wanted.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]
    return f"{legal[: prefix_room(room)]}_{digest}"
