"""Changes values inside a JSON text and leaves every other byte of it as the user wrote it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.commented_json import edit_commented, without_comments
from mcp_dynaload.errors import HostError

_BYTE_ORDER_MARK = "\ufeff"
_BLANK = re.compile(r"[ \t\n\r]*")
_FIRST_INDENT = re.compile(r"[\[{][ \t]*\r?\n([ \t]+)\S")
_DEFAULT_INDENT = "  "
_STRING_OR_WORD = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[A-Za-z]+', re.DOTALL)
_TOO_LARGE = "1e999"
_COMMENTED_FILES = frozenset({"servers.json", "mcp.json"})
"""The names of our servers files and of editors', which may have comments; the client refuses its own with one."""

_DECODER = json.JSONDecoder()


class _NoNumberError(ValueError):
    """A word that Python takes for a number and JSON does not."""


def _refuse(word: str) -> float:
    raise _NoNumberError(word)


_STRICT = json.JSONDecoder(parse_constant=_refuse)


@dataclass(frozen=True, slots=True)
class _Style:
    """The style in which a file is laid out."""

    indent: str | None
    """One level of indentation; None when everything stands on one line."""

    newline: str

    separators: tuple[str, str]
    """Between items and after keys, on one line."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """The white space around the items of one container."""

    indent: str | None
    """Indentation of the items; None when they stand on one line."""

    opening: str
    separator: str
    closing: str

    def joined(self, brackets: str, parts: list[str]) -> str:
        """Return the container's text; an empty one has nothing between its brackets."""
        inside = f"{self.opening}{self.separator.join(parts)}{self.closing}" if parts else ""
        return f"{brackets[0]}{inside}{brackets[1]}"


@dataclass(frozen=True, slots=True)
class _Item:
    """A member of an object or an element of an array: where its text begins and what its value is."""

    start: int
    key: str
    value_start: int
    value_end: int
    value: Any


def parse_object(text: str, path: Path) -> Json:
    """Parse the JSON object that a file holds; an empty file holds an empty one.

    Raises:
        HostError: it is no JSON object; the message names file and line.
    """
    try:
        text.encode()
        core = without_comments(text) if path.name in _COMMENTED_FILES else text
        value: Any = _STRICT.decode(core.removeprefix(_BYTE_ORDER_MARK)) if _core(core) else {}
    except json.JSONDecodeError as error:
        raise HostError(
            f"{path}: line {error.lineno}, column {error.colno}: {error.msg}; correct it and run this again"
        ) from error
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise HostError(f"{path}: line {line}: not UTF-8 text; correct it and run this again") from error
    except _NoNumberError as error:
        start = next(found.start() for found in _STRING_OR_WORD.finditer(text) if found[0] == str(error).lstrip("-"))
        line = text.count("\n", 0, start) + 1
        raise HostError(f"{path}: line {line}: {error} is no JSON; correct it and run this again") from error
    except (RecursionError, ValueError) as error:
        raise HostError(f"{path}: it is nested too deeply, or has a number too long; correct it") from error
    if not isinstance(value, dict):
        raise HostError(f"{path}: line 1: a JSON object was expected, not {type(value).__name__}")
    return cast(Json, value)


def edit_json(text: str, value: Json) -> str:
    """Return the text changed to mean `value`: unchanged parts are kept to the letter, new ones follow its style."""
    start = _skip_blank(text, text.startswith(_BYTE_ORDER_MARK))
    if start == len(text):
        return f"{text}{_written(value, indent=2, ensure_ascii=not _is_encodable(value))}\n"
    try:
        old, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError:  # it has comments, or `parse_object` would have refused it
        return edit_commented(text, value)
    return text[:start] + _rendered(text, start, old, value, "", _style(text)) + text[end:]


def is_same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are the same: `1`, `1.0` and `true` differ, the order of keys does not count."""
    return canonical(one) == canonical(other)


def canonical(value: Any) -> str:
    """Return one text for each JSON value."""
    return json.dumps(value, sort_keys=True)


def _style(text: str) -> _Style:
    newline = "\r\n" if "\r\n" in text else "\n"
    found = _FIRST_INDENT.search(text)
    is_one_line = "\n" not in _core(text) and _core(text) != "{}"
    indent = found[1] if found else (None if is_one_line else _DEFAULT_INDENT)
    is_compact = is_one_line and '": ' not in text
    return _Style(indent, newline, (",", ":") if is_compact else (", ", ": "))


def _rendered(text: str, start: int, old: Any, new: Any, indent: str, style: _Style) -> str:
    if is_same(old, new):
        return text[start : _DECODER.raw_decode(text, start)[1]]
    if isinstance(old, dict) and isinstance(new, dict):
        return _rendered_object(text, start, cast(Json, new), indent, style)
    if isinstance(old, list) and isinstance(new, list):
        return _rendered_array(text, start, cast(list[Any], new), indent, style)
    return _dumped(new, indent, style)


def _rendered_object(text: str, start: int, new: Json, indent: str, style: _Style) -> str:
    items = {item.key: item for item in _items(text, start)}
    layout = _layout(text, start, list(items.values()), indent, style)
    parts: list[str] = []
    for key, value in new.items():
        item = items.get(key)
        if item is None:
            head = _dumped(key, None, style)
            parts.append(f"{head}{style.separators[1]}{_dumped(value, layout.indent, style)}")
        else:
            head = text[item.start : item.value_start]
            parts.append(head + _rendered(text, item.value_start, item.value, value, layout.indent or "", style))
    return layout.joined("{}", parts)


def _rendered_array(text: str, start: int, new: list[Any], indent: str, style: _Style) -> str:
    items = list(_items(text, start))
    layout = _layout(text, start, items, indent, style)
    by_value = {canonical(item.value): item for item in reversed(items)}
    parts: list[str] = []
    for index, value in enumerate(new):
        item = by_value.get(canonical(value)) or (items[index] if index < len(items) else None)
        if item is None:
            parts.append(_dumped(value, layout.indent, style))
        else:
            parts.append(_rendered(text, item.value_start, item.value, value, layout.indent or "", style))
    return layout.joined("[]", parts)


def _items(text: str, start: int) -> Iterator[_Item]:
    is_object = text[start] == "{"
    at = _skip_blank(text, start + 1)
    while text[at] not in "]}":
        item_start, key = at, ""
        if is_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip_blank(text, _skip_blank(text, at) + 1)
        value, end = _DECODER.raw_decode(text, at)
        yield _Item(item_start, cast(str, key), at, end, value)
        at = _skip_blank(text, end)
        if text[at] == ",":
            at = _skip_blank(text, at + 1)


def _layout(text: str, start: int, items: list[_Item], indent: str, style: _Style) -> _Layout:
    if items:
        opening = text[start + 1 : items[0].start]
        closing = _blank(text, items[-1].value_end)
        if "\n" not in opening:
            return _Layout(None, "", style.separators[0], closing if "\n" in closing else "")
        inner = opening.rpartition("\n")[2]
        return _Layout(inner, f"{style.newline}{inner}", f",{style.newline}{inner}", closing)
    if style.indent is None:
        return _Layout(None, "", style.separators[0], "")
    inner = indent + style.indent
    return _Layout(inner, f"{style.newline}{inner}", f",{style.newline}{inner}", f"{style.newline}{indent}")


def _dumped(value: Any, indent: str | None, style: _Style) -> str:
    is_ascii = not _is_encodable(value)
    if indent is None or style.indent is None:
        return _written(value, ensure_ascii=is_ascii, separators=style.separators)
    text = _written(value, indent=style.indent, ensure_ascii=is_ascii)
    return text.replace("\n", f"{style.newline}{indent}")


def _written(value: Any, **layout: Any) -> str:
    """Return the value as JSON, an infinite number as one that is too large: as such it has been read."""
    text = json.dumps(value, **layout)
    return text if "Infinity" not in text else _STRING_OR_WORD.sub(_finite_word, text)


def _finite_word(found: re.Match[str]) -> str:
    return _TOO_LARGE if found[0] == "Infinity" else found[0]


def _is_encodable(value: Any) -> bool:
    """Return whether the value can be written without escapes: a lone surrogate cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _core(text: str) -> str:
    return text.strip(f"{_BYTE_ORDER_MARK} \t\r\n")


def _skip_blank(text: str, at: int) -> int:
    return at + len(_blank(text, at))


def _blank(text: str, at: int) -> str:
    found = _BLANK.match(text, at)
    return found[0] if found else ""
