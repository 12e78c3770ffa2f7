"""Sessions that Claude Code has kept: which tools were called, in which folder; nothing else of them is kept.

What the user asked is read for a replay, in memory alone.
"""

import json
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
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
class PastTurn:
    """A prompt of a session, and what it led to."""

    prompt: str = field(repr=False)
    calls: tuple[str, ...]
    """The client's names of the servers' tools that were called, in their order."""


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


def past_turns(config_dir: Path, since: float, sessions: Collection[str]) -> dict[str, list[PastTurn]]:
    """Return the prompts of these sessions that led to calls of servers' tools, by session, oldest first; blocks.

    What agents were asked is left out, as are commands and whatever else the client puts in a prompt's place.
    """
    said: dict[str, tuple[float, str, str]] = {}
    for file in kept_files(config_dir, since):
        for line in _lines_of(file, sessions):
            said |= {id: (at, session, text) for id, at, session, text in _said_in(line)}
    turns: dict[str, list[PastTurn]] = {}
    prompts: dict[str, str] = {}
    for _, session, text in sorted(said.values()):
        if not text.startswith(MCP):
            prompts[session] = text
        elif prompt := prompts.get(session):
            known = turns.setdefault(session, [])
            if known and known[-1].prompt == prompt:
                known[-1] = replace(known[-1], calls=(*known[-1].calls, text))
            else:
                known.append(PastTurn(prompt, (text,)))
    return turns


def _lines_of(file: Path, sessions: Collection[str]) -> Iterator[Json]:
    """Yield the entries of these sessions that are no agent's; of a file that cannot be read, nothing."""
    try:
        with file.open("rb") as lines:
            while line := lines.readline(MAX_LINE):
                if b'"user"' in line or b'"tool_use"' in line:
                    entry = _entry(line)
                    if entry.get("sessionId") in sessions and not entry.get("isSidechain"):
                        yield entry
    except OSError as error:
        log.warning("transcript_unreadable", file=str(file), error=str(error))


def _entry(line: bytes) -> Json:
    try:
        return json_object(json.loads(line))
    except ValueError as error:  # cut off
        log.debug("transcript_line_unreadable", error=str(error))
        return {}


def _said_in(entry: Json) -> Iterator[tuple[str, float, str, str]]:
    """Yield a prompt, or the servers' tools that were called: an id, the time, the session, and text or name."""
    content, session = json_object(entry.get("message")).get("content"), str(entry.get("sessionId"))
    try:
        at = datetime.fromisoformat(str(entry["timestamp"])).timestamp()
    except (ValueError, KeyError):
        return
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for block in map(json_object, cast(list[object], blocks) if isinstance(blocks, list) else ()):
        kind, text, name = block.get("type"), block.get("text"), str(block.get("name"))
        if entry.get("type") == "user" and kind == "text" and isinstance(text, str) and _is_asked(entry, text):
            yield f"{session} {at}", at, session, text
        elif entry.get("type") == "assistant" and kind == "tool_use" and name.startswith(MCP):
            yield str(block.get("id")), at, session, name


def _is_asked(entry: Json, text: str) -> bool:
    """Return whether the user has typed a prompt: not a command, nor what the client says in its place."""
    return not entry.get("isMeta") and bool(text.strip()) and not text.startswith(("<", "/", MCP))


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
