"""`mcp-dynaload logs`: what we and the servers wrote."""

import os
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

import typer

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.locations import find_locations
from mcp_dynaload.printable import printable

FOLLOW_SECONDS = 0.3


def logs(
    name: str = typer.Argument("", help="A server; without one, our own log."),
    follow: bool = typer.Option(False, "--follow", "-f", help="Go on showing what is written, until Ctrl-C."),
    lines: int = typer.Option(50, "--lines", "-n", min=0, help="How many of the last lines to begin with."),
    raw: bool = typer.Option(False, "--raw", help="As it was written, control characters included."),
) -> None:
    """Show the log of a server (what it prints beside the protocol), or our own.

    Control and format characters are shown as escapes, so that no server can write to your terminal.

    Example: mcp-dynaload logs github --follow
    """
    from mcp_dynaload.logs import LOG_FILE  # with the logging library
    from mcp_dynaload.upstream.output_log import log_path

    folder = find_locations(os.environ).logs_dir
    path = log_path(folder, name) if name else folder / LOG_FILE
    if not path.exists() and not follow:
        known = sorted(file.stem for file in folder.glob("*.log")) if folder.is_dir() else []
        raise ConfigError(f"there is no log {path}; logs exist for: {', '.join(known) or 'nothing yet'}")
    shown: Callable[[str], str] = str if raw else partial(printable, keeps_lines=True)
    position = _show_last(path, lines, shown)
    try:
        while follow:
            time.sleep(FOLLOW_SECONDS)
            position = _show_from(path, position, shown)
    except KeyboardInterrupt:
        return


def _show_last(path: Path, lines: int, shown: Callable[[str], str]) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        for line in deque(file, lines):
            print(shown(line.decode("utf-8", "replace")), end="")
        return file.tell()


def _show_from(path: Path, position: int, shown: Callable[[str], str]) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        if path.stat().st_size < position:  # rotated
            position = 0
        file.seek(position)
        print(shown(file.read().decode("utf-8", "replace")), end="", flush=True)
        return file.tell()
