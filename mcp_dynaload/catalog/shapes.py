"""The forms that JSON values may have, each of which knows whether a value fits and how to mend one that does not."""

import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol, cast

from mcp_dynaload.catalog.tool import Json

MAX_SHOWN = 40
"""Characters of an odd value in a reason."""


class Misfit(Enum):
    """The answer for a value that cannot be mended."""

    UNFIT = "unfit"


UNFIT = Misfit.UNFIT


@dataclass(frozen=True, slots=True)
class Oddity:
    """One part of a value that does not fit."""

    place: str
    """The keys that lead to it, joined with dots."""

    why: str


class Nothing:
    """A type that no JSON value has."""


class Shape(Protocol):
    """A form that a value may have."""

    @property
    def always(self) -> type:
        """A type all of whose values fit: looking at it is many times as fast as asking `fits`."""
        ...

    def fits(self, value: object, /) -> bool:
        """Whether the value has this form."""
        ...

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The value in this form, or `UNFIT`; every change and every reason is added to `odd`."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A value without parts, which fits or does not."""

    wants: str
    """The form in words, for a reason."""

    fits: Callable[[object], bool]
    always: type = Nothing

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The value if it fits: no other is made of it."""
        if self.fits(value):
            return value
        odd.append(Oddity(place, f"is {shown(value)}, not {self.wants}"))
        return UNFIT


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose elements have one form."""

    item: Shape
    keeps_rest: bool = True
    """Whether the list is of use without an element that does not fit."""

    min_length: int = 0
    always: type = Nothing

    def fits(self, value: object) -> bool:
        """Whether it is such a list."""
        if not isinstance(value, list):
            return False
        items = cast(list[object], value)
        return len(items) >= self.min_length and all(map(self.item.fits, items))

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The list of the elements that fit or can be mended; `UNFIT` if none is left."""
        if not isinstance(value, list):
            odd.append(Oddity(place, f"is {shown(value)}, not a list"))
            return UNFIT
        given = cast(list[object], value)
        items = [self.item.mended(item, f"{place}[{index}]", odd) for index, item in enumerate(given)]
        good = [item for item in items if item is not UNFIT]
        if len(good) < len(items) and not self.keeps_rest:
            return UNFIT
        if len(good) < self.min_length or (given and not good):
            odd.append(Oddity(place, "has no usable element"))
            return UNFIT
        return good


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose values have one form."""

    value: Shape
    instead: Callable[[], object] | None = None
    """Makes what stands in for a value that cannot be mended; without it the key goes."""

    always: type = Nothing

    def fits(self, value: object) -> bool:
        """Whether it is such an object."""
        if not isinstance(value, dict):
            return False
        values = cast(Json, value)
        return all(map(self.value.fits, values.values()))

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The object with its values mended."""
        if not isinstance(value, dict):
            odd.append(Oddity(place, f"is {shown(value)}, not an object"))
            return UNFIT
        values = {key: self.value.mended(item, _inside(place, key), odd) for key, item in cast(Json, value).items()}
        if self.instead is not None:
            return {key: self.instead() if item is UNFIT else item for key, item in values.items()}
        return {key: item for key, item in values.items() if item is not UNFIT}


@dataclass(frozen=True, slots=True)
class Record:
    """An object with fields of given forms, and any others that are JSON."""

    shapes: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    required: tuple[str, ...] = ()
    always: type = Nothing

    def fits(self, value: object) -> bool:
        """Whether it is such an object."""
        if not isinstance(value, dict):
            return False
        fields = cast(Json, value)
        for name in self.required:
            if name not in fields:
                return False
        for name, item in fields.items():
            shape = self.shapes.get(name, ANYTHING)
            if type(item) is not shape.always and not shape.fits(item):
                return False
        return True

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The object without the optional fields that cannot be mended; `UNFIT` if it lacks one that it needs."""
        if not isinstance(value, dict):
            odd.append(Oddity(place, f"is {shown(value)}, not an object"))
            return UNFIT
        fields = cast(Json, value)
        mended: Json = {}
        for name, item in fields.items():
            shape = self.shapes.get(name, ANYTHING)
            result = item if shape.fits(item) else shape.mended(item, _inside(place, name), odd)
            if result is not UNFIT:
                mended[name] = result
        missing = [name for name in self.required if name not in mended]
        odd += [Oddity(_inside(place, name), "is missing") for name in missing if name not in fields]
        return UNFIT if missing else mended


@dataclass(frozen=True, slots=True)
class Finite:
    """Any JSON: everything but numbers that JSON cannot write (NaN, Infinity)."""

    always: type = str

    def fits(self, value: object) -> bool:
        """Whether no such number is in it."""
        if value is None or isinstance(value, (str, bool)):
            return True
        if isinstance(value, dict):
            fields = cast(Json, value)
            return all(map(self.fits, fields.values()))
        if isinstance(value, list):
            items = cast(list[object], value)
            return all(map(self.fits, items))
        return isinstance(value, (int, float)) and is_finite(value)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The value without the keys under which such a number stands."""
        if self.fits(value):
            return value
        if isinstance(value, dict):
            items = cast(Json, value).items()
            values = {key: self.mended(item, _inside(place, key), odd) for key, item in items}
            return {key: item for key, item in values.items() if item is not UNFIT}
        if isinstance(value, list):
            given = cast(list[object], value)
            items = [self.mended(item, f"{place}[{index}]", odd) for index, item in enumerate(given)]
            return UNFIT if UNFIT in items else items
        odd.append(Oddity(place, f"is {shown(value)}, which JSON does not have"))
        return UNFIT


def shown(value: object) -> str:
    """A value as JSON names it, quoted, on one line and short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def choice(*values: str) -> Plain:
    """One of these texts."""
    return Plain(f"one of {', '.join(map(repr, values))}", lambda value: isinstance(value, str) and value in values)


def number(low: float = -math.inf, high: float = math.inf, *, wants: str = "a number") -> Plain:
    """A number within bounds."""
    return Plain(wants, lambda value: _is_number(value) and low <= cast(float, value) <= high)


def is_finite(value: float) -> bool:
    """Whether a number is one for the client, too, to which all are floating-point numbers."""
    return -_MAX_FLOAT <= value <= _MAX_FLOAT


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and is_finite(value)


def _is_time(value: object) -> bool:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


_MAX_FLOAT = sys.float_info.max
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")

ANYTHING = Finite()
TEXT = Plain("text", lambda value: isinstance(value, str), always=str)
FLAG = Plain("true or false", lambda value: isinstance(value, bool), always=bool)
NUMBER = number()
TIME = Plain("a time with its zone", _is_time)
OBJECT = Record()
