"""The forms that JSON values may have, each of which knows whether a value fits and how to mend one that does not."""

import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain
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
    """A part of a value that does not fit."""

    place: str
    """The keys that lead to it, joined with dots."""

    why: str


class Nothing:
    """A type that no JSON value has."""


class Shape(Protocol):
    """A form that a value may have."""

    @property
    def always(self) -> type:
        """A type all of whose values fit: looking at it is many times as fast as asking `fit`."""
        ...

    def fit(self, values: Sequence[object], /) -> bool:
        """Return whether all these values have this form: thousands at once, as asking for each costs several times."""
        ...

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the value in this form, or `UNFIT`; every change and every reason is added to `odd`."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A value without parts, which fits or does not."""

    wants: str
    """The form in words, for a reason."""

    fits: Callable[[object], bool]
    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether each fits by itself."""
        return are(self.always, values) or all(map(self.fits, values))

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the value if it fits; it cannot be repaired."""
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

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether the values are lists of such elements."""
        if not are(list, values):
            return False
        lists = cast(Sequence[list[object]], values)
        return min(map(len, lists), default=self.min_length) >= self.min_length and self.item.fit(elements_of(lists))

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the list of the elements that fit or can be repaired; `UNFIT` if none is left."""
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

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether the values are objects of such values."""
        return are(dict, values) and self.value.fit(fields_of(cast(Sequence[Json], values)))

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the object with its values repaired."""
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

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether the values are objects with these fields."""
        if not are(dict, values):
            return False
        objects = cast(Sequence[Json], values)
        if not all(name in one for name in self.required for one in objects):
            return False
        return all(shape.fit(items) for shape, items in _looked_at(objects, self.shapes))

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the object without the optional fields that cannot be repaired; `UNFIT` if it lacks one it needs."""
        if not isinstance(value, dict):
            odd.append(Oddity(place, f"is {shown(value)}, not an object"))
            return UNFIT
        fields = cast(Json, value)
        mended: Json = {}
        for name, item in fields.items():
            shape = self.shapes.get(name, ANYTHING)
            result = item if shape.fit([item]) else shape.mended(item, _inside(place, name), odd)
            if result is not UNFIT:
                mended[name] = result
        missing = [name for name in self.required if name not in mended]
        odd += [Oddity(_inside(place, name), "is missing") for name in missing if name not in fields]
        return UNFIT if missing else mended


@dataclass(frozen=True, slots=True)
class Finite:
    """The form of any JSON but numbers that JSON cannot write (NaN, Infinity)."""

    always: type = str

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether the values hold no number that is infinite for the client."""
        level = values
        while level:
            kinds = kinds_of(level)
            if not kinds <= _JSON_TYPES:
                return False
            numbers = [value for value in level if type(value) in _NUMBERS] if kinds & _NUMBERS else []
            if not all(map(is_finite, cast(list[float], numbers))):
                return False
            objects = [cast(Json, value) for value in level if type(value) is dict] if dict in kinds else []
            lists = [cast(list[object], value) for value in level if type(value) is list] if list in kinds else []
            level = fields_of(objects) + elements_of(lists)
        return True

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the value without the keys under which such a number stands."""
        if self.fit([value]):
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
    """Return a value as JSON writes it, quoted, on one line and short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def kinds_of(values: Iterable[object]) -> set[type]:
    """Return the types of JSON values, of which none is another's subtype."""
    return set(map(_type_of, values))


def are(kind: type, values: Iterable[object]) -> bool:
    """Return whether all values are of this type."""
    return kinds_of(values) <= {kind}


def elements_of(lists: Iterable[list[object]]) -> list[object]:
    """Return the elements of all lists."""
    return list(chain.from_iterable(lists))


def fields_of(objects: Iterable[Json]) -> list[object]:
    """Return the values of all objects."""
    return list(chain.from_iterable(one.values() for one in objects))


def levels_of(value: object) -> int:
    """Return how deeply a JSON value is nested: 0 if it has no parts."""
    levels, level = -1, [value]
    while level:
        levels += 1
        objects = [cast(Json, inner) for inner in level if type(inner) is dict]
        lists = [cast(list[object], inner) for inner in level if type(inner) is list]
        level = fields_of(objects) + elements_of(lists)
    return levels


def choice(*values: str) -> Plain:
    """Return the form of a value that is one of these texts."""
    return Plain(f"one of {', '.join(map(repr, values))}", lambda value: isinstance(value, str) and value in values)


def number(low: float = -math.inf, high: float = math.inf, *, wants: str = "a number") -> Plain:
    """Return the form of a number within bounds."""
    return Plain(wants, lambda value: _is_number(value) and low <= cast(float, value) <= high)


def is_finite(value: float) -> bool:
    """Return whether a number is finite for the client, too, to which all are floating-point numbers."""
    return -_MAX_FLOAT <= value <= _MAX_FLOAT


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and is_finite(value)


def _is_time(value: object) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _looked_at(objects: Sequence[Json], shapes: Mapping[str, Shape]) -> Iterable[tuple[Shape, list[object]]]:
    """Yield the form of each field that needs more than a look at its type, and its values in all objects."""
    kinds = set(zip(chain.from_iterable(objects), map(_type_of, fields_of(objects)), strict=True))
    for name in {name for name, kind in kinds if shapes.get(name, ANYTHING).always is not kind}:
        yield shapes.get(name, ANYTHING), [one[name] for one in objects if name in one]


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


_type_of: Callable[[object], type] = type
_NUMBERS = frozenset({int, float})
_JSON_TYPES = frozenset({str, bool, type(None), dict, list}) | _NUMBERS
_MAX_FLOAT = sys.float_info.max
_LEAP_YEAR = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    rf"(?:{_LEAP_YEAR}-02-29|\d{{4}}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])))"
)
_HOURS = r"(?:[01]\d|2[0-3]):[0-5]\d"
_TIME = re.compile(rf"{_DATE}T{_HOURS}(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]{_HOURS})", re.ASCII)
"""The client's own form: in years and zones it differs from what Python reads."""

ANYTHING = Finite()
TEXT = Plain("text", lambda value: isinstance(value, str), always=str)
FLAG = Plain("true or false", lambda value: isinstance(value, bool), always=bool)
NUMBER = number()
TIME = Plain("a time with its zone", _is_time)
OBJECT = Record()
