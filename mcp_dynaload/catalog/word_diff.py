"""Differences of two definitions word by word, alike ones together."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

Op = Literal["same", "removed", "added"]

MAX_WORDS = 4_000
"""The most words of a text that is compared word by word; a longer one is shown as replaced."""

CONTEXT_WORDS = 12
"""Words and blanks that are shown around a change."""

MAX_SHOWN = 2_000
"""Characters of one piece that are shown."""

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_VOLATILE = re.compile(
    r"\d|^(mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*$|^(am|pm|utc|gmt)$",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:~|\.{0,2})(?:/[\w.@+-]+)+/?|[A-Za-z]:\\[\w\\.@+-]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that is the same in both versions, or in one of them only."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """A field of a definition that differs."""

    path: str
    """The keys that lead to it, with dots between."""

    pieces: tuple[Piece, ...]

    @property
    def change(self) -> tuple[str, tuple[Piece, ...]]:
        """The difference without what is the same around it, by which alike ones are found."""
        return self.path, tuple(piece for piece in self.pieces if piece.op != "same")


def diff_of(before: str, after: str) -> tuple[FieldDiff, ...]:
    """Return the fields that differ between two definitions in canonical JSON; one that is not there is empty."""
    old, new = dict(_fields(_parsed(before))), dict(_fields(_parsed(after)))
    paths = [*new, *(path for path in old if path not in new)]
    return tuple(
        FieldDiff(path, _pieces(old.get(path, ""), new.get(path, "")))
        for path in paths
        if old.get(path) != new.get(path)
    )


def is_volatile(diffs: Sequence[FieldDiff], before: str, after: str) -> bool:
    """Return whether nothing but numbers, dates or paths differs: some servers write such into their texts."""
    if not before or not diffs:
        return False
    words = [
        word
        for diff in diffs
        for piece in diff.pieces
        if piece.op != "same"
        for word in _WORD.findall(piece.text)
        if re.match(r"\w", word)
    ]
    if all(_VOLATILE.search(word) for word in words):
        return True
    return _PATH.sub("/", _without_numbers(before)) == _PATH.sub("/", _without_numbers(after))


def shown(diff: FieldDiff) -> str:
    """Return a difference on one line: `[-removed-]` and `{+added+}` with a few words around them."""
    return "".join(_shown(diff.pieces))


def _shown(pieces: Sequence[Piece]) -> Iterator[str]:
    for number, piece in enumerate(pieces):
        if piece.op == "same":
            yield _around(piece.text, is_first=number == 0, is_last=number == len(pieces) - 1)
        else:
            left, right = ("[-", "-]") if piece.op == "removed" else ("{+", "+}")
            yield f"{left}{_cut(piece.text)}{right}"


def _around(text: str, *, is_first: bool, is_last: bool) -> str:
    words = _WORD.findall(text)
    if len(words) <= 2 * CONTEXT_WORDS:
        return text
    head = "" if is_first else "".join(words[:CONTEXT_WORDS])
    tail = "" if is_last else "".join(words[-CONTEXT_WORDS:])
    return f"{head}…{tail}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}… ({len(text):,} characters)"


def _pieces(before: str, after: str) -> tuple[Piece, ...]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    if not old or not new or len(old) > MAX_WORDS or len(new) > MAX_WORDS:
        return tuple(piece for piece in (Piece("removed", before), Piece("added", after)) if piece.text)
    found: list[Piece] = []
    for op, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            found.append(Piece("same", "".join(old[i:j])))
            continue
        sides = (Piece("removed", "".join(old[i:j])), Piece("added", "".join(new[k:m])))
        found += [piece for piece in sides if piece.text]
    return tuple(found)


def _fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text, number or list in a definition with the keys that lead to it."""
    if isinstance(value, dict) and value:
        for key, inner in cast(Mapping[str, object], value).items():
            yield from _fields(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, str):
        yield path, value
    elif path:
        yield path, json.dumps(value, ensure_ascii=False)


def _parsed(text: str) -> object:
    return json.loads(text) if text else {}


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+", "0", text)
