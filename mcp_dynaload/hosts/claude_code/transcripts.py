"""Sessions that Claude Code has kept: which tools were called, in which folder; nothing else is taken from them."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import structlog

from mcp_dynaload.catalog.tool import Json, json_object

MCP = "mcp__"
"""How the client's names of servers' tools begin."""

COMMANDS = ("Bash", "PowerShell", "WebFetch")
"""Tools of the client's own with which a model can do what a server's tool is for."""

MAX_LINE = 16 * 2**20
"""Bytes of a line that is read: one with an answer of the model's is far shorter."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PastSession:
    """A session in one folder."""

    id: str
    folder: str
    at: float
    """When its last call was made, in seconds since 1970."""

    calls: tuple[str, ...]
    """The client's names of the servers' tools that were called, in their order."""

    commands: tuple[tuple[str, str], ...]
    """The client's own tools that were called, each with its command, or its address and question."""


@dataclass(frozen=True, slots=True)
class _Call:
    id: str
    name: str
    session: str
    folder: str
    at: float
    given: str


def kept_files(config_dir: Path, since: float) -> list[Path]:
    """Return the files of sessions that were written to since a time; blocks."""
    return [file for file in sorted(config_dir.glob("projects/*/**/*.jsonl")) if _is_recent(file, since)]


def past_sessions(config_dir: Path, since: float) -> list[PastSession]:
    """Return the sessions since a time, oldest first; blocks.

    A session that was resumed stands in several files: each call counts once.
    """
    calls: dict[str, _Call] = {}
    for file in kept_files(config_dir, since):
        for call in _calls_in(file, since):
            calls.setdefault(call.id, call)
    together: dict[tuple[str, str], list[_Call]] = {}
    for call in calls.values():
        together.setdefault((call.session, call.folder), []).append(call)
    found = [_session(sorted(some, key=lambda call: call.at)) for some in together.values()]
    return sorted(found, key=lambda session: session.at)


def _session(calls: list[_Call]) -> PastSession:
    last = calls[-1]
    return PastSession(
        last.session,
        last.folder,
        last.at,
        tuple(call.name for call in calls if call.name.startswith(MCP)),
        tuple((call.name, call.given) for call in calls if call.name in COMMANDS),
    )


def _is_recent(file: Path, since: float) -> bool:
    """Return whether it is a file, no link, that was written to since then."""
    try:
        status = file.lstat()
    except OSError as error:
        log.warning("transcript_unreadable", file=str(file), error=str(error))
        return False
    return stat.S_ISREG(status.st_mode) and status.st_mtime >= since


def _calls_in(file: Path, since: float) -> Iterator[_Call]:
    """Yield the calls that a file tells of; of a file that cannot be read, nothing, which is logged."""
    try:
        with file.open("rb") as lines:
            while line := lines.readline(MAX_LINE):
                if b'"tool_use"' in line and b'"assistant"' in line:
                    yield from (call for call in _calls_of(line) if call.at >= since)
    except OSError as error:
        log.warning("transcript_unreadable", file=str(file), error=str(error))


def _calls_of(line: bytes) -> Iterator[_Call]:
    try:
        entry = json_object(json.loads(line))
        if entry.get("type") != "assistant":
            return
        at = datetime.fromisoformat(str(entry["timestamp"])).timestamp()
        session, folder = str(entry["sessionId"]), str(entry["cwd"])
        blocks = json_object(entry.get("message")).get("content")
    except (ValueError, KeyError) as error:  # another version's, or cut off
        log.debug("transcript_line_unreadable", error=str(error))
        return
    for block in cast(list[object], blocks) if isinstance(blocks, list) else ():
        use = json_object(block)
        if use.get("type") == "tool_use" and isinstance(use.get("name"), str) and isinstance(use.get("id"), str):
            yield _Call(use["id"], use["name"], session, folder, at, _given(json_object(use.get("input"))))


def _given(arguments: Json) -> str:
    """Return the command, or the address and the question."""
    if isinstance(command := arguments.get("command"), str):
        return command
    url, prompt = arguments.get("url"), arguments.get("prompt")
    return f"{url}\n{prompt if isinstance(prompt, str) else ''}" if isinstance(url, str) else ""
