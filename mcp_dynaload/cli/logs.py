"""`mcp-dynaload logs`: what we and the servers wrote."""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from mcp_dynaload.cli.completion import complete_log
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking.printable import printable

FOLLOW_SECONDS = 0.3
MAX_PIECE = 50_000
"""Characters that are masked together; a key may go over several lines."""


def logs(
    name: str = typer.Argument("", help="A server; without one, our own log.", autocompletion=complete_log),
    follow: bool = typer.Option(False, "--follow", "-f", help="Go on showing what is written, until Ctrl-C."),
    lines: int = typer.Option(50, "--lines", "-n", min=0, help="How many of the last lines to begin with."),
    raw: bool = typer.Option(False, "--raw", help="As it was written, control characters and secrets included."),
) -> None:
    """Show the log of a server (what it prints beside the protocol), or our own.

    Control and format characters are shown as escapes, so that no server can write to your terminal, and secrets are
    masked. The file itself holds a server's own words; only you can read it.

    Example: mcp-dynaload logs github --follow
    """
    from mcp_dynaload.machine.logs import LOG_FILE  # with the logging library
    from mcp_dynaload.upstream.output_log import log_path

    folder = find_locations(os.environ).logs_dir
    path = log_path(folder, name) if name else folder / LOG_FILE
    if not path.exists() and not follow:
        known = sorted(file.stem for file in folder.glob("*.log")) if folder.is_dir() else []
        if name and name not in _configured():
            raise ConfigError(f"there is no log {path}; logs exist for: {', '.join(known) or 'nothing yet'}")
        print(f"{name or 'mcp-dynaload'} has written nothing so far; it would stand in {path}", file=sys.stderr)
        return
    shown = str if raw else _hiding()
    position = _show_last(path, lines, shown)
    try:
        while follow:
            time.sleep(FOLLOW_SECONDS)
            position = _show_from(path, position, shown)
    except KeyboardInterrupt:
        return


def _configured() -> set[str]:
    """Return the names of all servers, used or not."""
    from mcp_dynaload.config.written_configuration import read_written

    try:
        return {name for file in read_written(os.environ).upstreams.files for name in file.servers}
    except ConfigError:
        return set()


def _hiding() -> Callable[[str], str]:
    """Return a function that hides secrets in a piece of a log, however wrong the configuration is by now."""
    from mcp_dynaload.config.written_configuration import read_written  # with pydantic
    from mcp_dynaload.masking import Masker

    try:
        masker = read_written(os.environ).masker
    except ConfigError:
        masker = Masker()
    return lambda text: printable("".join(map(masker.text, _pieces(text))), keeps_lines=True)


def _pieces(text: str) -> Iterator[str]:
    """Yield whole lines, as many at a time as are looked at."""
    lines = text.splitlines(keepends=True)
    piece = ""
    for line in lines:
        if len(piece) + len(line) > MAX_PIECE:
            yield piece
            piece = ""
        piece += line
    yield piece


def _show_last(path: Path, lines: int, shown: Callable[[str], str]) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        last = b"".join(deque(file, lines))  # together: a key may go over several lines
        print(shown(last.decode("utf-8", "replace")), end="")
        return file.tell()


def _show_from(path: Path, position: int, shown: Callable[[str], str]) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        if path.stat().st_size < position:  # rotated
            position = 0
        file.seek(position)
        news = file.read()
        whole = news[: news.rfind(b"\n") + 1] if len(news) < MAX_PIECE else news
        print(shown(whole.decode("utf-8", "replace")), end="", flush=True)
        return position + len(whole)
