"""Hides secrets in texts: known values in all their writings, then words that look like secrets."""

import base64
import dataclasses
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any, TypeVar, cast
from urllib.parse import quote, quote_plus

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.masking.prose import MASK, bounded, form_kinds, masked, masked_forms, masked_prose

_PLAIN = frozenset({int, float, bool, type(None)})
"""Types of which no value holds text."""

MAX_WORD = 12
"""A shorter value is hidden only where it stands alone: it may be a part of longer words."""

MIN_ENCODED = 11
"""A shorter value has an encoding that may stand anywhere."""

Hide = Callable[[str], str]

_Record = TypeVar("_Record")
_Generations = tuple[frozenset[str], frozenset[str]]


@dataclass(slots=True)
class Masker:
    """The masker of secrets; made once from the configuration and handed to whatever lets text out.

    It learns the secrets of servers that are added later, and those that come up while we run.
    """

    values: tuple[str, ...] = ()
    """Known secrets in every writing, longest first."""

    _passing: dict[str, _Generations] = field(default_factory=dict[str, _Generations], compare=False)
    """Secrets that others follow, such as tokens, by whose they are: the present ones and those before."""

    _passing_values: tuple[str, ...] = field(default=(), compare=False)
    """All of these, longest first."""

    @classmethod
    def of(cls, secrets: Iterable[str]) -> "Masker":
        """Return one that knows these secrets."""
        known = {writing for secret in secrets if secret for writing in _writings(secret)}
        return cls(_longest_first(known))

    def learn(self, other: "Masker") -> None:
        """Hide from now on what the other one hides, too."""
        values = {*self.values, *other.values}
        self.values = _longest_first(values)

    def learn_passing(self, owner: str, secrets: Iterable[str]) -> None:
        """Hide these from now on, and those of the same owner that they follow; older ones open nothing any more."""
        writings = frozenset(writing for secret in secrets if secret for writing in _writings(secret))
        now, _ = self._passing.get(owner, (frozenset[str](), frozenset[str]()))
        if writings == now:
            return
        self._passing[owner] = (writings, now)
        self._passing_values = _longest_first({*chain.from_iterable(chain.from_iterable(self._passing.values()))})

    def text(self, text: str) -> str:
        """Return running text with secrets masked, known ones and what looks like one."""
        return masked_prose(self.known(bounded(text)))

    def tokens(self, text: str) -> str:
        """Return the text with known secrets and tokens of known forms masked, whatever stands beside them left."""
        return masked_forms(self.known(bounded(text)))

    def known(self, text: str) -> str:
        """Return the text with known secrets masked, and nothing else."""
        for value in (*self._passing_values, *self.values):
            if value in text:
                text = _without(value, text)
        return text

    def kinds_in(self, text: str) -> Iterator[str]:
        """Yield the kinds of secrets that stand in a text however long: known ones, private keys, tokens."""
        if any(value in text and _without(value, text) != text for value in (*self._passing_values, *self.values)):
            yield "a secret of the configuration"
        yield from form_kinds(text)

    def value(self, value: Any) -> Any:
        """Return the JSON value with secrets masked."""
        return masked(self._known_in(value))

    def tokens_in(self, value: Any) -> Any:
        """Return the JSON value with known secrets and tokens of known forms masked in every text of it."""
        if isinstance(value, str):
            return self.tokens(value)
        if isinstance(value, dict):
            return {name: self.tokens_in(inner) for name, inner in cast(Json, value).items()}
        if isinstance(value, list):
            return [self.tokens_in(inner) for inner in cast(list[Any], value)]
        return value

    def _known_in(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.known(bounded(value))
        if isinstance(value, dict):
            return {self.known(name): self._known_in(inner) for name, inner in cast(Json, value).items()}
        if isinstance(value, list):
            return [self._known_in(inner) for inner in cast(list[Any], value)]
        return value


def record_without_secrets(record: _Record, free: Container[str], text: Hide, name: Hide) -> _Record:
    """Return a dataclass with secrets in its texts masked, the very same where there is none.

    The fields `free` hold running text, hidden by `text`; the others hold names, hidden by `name`.
    """
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        return record
    changes: dict[str, object] = {}
    for item in _fields_of(type(record)):
        value: object = getattr(record, item)
        if type(value) in _PLAIN:
            continue
        if dataclasses.is_dataclass(value):
            shown = record_without_secrets(value, (), text, name)
        else:
            shown = _shown(value, text if item in free else name, is_free=item in free)
        if shown is not value:
            changes[item] = shown
    return dataclasses.replace(record, **changes) if changes else record


@cache
def _fields_of(kind: type) -> tuple[str, ...]:
    return tuple(item.name for item in dataclasses.fields(kind))


def _shown(value: object, hide: Hide, *, is_free: bool) -> object:
    """Return the very same value where nothing is to be hidden; the names in a tuple are tools', from a catalog."""
    if type(value) is str:
        shown = hide(value)
        return value if shown == value else shown
    if isinstance(value, tuple) and is_free:
        items = cast(tuple[object, ...], value)
        shown_items = tuple(_shown(item, hide, is_free=True) for item in items)
        return items if shown_items == items else shown_items
    return cast(object, value)


def _longest_first(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def _without(value: str, text: str) -> str:
    if len(value) >= MAX_WORD:
        return text.replace(value, MASK)
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", MASK, text)


def _writings(secret: str) -> Iterator[str]:
    """Yield the secret as it may stand in a text: in an address, in JSON, in Python's or base64's writing."""
    yield secret
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    for written in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]):
        yield written
        yield json.dumps(written)[1:-1]  # JSON within JSON
    data = secret.encode("utf-8", "replace")
    if len(data) >= MIN_ENCODED:
        yield from _in_base64(data)
    if "\n" in secret:  # a key of several lines may come line by line
        yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= MAX_WORD)


def _in_base64(data: bytes) -> Iterator[str]:
    """Yield the part that the encodings of all texts with this in them share: it depends on where it begins."""
    writings = [base64.b64encode(data).decode().rstrip("=")]
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        writings.append(encoded[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6])
    for text in writings:
        yield text
        yield text.replace("+", "-").replace("/", "_")
