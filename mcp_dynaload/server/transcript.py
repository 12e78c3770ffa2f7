"""What the client's transcript tells of the last answer: the model, and how much it had to read."""

import json
from dataclasses import dataclass
from pathlib import Path

import structlog

from mcp_dynaload.catalog.tool import Json, json_object

TAIL_BYTES = 65_536

READ = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
"""Of an answer's usage: what the model has read, from its cache or anew."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """What is known of it."""

    model: str | None = None
    context_tokens: int = 0
    """0: not known."""


def read_last_answer(transcript_path: str) -> LastAnswer:
    """The last answer in the client's transcript (JSON lines), as far as it can be told."""
    if not transcript_path:
        return LastAnswer()
    try:
        with Path(transcript_path).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            lines = file.read().splitlines()
    except (OSError, ValueError) as error:  # ValueError: a null character
        log.debug("transcript_unreadable", error=str(error))
        return LastAnswer()
    return next((answer for line in reversed(lines) if (answer := _answer_of(line))), LastAnswer())


def _answer_of(line: bytes) -> LastAnswer | None:
    if b'"assistant"' not in line:
        return None
    try:
        entry: object = json.loads(line)
    except ValueError:  # the first line of the tail is usually cut
        return None
    message = json_object(json_object(entry).get("message"))
    model = message.get("model")
    if not isinstance(model, str) or model.startswith("<"):
        return None
    return LastAnswer(model, _tokens_read(json_object(message.get("usage"))))


def _tokens_read(usage: Json) -> int:
    counts = (usage.get(name) for name in READ)
    return sum(count for count in counts if isinstance(count, int))
