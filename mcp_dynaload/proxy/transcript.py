"""Reads the end of the client's transcript: its last answer, by which model, and whose branch it is."""

import json
import os
import stat
from dataclasses import dataclass

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.catalog.tool import Json, json_object

TAIL_BYTES = 65_536

TRANSCRIPT_SECONDS = 0.2
"""For a file of the client's own, of which the last 64 KB are read."""

READ = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
"""The parts of an answer's usage that tell what the model has read, from its cache or anew."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The last answer, as far as it is known."""

    model: str | None = None
    context_tokens: int = 0
    """0: not known."""


async def last_answer(transcript_path: str) -> LastAnswer:
    """Return what the transcript tells, if the disk it is on gives it in time."""
    if transcript_path:
        with anyio.move_on_after(TRANSCRIPT_SECONDS):
            return await anyio.to_thread.run_sync(read_last_answer, transcript_path, abandon_on_cancel=True)
    return LastAnswer()


async def branch_origin(transcript_path: str) -> str:
    """Return the conversation of which this one is a branch, empty for none, if the disk gives it in time."""
    if transcript_path:
        with anyio.move_on_after(TRANSCRIPT_SECONDS):
            return await anyio.to_thread.run_sync(read_origin, transcript_path, abandon_on_cancel=True)
    return ""


def read_origin(transcript_path: str) -> str:
    """Read of which conversation the client has copied the lines of this one's transcript."""
    return next((origin for line in reversed(_lines(transcript_path)) if (origin := _origin_of(line))), "")


def read_last_answer(transcript_path: str) -> LastAnswer:
    """Read the last answer in the client's transcript (JSON lines), as far as it can be told."""
    if not transcript_path:
        return LastAnswer()
    lines = _lines(transcript_path)
    return next((answer for line in reversed(lines) if (answer := _answer_of(line))), LastAnswer())


def _lines(path: str) -> list[bytes]:
    try:
        return _tail(path).splitlines()
    except (OSError, ValueError) as error:  # ValueError: a null character
        log.debug("transcript_unreadable", error=str(error))
        return []


def _tail(path: str) -> bytes:
    """Read the end of a regular file, and nothing of a pipe or a device, which may never end or never begin.

    Raises:
        OSError: It is none, or cannot be read.
    """
    # Opening a pipe would wait for somebody who writes into it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is no regular file")
        file.seek(max(0, status.st_size - TAIL_BYTES))
        return file.read(TAIL_BYTES)


def _answer_of(line: bytes) -> LastAnswer | None:
    if b'"assistant"' not in line:
        return None
    message = json_object(_entry(line).get("message"))
    model = message.get("model")
    if not isinstance(model, str) or model.startswith("<"):
        return None
    return LastAnswer(model, _tokens_read(json_object(message.get("usage"))))


def _origin_of(line: bytes) -> str:
    if b'"forkedFrom"' not in line:
        return ""
    return str(json_object(_entry(line).get("forkedFrom")).get("sessionId") or "")


def _entry(line: bytes) -> Json:
    try:
        return json_object(json.loads(line))
    except (ValueError, RecursionError):  # the first line of the tail is usually cut
        return {}


def _tokens_read(usage: Json) -> int:
    counts = (usage.get(name) for name in READ)
    return sum(count for count in counts if isinstance(count, int))
