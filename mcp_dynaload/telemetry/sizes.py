"""About how large a JSON value is, without writing it out."""

from collections.abc import Mapping, Sequence
from typing import cast

MAX_VALUES = 2_000
"""Values that are looked at: a call must not wait for a huge answer to be measured."""

_PLAIN = 5
"""A number, a truth value or null, with its comma."""

_BRACKETS = 3
"""Those of a list or an object, with its comma."""

_AROUND = 4
"""Quotes, colon or comma around a text."""


def size_of(value: object) -> int:
    """Return the characters of the value as compact JSON, within a few percent; of a huge one at least so many."""
    size, looked_at = 0, 0
    waiting: list[object] = [value]
    while waiting and looked_at < MAX_VALUES:
        looked_at += 1
        one = waiting.pop()
        if isinstance(one, str):
            size += len(one) + _AROUND
        elif isinstance(one, Mapping):
            fields = cast(Mapping[str, object], one)
            size += _BRACKETS + sum(len(name) + _AROUND for name in fields)
            waiting.extend(fields.values())
        elif isinstance(one, Sequence):
            items = cast(Sequence[object], one)
            size += _BRACKETS
            waiting.extend(items[: MAX_VALUES + 1])
        else:
            size += _PLAIN
    return size
