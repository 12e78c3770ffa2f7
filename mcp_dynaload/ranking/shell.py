"""Shell text as the commands that it runs: programs with their arguments, without running or expanding anything."""

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from mcp_dynaload.ranking.programs import INTERPRETERS, KEYWORDS, RUNNERS, WRAPPERS

MAX_LENGTH = 8_000
"""Characters of a text that are looked at: a longer one carries data."""

MAX_COMMANDS = 20

_HEREDOC = re.compile(r"<<-?[ \t]*(['\"]?)(\w+)\1([^\n]*)\n(.*?)(?:\n[ \t]*\2[ \t]*(?=\n|\)|\Z)|\Z)", re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_COUNT = re.compile(r"[\d.]+[smhd]?|[^\w]*|\$\w+")
"""Arguments of a wrapper beside its options: a time, a number, a mark for the place of an argument."""

_PUNCTUATION = "();<>|&\n"


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """A program and what it is given."""

    program: str
    """Its name without its folder, in lower case."""

    arguments: tuple[str, ...]
    document: str = ""
    """The text that stands below it in the shell text and becomes its input."""

    is_written: bool = False
    """Whether what it prints goes into a file."""

    reader: str = ""
    """The program that reads what it prints."""


def parse_shell(text: str) -> tuple[ShellCommand, ...]:
    """Return the commands of a shell text in their order; none where its quotes cannot be read."""
    documents = [found[4] for found in _HEREDOC.finditer(text)]
    text = _HEREDOC.sub(lambda found: f"<<{found[3]}\n", text)[:MAX_LENGTH]
    try:
        words = list(_lexer(text))
    except ValueError:  # an odd quote: in a text that was cut, or in what is no shell
        return ()
    return tuple(_commands(words, iter(documents)))[:MAX_COMMANDS]


def _lexer(text: str) -> shlex.shlex:
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    return lexer


def _commands(words: Iterable[str], documents: Iterator[str]) -> Iterator[ShellCommand]:
    """Put together what stands between two marks that end a command."""
    parts = [(is_mark, list(part)) for is_mark, part in groupby(words, _is_mark)]
    pieces: list[str] = []
    document, is_written = "", False
    for place, (is_mark, part) in enumerate(parts):
        mark = "".join(part) if is_mark else ""
        if not is_mark:
            pieces += part if not pieces or not _is_redirection(parts, place) else part[1:]
            continue
        if mark[0] in "<>" and pieces and pieces[-1].isdigit():
            pieces.pop()  # which of its channels is meant
        if "<<" in mark:
            document = next(documents, "")
        is_written = is_written or (">" in mark and "&" not in mark)
        if mark.strip("<>&") or mark == "&&" or mark == "&":
            reader = _program(parts[place + 1][1]) if mark == "|" and place + 1 < len(parts) else ""
            yield from _command(pieces, document, is_written=is_written, reader=reader)
            pieces, document, is_written = [], "", False
    yield from _command(pieces, document, is_written=is_written, reader="")


def _is_mark(word: str) -> bool:
    return bool(word) and all(character in _PUNCTUATION for character in word)


def _is_redirection(parts: list[tuple[bool, list[str]]], place: int) -> bool:
    """Return whether the first word of a part is a file or a number behind `>` or `<`, not an argument."""
    mark = "".join(parts[place - 1][1]) if place else ""
    return bool(mark) and set(mark) <= set("<>&") and mark not in ("&", "&&") and "<<" not in mark


def _command(words: list[str], document: str, *, is_written: bool, reader: str) -> Iterator[ShellCommand]:
    own = _own_words(words)
    if own and _name(own[0]):
        yield ShellCommand(_name(own[0]), tuple(own[1:]), document, is_written, reader)


def _program(words: list[str]) -> str:
    own = _own_words(words)
    return _name(own[0]) if own else ""


def _own_words(words: list[str]) -> list[str]:
    """Return the words from the program on: without variables, key words of the shell and what only runs another."""
    left = list(words)
    while left:
        first = _name(left[0])
        if _ASSIGNMENT.match(left[0]) or first in KEYWORDS:
            left = left[1:]
        elif first in WRAPPERS and left[1:2] not in (["-v"], ["-V"]):
            left = _without_options(left[1:])
        elif (after := RUNNERS.get(first)) is not None and left[1 : 1 + len(after)] == list(after):
            left = _without_options(left[1 + len(after) :])
        else:
            return _inside_container(left, first)
    return []


def _without_options(words: list[str]) -> list[str]:
    left = list(words)
    while left and (left[0].startswith("-") or _COUNT.fullmatch(left[0])):
        left = left[1:]
    return left


def _inside_container(words: list[str], program: str) -> list[str]:
    """Return what is run in a container, if that is what a program of containers is told."""
    if program not in ("docker", "podman", "nerdctl") or "exec" not in words[1:3]:
        return words
    inside = _without_options(words[words.index("exec") + 1 :])[1:]
    return _own_words(inside) if inside and _name(inside[0]) not in INTERPRETERS else words


def _name(word: str) -> str:
    return word.rsplit("/", 1)[-1].lower().removesuffix(".exe")
