"""`mcp-dynaload statusline`: the line of a session, for the client's status line."""

import json
import os
import sys
from collections.abc import Callable
from typing import Annotated, cast

from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.store.status_lines import StatusLines

MAX_INPUT_BYTES = 1_000_000
"""The client's JSON has some thousand."""

_WHERE_FROM = "Claude Code gives its status line JSON there"


def statusline_command() -> Callable[..., None]:
    """Return the command; what the client runs again and again does without the library of commands."""
    import typer

    def statusline(
        verbose: Annotated[bool, typer.Option("--verbose", help="Say on stderr why the line is empty.")] = False,
    ) -> None:
        """Print one line, such as `dynaload 7 of 412` and what that saves, for the session whose JSON is on stdin.

        It is empty where there is nothing to tell.

        Example: {"statusLine": {"type": "command", "command": "mcp-dynaload statusline"}} in Claude Code's settings
        """
        print_line(verbose=verbose)

    return statusline


def print_line(*, verbose: bool) -> None:
    """Print the line of the session whose JSON is on stdin, empty where there is nothing to tell."""
    try:
        line = _line()
    except (OSError, ConfigError) as error:
        line = ""
        if verbose:
            print(printable(f"mcp-dynaload statusline: {error}"), file=sys.stderr)
    sys.stdout.buffer.write(f"{line}\n".encode())
    sys.stdout.buffer.flush()


def _line() -> str:
    """Return the session's line.

    Raises:
        ConfigError: The input is not the client's, or is of no session that is known; or no folder is ours.
        OSError: The line cannot be read.
    """
    given = b"" if sys.stdin.isatty() else sys.stdin.buffer.read(MAX_INPUT_BYTES)
    if not given.strip():
        raise ConfigError(f"nothing on stdin: {_WHERE_FROM}")
    try:
        told: object = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"what is on stdin is not JSON ({error}): {_WHERE_FROM}") from error
    session_id = cast(dict[str, object], told).get("session_id") if isinstance(told, dict) else None
    if not isinstance(session_id, str):
        raise ConfigError("the JSON on stdin has no 'session_id'")
    lines = StatusLines(find_locations(os.environ).status_dir)
    try:
        return printable(lines.read(session_id))
    except FileNotFoundError as error:
        raise ConfigError(f"no session {session_id!r} of ours runs on this machine") from error
