"""JSON Schema (2020-12) as far as Claude Code reads it: a tool with an odd keyword is not shown to the model."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast

from mcp_dynaload.catalog.shapes import (
    ANYTHING,
    FLAG,
    NUMBER,
    TEXT,
    UNFIT,
    ListOf,
    MapOf,
    Nothing,
    Oddity,
    Plain,
    Record,
    Shape,
    are,
    elements_of,
    number,
    shown,
)
from mcp_dynaload.catalog.tool import Json, json_object

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMBINATORS = frozenset({"anyOf", "oneOf", "allOf"})
"""Keywords that the model API refuses at the top of a schema; the client merges their branches into one there."""

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_LEGAL_KEY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
"""The property names that the model API takes."""

_LEGAL_KEYS = re.compile(rf"{_LEGAL_KEY.pattern}(?: {_LEGAL_KEY.pattern})*")


@dataclass(frozen=True, slots=True)
class Names:
    """A list of texts of which none comes twice."""

    allowed: frozenset[str] | None = None
    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether each value is a list of names."""
        if not are(list, values):
            return False
        lists = cast(Sequence[list[object]], values)
        names = elements_of(lists)
        if not are(str, names) or sum(map(len, map(set, lists))) < len(names):
            return False
        return self.allowed is None or self.allowed.issuperset(names)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the names in the list that are strings; `UNFIT` if there are none."""
        good = self._good(cast(list[object], value)) if isinstance(value, list) else []
        if value != good:
            odd.append(Oddity(place, f"is {shown(cast(object, value))}, not a list of different {self._wants}"))
        return good or UNFIT

    @property
    def _wants(self) -> str:
        return "types" if self.allowed else "texts"

    def _good(self, items: list[object]) -> list[str]:
        texts = dict.fromkeys(item for item in items if isinstance(item, str))
        return [text for text in texts if self.allowed is None or text in self.allowed]


@dataclass(frozen=True, slots=True)
class Types:
    """The name of a type, or a list of such names."""

    several: Names = Names(_TYPES)
    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether each value is one type or several."""
        lists = [value for value in values if type(value) is not str]
        return (
            _TYPES.issuperset(value for value in values if type(value) is str)
            and all(lists)
            and self.several.fit(lists)
        )

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the known types of a list; another value says nothing."""
        if isinstance(value, list):
            return self.several.mended(cast(object, value), place, odd)
        odd.append(Oddity(place, f"is {shown(value)}, which is no type"))
        return UNFIT


@dataclass(frozen=True, slots=True)
class Subschema:
    """A schema: true, false, or an object whose keywords have the forms that the dialect gives them."""

    always: type = bool

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether the values are schemas whose keywords fit, those of the schemas within them, too.

        Asked of ten thousands of schemas at once: so they are walked in one loop, and the keywords that need a closer
        look are collected for one look at all their values.
        """
        schemas = cast(list[Json | bool], [*values])
        types, closer = set[str](), defaultdict[str, list[object]](list)
        for schema in schemas:  # those within are added to the list
            if type(schema) is not dict:
                if type(schema) is not bool:
                    return False
                continue
            for keyword, item in schema.items():
                kind = _type_of(item)
                if kind is str:
                    if keyword == "type":
                        types.add(item)
                    elif keyword in _TEXTS_WITH_FORM:
                        closer[keyword].append(item)
                elif kind is dict and keyword in _NAMED:
                    schemas += item.values()
                elif kind is dict and keyword in _SINGLE:
                    schemas.append(item)
                elif kind is list and keyword in _SEVERAL and item:
                    schemas += item
                elif kind is not bool or keyword not in _SINGLE:
                    closer[keyword].append(item)
        return types <= _TYPES and all(KEYWORDS.get(keyword, ANYTHING).fit(items) for keyword, items in closer.items())

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the schema without the keywords that do not fit: it then allows more, never less."""
        return value if isinstance(value, bool) else _KEYWORDS.mended(value, place, odd)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The schema of a tool's arguments, which are always an object."""

    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        """Return whether the client takes these schemas of arguments and shows the tools to the model."""
        if not are(dict, values):
            return False
        schemas = cast(Sequence[Json], values)
        if any(schema.get("type") != "object" for schema in schemas) or not _are_legal_keys(schemas):
            return False
        return _are_read(schemas) or _are_read([_without_overlooked(schema) for schema in schemas])

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """Return the schema of an object; `UNFIT` if it is one of something else, or needs what cannot be given."""
        if value is True:
            value = cast(object, {})
        if not isinstance(value, dict):
            odd.append(Oddity(place, f"is {shown(value)}, not an object"))
            return UNFIT
        schema = self._typed(dict(cast(Json, value)), place, odd)
        if not isinstance(schema.get("properties", {}), dict):
            if schema["properties"]:
                odd.append(Oddity(f"{place}.properties", f"is {shown(schema['properties'])}, not an object"))
                return UNFIT
            odd.append(Oddity(f"{place}.properties", f"is {shown(schema.pop('properties'))} without anything in it"))
        if schema.get("type") != "object" or self._lost(schema, place, odd):
            return UNFIT
        overlooked = {keyword for keyword, item in schema.items() if _is_overlooked(keyword, item)}
        read = {keyword: item for keyword, item in schema.items() if keyword not in overlooked}
        mended = cast(Json, Record(_keywords(schema)).mended(read, place, odd))
        return {keyword: mended.get(keyword) for keyword in schema if keyword in mended or keyword in overlooked}

    def _typed(self, schema: Json, place: str, odd: list[Oddity]) -> Json:
        """Return the schema with the one type that arguments can have, where it leaves that open."""
        kind = schema.get("type")
        if kind == "object":
            return schema
        odd.append(Oddity(f"{place}.type", f"is {shown(kind)}, not 'object'" if "type" in schema else "is missing"))
        is_open = kind is None or (isinstance(kind, list) and "object" in kind)
        return {**schema, "type": "object"} if is_open else schema

    def _lost(self, schema: Json, place: str, odd: list[Oddity]) -> bool:
        """Take out the parameters whose names the model API refuses; whether one of them is needed."""
        if not (illegal := _illegal_keys(schema)):
            return False
        odd += [
            Oddity(f"{place}.properties", f"has a name that the model API refuses: {shown(key)}") for key in illegal
        ]
        properties = cast(Json, schema["properties"])
        schema["properties"] = {key: item for key, item in properties.items() if key not in illegal}
        needed = schema.get("required")
        return isinstance(needed, list) and any(key in needed for key in illegal)


def _are_read(schemas: Sequence[Json]) -> bool:
    """Return whether the keywords that the client looks at fit."""
    others = [schema for schema in schemas if "$schema" in schema and _keywords(schema) is not KEYWORDS]
    ours = [schema for schema in schemas if _keywords(schema) is KEYWORDS] if others else schemas
    return SCHEMA.fit(ours) and Record(_ALWAYS).fit(others)


def _without_overlooked(schema: Json) -> Json:
    return {keyword: item for keyword, item in schema.items() if not _is_overlooked(keyword, item)}


def _are_legal_keys(schemas: Sequence[Json]) -> bool:
    """Return whether the model API takes all names of properties: looked at in one text, since each look costs."""
    named = [json_object(one["properties"]) for one in schemas if "properties" in one and COMBINATORS.isdisjoint(one)]
    names = set(chain.from_iterable(named))
    text = " ".join(names)
    return not names or (text.count(" ") == len(names) - 1 and _LEGAL_KEYS.fullmatch(text) is not None)


def _illegal_keys(schema: Json) -> list[str]:
    """Return the top's property names that the model API refuses.

    Where it merges branches, the client leaves them out.
    """
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not COMBINATORS.isdisjoint(schema):
        return []
    matches = _LEGAL_KEY.fullmatch
    return [key for key in cast(Json, properties) if not matches(key)]


def _keywords(schema: Json) -> Mapping[str, Shape]:
    """Return the forms of the keywords that the client looks at: in a schema of another dialect those are few."""
    dialect = schema.get("$schema", DIALECT)
    is_ours = not isinstance(dialect, str) or dialect.removesuffix("#") == DIALECT
    return KEYWORDS if is_ours else _ALWAYS


def _is_overlooked(keyword: str, value: object) -> bool:
    """Return whether the client takes a keyword at the top for absent."""
    return value is None and keyword not in _NEVER_NULL


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that counts as a whole: with a part that JSON does not have, none of it is of use."""

    always: type = str

    def fit(self, values: Sequence[object]) -> bool:
        return ANYTHING.fit(values)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        if self.fit([value]):
            return value
        odd.append(Oddity(place, f"is {shown(value)}, not a value that JSON has"))
        return UNFIT


_type_of: Callable[[object], type[object]] = type

SCHEMA = Subschema()
_SCHEMAS = ListOf(SCHEMA, keeps_rest=False, min_length=1)
_NAMED_SCHEMAS = MapOf(SCHEMA, instead=dict)
_LENGTH = Plain(
    "a whole number from 0",
    lambda value: NUMBER.fits(value) and cast(float, value) >= 0 and cast(float, value) % 1 == 0,
)
_ANCHOR = Plain("a name", lambda value: isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z_][\w.-]*", value, re.A)))
_VALUE = _Value()
_VALUES = ListOf(_VALUE, keeps_rest=False)
_NAMES = Names()


@dataclass(frozen=True, slots=True)
class _Dependency:
    """A schema, or the names that belong together."""

    always: type = Nothing

    def fit(self, values: Sequence[object]) -> bool:
        lists = [cast(object, value) for value in values if type(value) is list]
        return _NAMES.fit(lists) and SCHEMA.fit([value for value in values if type(value) is not list])

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        return (_NAMES if isinstance(value, list) else SCHEMA).mended(cast(object, value), place, odd)


_ALWAYS: Mapping[str, Shape] = {"$schema": TEXT, "properties": MapOf(ANYTHING), "required": ListOf(TEXT)}
"""The keywords that the client looks at in every dialect."""

_NEVER_NULL = frozenset({"type", *_ALWAYS})

KEYWORDS: Mapping[str, Shape] = {
    "type": Types(),
    "description": TEXT,
    "title": TEXT,
    "enum": _VALUES,
    "properties": _NAMED_SCHEMAS,
    "required": _NAMES,
    "items": SCHEMA,
    "$schema": TEXT,
    "$id": Plain(
        "an address without a fragment", lambda value: isinstance(value, str) and "#" not in value.rstrip("#")
    ),
    "$vocabulary": MapOf(FLAG),
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef", "$comment", "pattern", "format"), TEXT),
    **dict.fromkeys(("contentEncoding", "contentMediaType"), TEXT),
    **dict.fromkeys(("$anchor", "$dynamicAnchor", "$recursiveAnchor"), _ANCHOR),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _SCHEMAS),
    **dict.fromkeys(("contains", "additionalProperties", "propertyNames", "if", "then", "else", "not"), SCHEMA),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "contentSchema"), SCHEMA),
    **dict.fromkeys(("$defs", "definitions", "patternProperties", "dependentSchemas"), _NAMED_SCHEMAS),
    **dict.fromkeys(("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), NUMBER),
    **dict.fromkeys(("maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains"), _LENGTH),
    **dict.fromkeys(("maxProperties", "minProperties"), _LENGTH),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), FLAG),
    "multipleOf": number(5e-324, wants="a number above 0"),
    "dependentRequired": MapOf(_NAMES),
    "dependencies": MapOf(_Dependency()),
    "examples": _VALUES,
    **dict.fromkeys(("default", "const"), _VALUE),
}
"""The form of each keyword's value; what is not here may be anything."""

_KEYWORDS = Record(KEYWORDS)
_TEXTS_WITH_FORM = frozenset(keyword for keyword, shape in KEYWORDS.items() if shape.always is not str)
"""The keywords of which not every text is a value."""

_SINGLE = frozenset(keyword for keyword, shape in KEYWORDS.items() if shape is SCHEMA)
_NAMED = frozenset(keyword for keyword, shape in KEYWORDS.items() if shape is _NAMED_SCHEMAS)
_SEVERAL = frozenset(keyword for keyword, shape in KEYWORDS.items() if shape is _SCHEMAS)

RESULT = Record({"$schema": TEXT})
"""The schema of a tool's structured result, of which the client reads no more than the dialect."""
