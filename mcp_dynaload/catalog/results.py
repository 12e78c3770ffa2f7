"""Results as Claude Code takes them: of one that does not fit its types, it shows nothing to the model.

These types are stricter than the protocol's. The client itself says what fits: `tests/e2e/odd_results.py` asks it.
"""

import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from mcp_dynaload.catalog.definitions import SHAPES
from mcp_dynaload.catalog.shapes import FLAG, TEXT, UNFIT, ListOf, Nothing, Oddity, Plain, Record, Shape, choice, shown
from mcp_dynaload.catalog.tool import Json

MAX_QUOTED = 4_000
"""Characters of what is no content that are shown as text."""

_BLANKS = b" \t\n\f\r"
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,")
_OF_ADDRESSES = str.maketrans("-_", "+/")
_DIGITS = (string.ascii_letters + string.digits + "+/").encode()
_FALSE = frozenset({"", "0", "false", "no", "null"})


def readable_result(method: str, result: Json) -> tuple[Json, tuple[Oddity, ...]]:
    """Return the answer to a request as the client can read it, and what was odd: the very same, if nothing is."""
    form = FORMS[method]
    if form.fit([result]):
        return result, ()
    odd: list[Oddity] = []
    mended = cast(Json, {} if (found := form.mended(result, "", odd)) is UNFIT else found)
    given = result.get("structuredContent")
    if given is not None and "structuredContent" not in mended and not mended.get("content"):
        mended["content"] = [_as_text(given)]  # it was all that there is
    return mended, tuple(odd)


@dataclass(frozen=True, slots=True)
class _Either:
    """An object of the first of several forms that it fits, or can be mended to."""

    forms: tuple[Record, ...]
    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        return all(any(form.fit([value]) for form in self.forms) for value in values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        first: list[Oddity] = []
        for form in self.forms:
            found: list[Oddity] = []
            if (mended := form.mended(value, place, found)) is not UNFIT:
                odd += found
                return mended
            first = first or found
        odd += first
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
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"


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
class _Message:
    """A message of a prompt."""

    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        return _MESSAGE.fit(values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        if not isinstance(value, dict):
            odd.append(Oddity(place, f"is {shown(value)}, not an object"))
        fields = cast(Json, value) if isinstance(value, dict) else {"content": value}
        mended = _MESSAGE.mended(fields, place, odd)
        if mended is not UNFIT:
            return mended
        role = fields.get("role")
        return {"role": role if role in _ROLES else "user", "content": _BLOCK.mended(fields.get("content"), place, odd)}


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

FORMS: Mapping[str, Record] = {
    "tools/call": Record({"content": _Content(), "structuredContent": _AN_OBJECT, "isError": _Truth(), "_meta": _META}),
    "prompts/get": Record(
        {"description": TEXT, "messages": ListOf(_Message()), "_meta": _META}, required=("messages",)
    ),
    "resources/read": Record({"contents": ListOf(_CONTENTS), "_meta": _META}, required=("contents",)),
}
"""The form of the result of each request whose result the model reads."""
