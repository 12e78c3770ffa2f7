"""Results as Claude Code takes them: of one that does not fit its types, it shows nothing to the model.

These types are stricter than the protocol's. The client itself says what fits: `tests/e2e/odd_results.py` asks it.
"""

import json
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from mcp_dynaload.catalog.definitions import SHAPES
from mcp_dynaload.catalog.shapes import FLAG, TEXT, UNFIT, ListOf, Nothing, Oddity, Plain, Record, Shape, choice, shown
from mcp_dynaload.catalog.tool import Json, json_object

MAX_QUOTED = 4_000
"""Characters of what is no content that are shown as text."""

_BLANKS = b" \t\n\f\r"
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,")
_OF_ADDRESSES = str.maketrans("-_", "+/")
_DIGITS = (string.ascii_letters + string.digits + "+/").encode()
_FALSE = frozenset({"", "0", "false", "no", "null"})
_PLAIN_FIELDS = frozenset({"content", "isError"})
_TEXT_FIELDS = frozenset({"type", "text"})


def readable_result(method: str, result: Json, *, uri: str = "") -> tuple[Json, tuple[Oddity, ...]]:
    """Return the answer to a request as the client can read it, and what was odd: the very same, if nothing is.

    Contents of a resource that do not say whose they are belong to the `uri` that was asked for.
    """
    form = FORMS[method]
    if (method == "tools/call" and _is_plain_text(result)) or form.fit([result]):
        return result, ()
    if method == "resources/read":
        form = replace(form, shapes={**form.shapes, "contents": _Contents(uri)})
    odd: list[Oddity] = []
    mended = cast(Json, {} if (found := form.mended(result, "", odd)) is UNFIT else found)
    given = result.get("structuredContent")
    if given is not None and "structuredContent" not in mended and not mended.get("content"):
        mended["content"] = [_as_text(given)]  # it was all that there is
    return mended, tuple(odd)


def _is_plain_text(result: Json) -> bool:
    """Return whether it is a call's result of texts alone, as most are; a look at all takes five times as long."""
    if not result.keys() <= _PLAIN_FIELDS or type(result.get("isError", False)) is not bool:
        return False
    blocks: object = result.get("content")
    return type(blocks) is list and all(
        type(block) is dict and block.keys() == _TEXT_FIELDS and block["type"] == "text" and type(block["text"]) is str
        for block in cast(list[Any], blocks)
    )


@dataclass(frozen=True, slots=True)
class _Either:
    """An object of the first of several forms that it fits, or can be mended to."""

    forms: tuple[Record, ...]
    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        return all(any(form.fit([value]) for form in self.forms) for value in values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        names = json_object(value).keys()
        why: list[Oddity] = []
        for form in sorted(self.forms, key=lambda form: not names >= set(form.required)):
            found: list[Oddity] = []
            if (mended := form.mended(value, place, found)) is not UNFIT:
                odd += found
                return mended
            why = why or found  # of the form that was most likely meant
        odd += why
        return UNFIT


@dataclass(frozen=True, slots=True)
class _Block:
    """A content block of a type that the client knows; anything else becomes text."""

    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        return all(_known_form(value).fit([value]) for value in values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        if self.fit([value]):
            return value
        found: list[Oddity] = []
        mended = _known_form(value).mended(value, place, found)
        odd += found
        return _as_text(value) if mended is UNFIT else mended


@dataclass(frozen=True, slots=True)
class _Content:
    """A list of content blocks; what stands in its place is taken for one."""

    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        return _BLOCKS.fit(values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        if not isinstance(value, list):
            odd.append(Oddity(place, f"is {shown(value)}, not a list"))
            value = [] if value is None else [value]
        given = cast(list[object], value)
        if None in given:
            odd.append(Oddity(place, "has an element that is null"))
        return [_BLOCK.mended(item, f"{place}[{index}]", odd) for index, item in enumerate(given) if item is not None]


@dataclass(frozen=True, slots=True)
class _Truth:
    """True or false, or what can be meant by it."""

    always: type = bool

    def fit(self, values: Sequence[object]) -> bool:
        return FLAG.fit(values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        if isinstance(value, bool):
            return value
        odd.append(Oddity(place, f"is {shown(value)}, not true or false"))
        return UNFIT if value is None else str(value).strip().lower() not in _FALSE


def _known_form(value: object) -> Record:
    kind = cast(Json, value).get("type") if isinstance(value, dict) else None
    return BLOCKS.get(kind, _NO_BLOCK) if isinstance(kind, str) else _NO_BLOCK


def _as_text(value: object) -> Json:
    """Return what is no content as text, so that the model can read it."""
    return {"type": "text", "text": value if isinstance(value, str) else _quoted(value)}


def _quoted(value: object) -> str:
    text = _written(value)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


def _written(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"


@dataclass(frozen=True, slots=True)
class _Base64:
    """Bytes as base64; of a data URL its data, and the digits that stand in addresses, mean the same."""

    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        return all(map(_is_base64, values))

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        if _is_base64(value):
            return value
        odd.append(Oddity(place, f"is {shown(value)}, not base64"))
        data = _DATA_URL.sub("", value).translate(_OF_ADDRESSES) if isinstance(value, str) else value
        return data if _is_base64(data) else UNFIT


@dataclass(frozen=True, slots=True)
class _Messages:
    """The messages of a prompt: each has one block of content, and what stands in the place of one is taken for it."""

    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        return _MESSAGES.fit(values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        return _each(value, place, odd, _messages_of)


@dataclass(frozen=True, slots=True)
class _Contents:
    """The contents of a resource, of which each is text or bytes."""

    uri: str = ""
    """The resource that was asked for."""

    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        return _PLACES.fit(values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        return _each(value, place, odd, self._contents_of)

    def _contents_of(self, value: object, place: str, odd: list[Oddity]) -> list[object]:
        told: object = value
        if isinstance(value, str):
            odd.append(Oddity(place, f"is {shown(value)}, not an object"))
            told = {"uri": self.uri, "text": value}
        elif isinstance(value, dict):
            told = self._told(cast(Json, value), place, odd)
        mended = _CONTENTS.mended(told, place, odd)
        return [] if mended is UNFIT else [mended]

    def _told(self, fields: Json, place: str, odd: list[Oddity]) -> Json:
        """Return contents with the place that they are of, and as text what else stands there as text."""
        said, uri, text = dict(fields), fields.get("uri"), fields.get("text")
        if not isinstance(uri, str):
            odd.append(Oddity(f"{place}.uri", f"is {shown(uri)}, not text" if "uri" in fields else "is missing"))
            said["uri"] = self.uri
        if text is not None and not isinstance(text, str) and not _is_base64(fields.get("blob")):
            odd.append(Oddity(f"{place}.text", f"is {shown(text)}, not text"))
            said["text"] = _written(text)
        return said


def _each(
    value: object, place: str, odd: list[Oddity], mend: Callable[[object, str, list[Oddity]], list[object]]
) -> object:
    """Return what becomes of a list, or of the element that stands in the place of one; `UNFIT` if nothing does."""
    given: list[object] = cast(list[object], value) if isinstance(value, list) else [value]
    if given is not value:
        odd.append(Oddity(place, f"is {shown(given[0])}, not a list"))
        if not isinstance(given[0], str | dict):
            return UNFIT
    mended = [good for index, item in enumerate(given) for good in mend(item, f"{place}[{index}]", odd)]
    if given and not mended:
        odd.append(Oddity(place, "has no usable element"))
        return UNFIT
    return mended


def _messages_of(value: object, place: str, odd: list[Oddity]) -> list[object]:
    """Return the messages that are meant by one: none by nothing, several by one with several blocks."""
    if _MESSAGE.fit([value]):
        return [value]
    fields: Json = {"role": _ROLES[0], "content": value}
    if isinstance(value, dict):
        fields = cast(Json, value)
    else:
        odd.append(Oddity(place, f"is {shown(value)}, not an object"))
    role = str(fields.get("role")).lower()
    if fields.get("role") not in _ROLES:
        odd.append(Oddity(f"{place}.role", f"is {shown(fields.get('role'))}, not one of {', '.join(_ROLES)}"))
    named = {"role": role if role in _ROLES else _ROLES[0]}
    blocks = _blocks_of(fields, f"{place}.content", odd)
    return [{**fields, **named, "content": _BLOCK.mended(block, f"{place}.content", odd)} for block in blocks]


def _blocks_of(message: Json, place: str, odd: list[Oddity]) -> list[object]:
    """Return the blocks of a message, which may itself be the block."""
    content = message.get("content")
    if isinstance(content, list):
        odd.append(Oddity(place, "is a list, not an object"))
        return [block for block in cast(list[object], content) if block is not None]
    if content is not None:
        return [content]
    odd.append(Oddity(place, "is null" if "content" in message else "is missing"))
    block = {"type": "text", **{name: value for name, value in message.items() if name not in ("role", "content")}}
    return [block] if _BLOCK.fit([block]) else []


def _is_base64(value: object) -> bool:
    """Return whether JavaScript's `atob` takes it: that strips blanks, and needs no padding."""
    if not isinstance(value, str) or not value.isascii():
        return False
    data = value.encode().translate(None, _BLANKS)
    if len(data) % 4 == 0:
        data = data[:-2] if data.endswith(b"==") else data.removesuffix(b"=")
    return len(data) % 4 != 1 and not data.translate(None, _DIGITS)


_BASE64 = _Base64()
_AN_OBJECT = Plain("an object", lambda value: isinstance(value, dict), always=dict)
_TOKEN = Plain(
    "text or a number", lambda value: isinstance(value, str | int) and not isinstance(value, bool), always=str
)
_META = Record(
    {"progressToken": _TOKEN, "io.modelcontextprotocol/related-task": Record({"taskId": TEXT}, required=("taskId",))}
)
_COMMON: Mapping[str, Shape] = {"annotations": SHAPES["resource"].shapes["annotations"], "_meta": _META}
_MEDIA: Mapping[str, Shape] = {**_COMMON, "data": _BASE64, "mimeType": TEXT}
_PLACE: Mapping[str, Shape] = {"uri": TEXT, "mimeType": TEXT, "_meta": _AN_OBJECT}
_CONTENTS = _Either(
    (
        Record({**_PLACE, "text": TEXT}, required=("uri", "text")),
        Record({**_PLACE, "blob": _BASE64}, required=("uri", "blob")),
    )
)

BLOCKS: Mapping[str, Record] = {
    "text": Record({**_COMMON, "text": TEXT}, required=("text",)),
    "image": Record(_MEDIA, required=("data", "mimeType")),
    "audio": Record(_MEDIA, required=("data", "mimeType")),
    "resource": Record({**_COMMON, "resource": _CONTENTS}, required=("resource",)),
    "resource_link": SHAPES["resource"],
}
"""The form of each type of content block."""

_NO_BLOCK = Record({"type": choice(*BLOCKS)}, required=("type",))
_BLOCK = _Block()
_BLOCKS = ListOf(_BLOCK)

_ROLES = ("user", "assistant")
_MESSAGE = Record({"role": choice(*_ROLES), "content": _BLOCK}, required=("role", "content"))
_MESSAGES = ListOf(_MESSAGE)
_PLACES = ListOf(_CONTENTS)

FORMS: Mapping[str, Record] = {
    "tools/call": Record({"content": _Content(), "structuredContent": _AN_OBJECT, "isError": _Truth(), "_meta": _META}),
    "prompts/get": Record({"description": TEXT, "messages": _Messages(), "_meta": _META}, required=("messages",)),
    "resources/read": Record({"contents": _Contents(), "_meta": _META}, required=("contents",)),
}
"""The form of the result of each request whose result the model reads."""
