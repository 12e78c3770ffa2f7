"""`mcp-dynaload statusline`: the line of a session, for the client's status line."""

import json
import os
import sys
from typing import cast

from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.store.status_lines import StatusLines

MAX_INPUT_BYTES = 1_000_000
"""The client's JSON has some thousand."""


def statusline(verbose: bool = False) -> None:
    """Print one line, such as `dynaload 7 of 412` and what that saves, for the session whose JSON is on stdin.

    It is empty where there is nothing to tell; with --verbose stderr tells why.

    Example: {"statusLine": {"type": "command", "command": "mcp-dynaload statusline"}} in Claude Code's settings
    """
    try:
        line = _line()
    except (ValueError, OSError, RecursionError, ConfigError) as error:
        line = ""
        if verbose:
            print(printable(f"mcp-dynaload statusline: {error}"), file=sys.stderr)
    sys.stdout.buffer.write(f"{line}\n".encode())
    sys.stdout.buffer.flush()


def _line() -> str:
    """Return the session's line.

    Raises:
        ConfigError: The input is not the client's, or is of no session that is known; or no folder is ours.
        ValueError: The input is no JSON.
        OSError: The line cannot be read.
    """
    if sys.stdin.isatty():
        raise ConfigError("nothing on stdin: Claude Code gives its status line JSON there")
    told: object = json.loads(sys.stdin.buffer.read(MAX_INPUT_BYTES))
    session_id = cast(dict[str, object], told).get("session_id") if isinstance(told, dict) else None
    if not isinstance(session_id, str):
        raise ConfigError("the JSON on stdin has no 'session_id'")
    lines = StatusLines(find_locations(os.environ).status_dir)
    try:
        return printable(lines.read(session_id))
    except FileNotFoundError as error:
        raise ConfigError(f"no session {session_id!r} of ours runs on this machine") from error
