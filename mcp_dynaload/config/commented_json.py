"""JSON with comments: read, and changed in place, every byte beside the change left as it is."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json

_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_VISIBLE = re.compile(r"[^\r\n]")
_BLANK = re.compile(r"[ \t\r\n]*")
_LINE_BLANK = re.compile(r"[ \t]*")
_FIRST_INDENT = re.compile(r"[\[{][ \t]*\r?\n([ \t]+)\S")
_DEFAULT_INDENT = "  "
_BYTE_ORDER_MARK = "\ufeff"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of an object: where its key begins, and where its value stands."""

    key: str
    start: int
    value_start: int
    end: int


def without_comments(text: str) -> str:
    """Return the text with blanks in the place of comments: what is left stands where it stood."""

    def blank(found: re.Match[str]) -> str:
        return found[0] if found[0].startswith('"') else _VISIBLE.sub(" ", found[0])

    return _STRING_OR_COMMENT.sub(blank, text)


def parse_commented(text: str) -> object:
    """Parse JSON in which comments may stand.

    Raises:
        json.JSONDecodeError: It is none; the position is that in the text.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        if (plain := without_comments(text)) == text:
            raise
        return json.loads(plain)


def edit_commented(text: str, value: Json) -> str:
    """Return the text of an object changed to mean `value`, its comments and the order of its keys kept."""
    return _edited_object(text, (), cast(Json, parse_commented(text)), value)


def _edited_object(text: str, path: tuple[str, ...], old: Json, new: Json) -> str:
    for key in [key for key in old if key not in new]:
        text = without_member(text, (*path, key))
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            text = _edited_object(text, (*path, key), cast(Json, before), cast(Json, value))
        elif key not in old or json.dumps(before, sort_keys=True) != json.dumps(value, sort_keys=True):
            text = with_member(text, (*path, key), value)
    return text


def with_member(text: str, path: Sequence[str], value: object) -> str:
    """Return the text with a value under the keys of an object; a new key comes last, and what is missing is made."""
    plain = without_comments(text)
    start = _first(plain)
    for depth, key in enumerate(path):
        members = list(_members(plain, start))
        found = next((member for member in members if member.key == key), None)
        if found is None:
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value}
            return _inserted(text, plain, start, members, key, value)
        if depth + 1 < len(path) and plain[found.value_start] == "{":
            start = found.value_start
            continue
        for missing in reversed(path[depth + 1 :]):
            value = {missing: value}
        written = _dumped(value, text, _indent_of(plain, found.start))
        return f"{text[: found.value_start]}{written}{text[found.end :]}"
    return text


def without_member(text: str, path: Sequence[str]) -> str:
    """Return the text without what stands under the keys; comments on lines of their own stay."""
    plain = without_comments(text)
    start = _first(plain)
    for depth, key in enumerate(path):
        members = list(_members(plain, start))
        at = next((index for index, member in enumerate(members) if member.key == key), None)
        if at is None:
            return text
        if depth + 1 == len(path):
            return _cut(text, plain, members, at)
        start = members[at].value_start
    return text


def _first(plain: str) -> int:
    return _skip_blank(plain, plain.startswith(_BYTE_ORDER_MARK))


def _members(plain: str, start: int) -> Iterator[_Member]:
    at = _skip_blank(plain, start + 1)
    while plain[at] != "}":
        key, end = _DECODER.raw_decode(plain, at)
        value_start = _skip_blank(plain, _skip_blank(plain, end) + 1)
        _, value_end = _DECODER.raw_decode(plain, value_start)
        yield _Member(cast(str, key), at, value_start, value_end)
        at = _skip_blank(plain, value_end)
        if plain[at] == ",":
            at = _skip_blank(plain, at + 1)


def _inserted(text: str, plain: str, start: int, members: list[_Member], key: str, value: object) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    if not members:
        return _first_member(text, plain, start, key, value, newline)
    last = members[-1]
    is_one_line = "\n" not in plain[start : members[0].start]
    if is_one_line:
        return f"{text[: last.end]}, {json.dumps(key)}: {_written(value)}{text[last.end :]}"
    indent = _indent_of(plain, members[0].start)
    line_end = _line_end(plain, last.end)
    after = line_end if not plain[last.end : line_end].strip() else last.end  # behind the comment of that line
    member = f"{json.dumps(key)}: {_dumped(value, text, indent)}"
    return f"{text[: last.end]},{text[last.end : after]}{newline}{indent}{member}{text[after:]}"


def _first_member(text: str, plain: str, start: int, key: str, value: object, newline: str) -> str:
    """Return the text with the only member of an object in which nothing, or a comment, stands by now."""
    close = _skip_blank(plain, start + 1)
    outer = _indent_of(plain, start)
    indent = outer + _unit(text)
    member = f"{newline}{indent}{json.dumps(key)}: {_dumped(value, text, indent)}{newline}{outer}"
    return f"{text[: start + 1]}{text[start + 1 : close].rstrip()}{member}{text[close:]}"


def _cut(text: str, plain: str, members: list[_Member], at: int) -> str:
    member = members[at]
    comma = _skip_blank(plain, member.end)
    is_last = plain[comma] != ","
    end = member.end if is_last else comma + 1
    line_start, line_end = plain.rfind("\n", 0, member.start) + 1, _line_end(plain, end)
    if plain[line_start : member.start].strip() or plain[end:line_end].strip():  # others share its lines
        if is_last and at:
            return f"{text[: members[at - 1].end]}{text[end:]}"
        return f"{text[: member.start]}{text[_skip_blank(plain, end) if not is_last else end :]}"
    kept = f"{text[:line_start]}{text[_after_newline(plain, line_end) :]}"
    if not is_last or not at:
        return kept
    before = plain.index(",", members[at - 1].end)  # what is the last one now has no comma behind it
    return f"{kept[:before]}{kept[before + 1 :]}"


def _indent_of(plain: str, at: int) -> str:
    line = plain.rfind("\n", 0, at) + 1
    found = _LINE_BLANK.match(plain, line)
    return found[0] if found else ""


def _unit(text: str) -> str:
    found = _FIRST_INDENT.search(text)
    return found[1] if found else _DEFAULT_INDENT


def _dumped(value: object, text: str, indent: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    return _written(value, indent=_unit(text)).replace("\n", f"{newline}{indent}")


def _written(value: object, **layout: Any) -> str:
    written = json.dumps(value, ensure_ascii=False, **layout)
    try:
        written.encode()
    except UnicodeEncodeError:  # half a character can only be written as an escape
        return json.dumps(value, **layout)
    return written


def _line_end(plain: str, at: int) -> int:
    """Return where the line ends that goes on at a place: before its line break."""
    end = plain.find("\n", at)
    if end < 0:
        return len(plain)
    return end - 1 if end and plain[end - 1] == "\r" else end


def _after_newline(plain: str, at: int) -> int:
    return next((at + len(mark) for mark in ("\r\n", "\n") if plain.startswith(mark, at)), at)


def _skip_blank(plain: str, at: int) -> int:
    found = _BLANK.match(plain, at)
    return found.end() if found else at
