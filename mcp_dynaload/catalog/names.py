"""Names under which upstream tools and prompts are advertised: legal, stable, short enough for the client."""

import hashlib
import re

SERVER_NAME = "dynaload"
"""The name under which we are registered with the client."""

FIND_TOOLS = "find_tools"
"""Our one tool that every client has listed."""

CALL_TOOL = "call_tool"
"""Listed for clients alone that do not follow changes of the list."""

HOOK_TOOL = "dynaload_hook"
"""The unlisted tool of ours that takes a hook's fields."""

COMMAND_NAMES = (
    "load-category",
    "unload-category",
    "load-tier",
    "optimize-for",
    "performance-mode",
    "cache-enable",
    "cache-disable",
    "cache-clear",
    "list-categories",
    "tier-status",
    "function-stats",
    "session-info",
    "help",
    "find",
    "pin",
    "unpin",
    "why",
    "unload",
    "reset",
)
"""Our prompts: the commands by which the person looks into a session and overrules it."""

MAX_NAME_LENGTH = 49
"""The client prefixes `mcp__dynaload__` (15 characters) and model APIs accept 64."""

HASH_LENGTH = 8

PREFIX_ROOM = MAX_NAME_LENGTH - HASH_LENGTH - 1
"""So much of a prefix stands in every name, however it was shortened."""

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")


def legal_name(name: str) -> str:
    """The name with `_` for each character that model APIs do not take."""
    return _ILLEGAL.sub("_", name)


def default_prefix(upstream: str) -> str:
    """The prefix of an upstream's names when its configuration gives none."""
    return f"{legal_name(upstream)}__"


def advertised_name(prefix: str, original: str) -> str:
    """The name of an upstream's tool in our list: `prefix` + `original`, made legal, shortened with a hash if too long.

    A changed name always carries a hash of the unchanged one, so two different originals never meet.
    """
    wanted = f"{prefix}{original}"
    legal = legal_name(wanted)
    if legal == wanted and len(wanted) <= MAX_NAME_LENGTH:
        return wanted
    if not prefix:
        return original
    digest = hashlib.sha256(wanted.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]
    return f"{legal[:PREFIX_ROOM]}_{digest}"
