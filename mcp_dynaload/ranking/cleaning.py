"""A prompt cleaned of what nobody meant as a request: commands, what was pasted, courtesies."""

import re

from mcp_dynaload.ranking.foreign import in_english
from mcp_dynaload.ranking.terms import filler_terms, prose_terms

MAX_LENGTH = 4_000
"""Characters of a cleaned prompt: its beginning and its end are kept, where people say what they want."""

MAX_PASTED_LENGTH = 160
"""Characters kept of each fenced block and of all other lines that look pasted."""

_BLOCK = re.compile(
    r"<(task-notification|system-reminder|local-command-\w+|command-\w+)\b[^>]*>.*?(?:</\1>|\Z)", re.DOTALL
)
_ROOT_FOLDERS = (
    "Applications|Library|System|Users|Volumes|app|bin|boot|data|dev|etc|home|lib|lib64|media|mnt|opt|private|proc|root"
    "|run|sbin|srv|sys|tmp|usr|var|workspace"
)
"""Folders at the root of a file system: a text that begins with one is about a path."""

_COMMAND_LINE = re.compile(rf"\s*(/(?!(?:{_ROOT_FOLDERS})\b)[A-Za-z][\w:-]*(?:[ \t][^\n]*)?)(?:\r?\n|\Z)")
_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1|\Z)", re.DOTALL | re.MULTILINE)
_PASTED_LINE = re.compile(
    r"^(?:\s*(?:\[?\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\[\d\d:)|\s*(?:at |File \"|Traceback|\w+Error:|\w+Exception:)"
    r"|\s*(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL)\b|[+-]{3} |@@ |\s{4,}\S|.*[{};]\s*$|\s*(?:>>>|\$) )"
)
_COURTESY = re.compile(
    r"\b(?:thanks|thank you)(?: (?:a lot|again|so much|very much))?\b"
    r"|\bthat(?:['\u2019]s|['\u2019]ll be| is| will be| was) (?:all|it|everything)"
    r"(?: for (?:today|now|the day|tonight))?\b"
    r"|\b(?:see|talk to) you(?: later| soon| tomorrow| then)?\b|\bgood (?:morning|evening|night|bye)\b|\b(?:good)?bye\b"
    r"|\bhave a (?:nice|good|great|lovely) (?:day|evening|weekend|one)\b",
    re.IGNORECASE,
)


def clean(prompt: str) -> str:
    """Return the user's own words in a prompt, without the slash-command line that it may begin with.

    They are empty if they have no content of their own ("yes", "go on", "thanks").
    """
    _, own = split_command(_BLOCK.sub(" ", prompt))
    return clean_text(own)


def clean_text(text: str) -> str:
    """Return the words of a text that cannot begin with a command: a task, a subagent's prompt."""
    text = _FENCE.sub(_shortened, _BLOCK.sub(" ", text))
    text = _without_pasted_lines(text).strip()
    if len(text) > MAX_LENGTH:
        text = f"{text[: MAX_LENGTH * 3 // 4]}\n{text[-MAX_LENGTH // 4 :]}"
    return text if has_content(_COURTESY.sub(" ", text)) else ""


def split_command(prompt: str) -> tuple[str, str]:
    """Return the slash-command line with which a prompt begins, empty if it begins otherwise, and the text after it.

    A line further down is none: it stands in a text, in code or in something pasted, whoever sends it.
    """
    found = _COMMAND_LINE.match(prompt)
    return (found[1].strip(), prompt[found.end() :]) if found else ("", prompt)


def has_content(text: str) -> bool:
    """Return whether any word says what to do, not only that something should go on."""
    english = in_english(text)
    return any(term not in filler_terms() and not term.isdigit() for term in prose_terms(english))


def own_words(text: str) -> str:
    """Return the text without what looks pasted, unless there is nothing else."""
    own = "\n".join(line for line in _FENCE.sub("", text).split("\n") if not _PASTED_LINE.match(line))
    return own if own == text or has_content(own) else text


def _shortened(block: re.Match[str]) -> str:
    """Return the beginning of a fenced block, closed again: what follows it is the user's own."""
    text = block.group()
    return text if len(text) <= MAX_PASTED_LENGTH else f"{text[:MAX_PASTED_LENGTH]}\n{block.group(1)}"


def _without_pasted_lines(text: str) -> str:
    left = MAX_PASTED_LENGTH
    kept: list[str] = []
    for line in text.splitlines():
        if _PASTED_LINE.match(line):
            left -= len(line)
            if left < 0:
                continue
        kept.append(line)
    return "\n".join(kept)
