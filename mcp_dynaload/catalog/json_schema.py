"""JSON Schema (2020-12) as far as Claude Code reads it: a tool with an odd keyword is not shown to the model."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    number,
    shown,
)
from mcp_dynaload.catalog.tool import Json

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

    def fits(self, value: object) -> bool:
        """Whether it is such a list."""
        if not isinstance(value, list):
            return False
        names = cast(list[object], value)
        for name in names:
            if type(name) is not str:
                return False
        different = set(names)
        return len(different) == len(names) and (self.allowed is None or different <= self.allowed)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The list of what belongs into it; `UNFIT` if that is nothing."""
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

    def fits(self, value: object) -> bool:
        """Whether it is one or several."""
        return value in _TYPES if isinstance(value, str) else bool(value) and self.several.fits(value)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The known types of a list; another value says nothing."""
        if isinstance(value, list):
            return self.several.mended(cast(object, value), place, odd)
        odd.append(Oddity(place, f"is {shown(value)}, which is no type"))
        return UNFIT


@dataclass(frozen=True, slots=True)
class Subschema:
    """A schema: true, false, or an object whose keywords have the forms that the dialect gives them."""

    always: type = bool

    def fits(self, value: object) -> bool:
        """Whether it is a schema."""
        return isinstance(value, bool) or (isinstance(value, dict) and _has_fitting_keywords(cast(Json, value)))

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The schema without the keywords that do not fit: it then allows more, never less."""
        return value if isinstance(value, bool) else _KEYWORDS.mended(value, place, odd)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The schema of a tool's arguments, which are always an object."""

    always: type = Nothing

    def fits(self, value: object) -> bool:
        """Whether the client takes it and shows the tool to the model."""
        if not isinstance(value, dict):
            return False
        schema = cast(Json, value)
        if schema.get("type") != "object" or not _are_legal_keys(schema):
            return False
        if _keywords(schema) is KEYWORDS and _has_fitting_keywords(schema):
            return True
        shapes = _keywords(schema)
        items = schema.items()
        return all(shapes.get(name, ANYTHING).fits(item) or _is_overlooked(name, item) for name, item in items)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        """The schema of an object; `UNFIT` if it is one of something else, or needs what cannot be given."""
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
        """The schema with the one type that arguments can have, where it leaves that open."""
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


def _has_fitting_keywords(schema: Json) -> bool:
    """Whether each keyword fits, those of the schemas within it too.

    Asked of ten thousands of schemas at once: so types come first, and what is most often nested needs no call.
    """
    simple, left = _SIMPLE.get, [schema]
    while left:
        inner = left.pop()
        kind = inner.get("type", "object")
        if type(kind) is str and kind not in _TYPES:
            return False
        for keyword, item in inner.items():
            found = _type_of(item)
            if simple(keyword, str) is found:
                continue
            if found is dict and keyword in _SINGLE:
                left.append(item)
            elif found is dict and keyword in _NAMED:
                for subschema in item.values():
                    found = _type_of(subschema)
                    if found is dict:
                        left.append(subschema)
                    elif found is not bool:
                        return False
            elif not KEYWORDS.get(keyword, ANYTHING).fits(item):
                return False
    return True


def _are_legal_keys(schema: Json) -> bool:
    """Whether the model API takes all names of properties: looked at in one text, since each look costs."""
    properties = schema.get("properties")
    if not properties or not isinstance(properties, dict):
        return True
    names = cast(Json, properties)
    text = " ".join(names)
    is_legal = text.count(" ") == len(names) - 1 and _LEGAL_KEYS.fullmatch(text) is not None
    return is_legal or not _illegal_keys(schema)


def _illegal_keys(schema: Json) -> list[str]:
    """The top's property names that the model API refuses; where it merges branches, the client leaves them out."""
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not COMBINATORS.isdisjoint(schema):
        return []
    matches = _LEGAL_KEY.fullmatch
    return [key for key in cast(Json, properties) if not matches(key)]


def _keywords(schema: Json) -> Mapping[str, Shape]:
    """The forms of the keywords that the client looks at: in a schema of another dialect those are few."""
    dialect = schema.get("$schema", DIALECT)
    is_ours = not isinstance(dialect, str) or dialect.removesuffix("#") == DIALECT
    return KEYWORDS if is_ours else _ALWAYS


def _is_overlooked(keyword: str, value: object) -> bool:
    """Whether the client takes a keyword at the top for absent."""
    return value is None and keyword not in _NEVER_NULL


_type_of: Callable[[object], type[object]] = type

SCHEMA = Subschema()
_SCHEMAS = ListOf(SCHEMA, keeps_rest=False, min_length=1)
_NAMED_SCHEMAS = MapOf(SCHEMA, instead=dict)
_LENGTH = Plain(
    "a whole number from 0",
    lambda value: NUMBER.fits(value) and cast(float, value) >= 0 and cast(float, value) % 1 == 0,
)
_ANCHOR = Plain("a name", lambda value: isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z_][\w.-]*", value, re.A)))
_VALUE = Plain("a value that JSON has", ANYTHING.fits)
_VALUES = ListOf(_VALUE, keeps_rest=False)
_NAMES = Names()


@dataclass(frozen=True, slots=True)
class _Dependency:
    """A schema, or the names that belong together."""

    always: type = Nothing

    def fits(self, value: object) -> bool:
        return _NAMES.fits(cast(object, value)) if isinstance(value, list) else SCHEMA.fits(value)

    def mended(self, value: object, place: str, odd: list[Oddity]) -> object:
        return (_NAMES if isinstance(value, list) else SCHEMA).mended(cast(object, value), place, odd)


_ALWAYS: Mapping[str, Shape] = {"$schema": TEXT, "properties": MapOf(ANYTHING), "required": ListOf(TEXT)}
"""What the client looks at in every dialect."""

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
_SIMPLE: Mapping[str, type] = {keyword: shape.always for keyword, shape in KEYWORDS.items()} | {"type": str}
"""The type of a value that fits without a closer look; `type` itself is looked at apart."""

_SINGLE = frozenset(keyword for keyword, shape in KEYWORDS.items() if shape is SCHEMA)
_NAMED = frozenset(keyword for keyword, shape in KEYWORDS.items() if shape is _NAMED_SCHEMAS)

RESULT = Record({"$schema": TEXT})
"""The schema of a tool's structured result, of which the client reads no more than the dialect."""
