"""Odd definitions: one element of a list each, and what we make of it. What the client makes of it is what it shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcp_dynaload.catalog.tool import Json, json_object

Key = Literal["tools", "prompts", "resources", "resourceTemplates"]
Treatment = Literal["kept", "repaired", "left out"]

ABSENT = object()
"""In place of a field's value: the field is not there."""

NAN, INFINITY = float("nan"), float("inf")
IDENTITY = {"tools": "name", "prompts": "name", "resources": "uri", "resourceTemplates": "uriTemplate"}
"""The field by which the tests look for an element."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of odd element."""

    key: Key
    name: str
    """Also the element's own name and, as far as it has one, its URI."""

    changes: Mapping[str, Any]
    """The odd part: fields beside or instead of the usual ones."""

    ours: Treatment

    @property
    def element(self) -> Any:
        """The element as the server lists it."""
        if "" in self.changes:
            return self.changes[""]
        element = _USUAL[self.key](self.name) | dict(self.changes)
        return {field: value for field, value in element.items() if value is not ABSENT}

    @property
    def identity(self) -> str | None:
        """The field by which the client would show it; nothing if it has none."""
        found = json_object(self.element).get(IDENTITY[self.key])
        return found if isinstance(found, str) else None


def usual(key: Key, name: str) -> Json:
    """Return an element with which nothing is wrong."""
    return _USUAL[key](name)


_USUAL: Mapping[str, Callable[[str], Json]] = {
    "tools": lambda name: {"name": name, "description": f"About {name}", "inputSchema": {"type": "object"}},
    "prompts": lambda name: {"name": name, "description": f"About {name}"},
    "resources": lambda name: {"name": name, "uri": f"odd://{name}"},
    "resourceTemplates": lambda name: {"name": name, "uriTemplate": f"odd://{name}/{{x}}"},
}


def _tools(ours: Treatment, **kinds: Mapping[str, Any]) -> list[Kind]:
    return [Kind("tools", f"tool_{name}", changes, ours) for name, changes in kinds.items()]


def _schemas(ours: Treatment, **kinds: object) -> list[Kind]:
    return [Kind("tools", f"schema_{name}", {"inputSchema": schema}, ours) for name, schema in kinds.items()]


def _properties(ours: Treatment, **kinds: object) -> list[Kind]:
    return [
        Kind("tools", f"property_{name}", {"inputSchema": {"type": "object", "properties": {"a": schema}}}, ours)
        for name, schema in kinds.items()
    ]


def _prompts(ours: Treatment, **kinds: Mapping[str, Any]) -> list[Kind]:
    return [Kind("prompts", f"prompt_{name}", changes, ours) for name, changes in kinds.items()]


def _resources(ours: Treatment, **kinds: Mapping[str, Any]) -> list[Kind]:
    return [Kind("resources", f"resource_{name}", changes, ours) for name, changes in kinds.items()]


def _templates(ours: Treatment, **kinds: Mapping[str, Any]) -> list[Kind]:
    return [Kind("resourceTemplates", f"template_{name}", changes, ours) for name, changes in kinds.items()]


_ICON = {"src": "https://example.org/icon.png"}
_TEXT = {"type": "string"}
_BRANCHES = [
    {"properties": {"a": _TEXT}, "required": ["a"]},
    {"properties": {"b": _TEXT}, "required": ["b"]},
]

KINDS: tuple[Kind, ...] = (
    *_tools(
        "kept",
        output_required={"outputSchema": {"type": "object", "required": [1]}},
        output_properties={"outputSchema": {"type": "object", "properties": None}},
        output_array={"outputSchema": {"type": "array", "items": _TEXT}},
        output_typeless={"outputSchema": {"properties": {"a": _TEXT}}},
        output_empty={"outputSchema": {}},
        usual={},
        vendor_field={"vendorField": {"x": None}},
        description_missing={"description": ABSENT},
        description_empty={"description": ""},
        annotations_empty={"annotations": {}},
        annotations_unknown={"annotations": {"vendorHint": "yes"}},
        meta_unknown={"_meta": {"vendor": None, "anthropic/searchHint": 5}},
        execution_optional={"execution": {"taskSupport": "optional"}},
        execution_unknown={"execution": {"vendor": 1}},
        icons={"icons": [_ICON]},
        output_object={"outputSchema": {"type": "object", "properties": {"a": {"type": "number"}}}},
    ),
    *_tools(
        "repaired",
        description_null={"description": None},
        description_number={"description": 5},
        description_list={"description": ["a"]},
        title_null={"title": None},
        title_number={"title": 5},
        annotations_null={"annotations": None},
        annotations_list={"annotations": []},
        annotations_text={"annotations": "readOnly"},
        hint_text={"annotations": {"readOnlyHint": "yes", "title": "Kept"}},
        hint_number={"annotations": {"destructiveHint": 1}},
        hint_null={"annotations": {"openWorldHint": None}},
        hint_idempotent={"annotations": {"idempotentHint": "no"}},
        annotations_title={"annotations": {"title": 5}},
        output_null={"outputSchema": None},
        output_text={"outputSchema": "object"},
        output_list={"outputSchema": []},
        output_dialect={"outputSchema": {"$schema": None, "type": "object"}},
        meta_null={"_meta": None},
        meta_list={"_meta": []},
        meta_text={"_meta": "x"},
        icons_null={"icons": None},
        icons_object={"icons": {}},
        icons_texts={"icons": ["https://example.org/icon.png"]},
        icons_without_source={"icons": [{"mimeType": "image/png"}, _ICON]},
        icons_sizes={"icons": [{**_ICON, "sizes": "48x48"}]},
        icons_theme={"icons": [{**_ICON, "theme": "blue"}]},
        icons_type={"icons": [{**_ICON, "mimeType": None}]},
        execution_null={"execution": None},
        execution_list={"execution": []},
        execution_wrong={"execution": {"taskSupport": "sometimes"}},
        execution_nothing={"execution": {"taskSupport": None}},
        meta_nan={"_meta": {"weight": NAN}},
    ),
    *_tools(
        "left out",
        name_missing={"name": ABSENT},
        name_null={"name": None},
        name_number={"name": 5},
        name_list={"name": ["a"]},
        schema_missing={"inputSchema": ABSENT},
        schema_null={"inputSchema": None},
        schema_text={"inputSchema": "none"},
        schema_list={"inputSchema": []},
        schema_number={"inputSchema": 1},
        text={"": "tool"},
        null={"": None},
        list={"": []},
        number={"": 5},
    ),
    *_schemas(
        "kept",
        definitions_null={"type": "object", "$defs": None},
        description_null={"type": "object", "description": None},
        additional_null={"type": "object", "additionalProperties": None},
        other_keywords={"type": "object", "minProperties": 1, "x-vendor": None},
        additional={"type": "object", "additionalProperties": True},
        additional_false={"type": "object", "additionalProperties": False},
        any_of={"type": "object", "anyOf": _BRANCHES},
        one_of={"type": "object", "oneOf": _BRANCHES},
        all_of={"type": "object", "allOf": _BRANCHES},
        draft_7={"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
        reference={"type": "object", "$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}},
        title={"type": "object", "title": "Arguments"},
    ),
    *_schemas(
        "repaired",
        empty={},
        true=True,
        typeless={"properties": {"a": _TEXT}, "required": ["a"]},
        type_null={"type": None, "properties": {"a": _TEXT}},
        type_list={"type": ["object"]},
        type_nullable={"type": ["object", "null"]},
        typeless_any_of={"anyOf": _BRANCHES},
        typeless_one_of={"oneOf": _BRANCHES},
        typeless_all_of={"allOf": _BRANCHES},
        typeless_reference={"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"a": _TEXT}}}},
        properties_null={"type": "object", "properties": None},
        properties_empty_list={"type": "object", "properties": []},
        required_true={"type": "object", "required": True},
        required_null={"type": "object", "required": None},
        required_text={"type": "object", "properties": {"a": _TEXT}, "required": "a"},
        required_numbers={"type": "object", "properties": {"a": _TEXT}, "required": [1, "a", None]},
        required_twice={"type": "object", "properties": {"a": _TEXT}, "required": ["a", "a"]},
        required_object={"type": "object", "required": {}},
        additional_text={"type": "object", "additionalProperties": "no"},
        any_of_object={"type": "object", "anyOf": {"a": 1}},
        description_number={"type": "object", "description": 5},
        default_nan={"type": "object", "default": {"a": NAN}},
        huge={"type": "object", "properties": {"a": {"maximum": 10**400}}},
        illegal_key={"type": "object", "properties": {"a b": _TEXT, "c": _TEXT}},
        empty_key={"type": "object", "properties": {"": _TEXT, "c": _TEXT}},
        long_key={"type": "object", "properties": {"k" * 65: _TEXT, "c": _TEXT}},
    ),
    *_schemas(
        "left out",
        false=False,
        type_text={"type": "string"},
        type_array={"type": ["array", "string"]},
        type_number={"type": 5},
        type_unknown={"type": "dict"},
        properties_list={"type": "object", "properties": [{"name": "a"}]},
        properties_text={"type": "object", "properties": "a"},
        illegal_required_key={"type": "object", "properties": {"a b": _TEXT}, "required": ["a b"]},
    ),
    *_properties(
        "kept",
        true=True,
        empty={},
        default_null={"type": "string", "default": None},
        enum_null={"enum": ["a", None]},
        const_null={"const": None},
        nested={
            "type": "array",
            "items": {"type": "object", "properties": {"b": {"anyOf": [_TEXT, {"type": "null"}]}}},
        },
        unknown_format={"type": "string", "format": "colour"},
    ),
    *_properties(
        "repaired",
        null=None,
        text="string",
        number=5,
        list=["string"],
        description_null={"type": "string", "description": None},
        title_number={"type": "string", "title": 5},
        type_unknown={"type": "int"},
        type_null={"type": None},
        type_twice={"type": ["string", "string"]},
        required_true={"type": "string", "required": True},
        enum_null_alone={"type": "string", "enum": None},
        enum_text={"type": "string", "enum": "a"},
        minimum_text={"type": "number", "minimum": "0"},
        minimum_infinite={"type": "number", "minimum": -INFINITY, "maximum": INFINITY},
        default_nan={"type": "number", "default": NAN},
        enum_nan={"enum": [1, NAN]},
        length_negative={"type": "string", "maxLength": -1},
        items_null={"type": "array", "items": None},
        items_list={"type": "array", "items": [_TEXT]},
        any_of_empty={"anyOf": []},
        any_of_null={"anyOf": [_TEXT, None]},
        read_only_text={"type": "string", "readOnly": "yes"},
        pattern_number={"type": "string", "pattern": 5},
        format_null={"type": "string", "format": None},
        deep_null={"type": "array", "items": {"type": "object", "properties": {"b": {"description": None}}}},
    ),
    *_prompts(
        "kept",
        usual={},
        vendor_field={"vendorField": None},
        arguments={"arguments": [{"name": "a", "description": "b", "required": True}]},
        arguments_empty={"arguments": []},
        argument_vendor={"arguments": [{"name": "a", "vendor": None}]},
        meta={"_meta": {"vendor": None}},
        icons={"icons": [_ICON]},
    ),
    *_prompts(
        "repaired",
        nameless_required={"arguments": [{"description": "x", "required": True}]},
        title_null={"title": None},
        title_number={"title": 5},
        description_null={"description": None},
        description_number={"description": 5},
        arguments_null={"arguments": None},
        arguments_object={"arguments": {"a": {}}},
        arguments_text={"arguments": "a"},
        argument_nameless={"arguments": [{"description": "x"}, {"name": "b"}]},
        argument_text={"arguments": ["a"]},
        argument_null={"arguments": [None]},
        argument_required_null={"arguments": [{"name": "a", "required": None}]},
        argument_required_text={"arguments": [{"name": "a", "required": "yes"}]},
        argument_description_null={"arguments": [{"name": "a", "description": None}]},
        meta_null={"_meta": None},
        meta_list={"_meta": []},
        icons_null={"icons": None},
        nan={"_meta": {"weight": NAN}},
    ),
    *_prompts(
        "left out",
        name_missing={"name": ABSENT},
        name_null={"name": None},
        name_number={"name": 5},
        text={"": "prompt"},
        null={"": None},
    ),
    *_resources(
        "kept",
        usual={},
        uri_no_url={"uri": "no url at all"},
        size_fraction={"size": 1.5},
        size_negative={"size": -1},
        priority={"annotations": {"priority": 0.5, "audience": ["user"]}},
        annotations_unknown={"annotations": {"vendor": None}},
        modified={"annotations": {"lastModified": "2026-01-12T15:00:58Z"}},
        modified_minutes={"annotations": {"lastModified": "2026-01-12T15:00+02:00"}},
        modified_leap={"annotations": {"lastModified": "2028-02-29T23:59:59.123456789-23:59"}},
        modified_ancient={"annotations": {"lastModified": "0000-02-29T15:00:58Z"}},
        mime_odd={"mimeType": "no type"},
        meta={"_meta": {"vendor": None}},
    ),
    *_resources(
        "repaired",
        title_null={"title": None},
        description_null={"description": None},
        mime_null={"mimeType": None},
        mime_number={"mimeType": 5},
        size_null={"size": None},
        size_text={"size": "12"},
        size_infinite={"size": INFINITY},
        annotations_null={"annotations": None},
        annotations_list={"annotations": []},
        audience_text={"annotations": {"audience": "user"}},
        audience_unknown={"annotations": {"audience": ["user", "model"]}},
        audience_null={"annotations": {"audience": None}},
        priority_high={"annotations": {"priority": 5}},
        priority_low={"annotations": {"priority": -0.1}},
        priority_text={"annotations": {"priority": "high"}},
        priority_null={"annotations": {"priority": None}},
        modified_date={"annotations": {"lastModified": "2026-01-12"}},
        modified_local={"annotations": {"lastModified": "2026-01-12T15:00:58"}},
        modified_impossible={"annotations": {"lastModified": "2026-13-12T15:00:58Z"}},
        modified_number={"annotations": {"lastModified": 1768230058}},
        modified_zone={"annotations": {"lastModified": "2026-01-12T15:00:58+10:60"}},
        modified_day={"annotations": {"lastModified": "2100-02-29T15:00:58Z"}},
        modified_second={"annotations": {"lastModified": "2026-01-12T23:59:60Z"}},
        modified_digits={"annotations": {"lastModified": "\u0662026-01-12T15:00:58Z"}},
        meta_null={"_meta": None},
        meta_list={"_meta": []},
        icons_null={"icons": None},
    ),
    *_resources(
        "left out",
        name_missing={"name": ABSENT},
        name_null={"name": None},
        name_number={"name": 5},
        uri_missing={"uri": ABSENT},
        uri_null={"uri": None},
        uri_number={"uri": 5},
        text={"": "resource"},
        null={"": None},
    ),
    *_templates(
        "kept",
        usual={},
        no_template={"uriTemplate": "odd://plain"},
        broken_template={"uriTemplate": "odd://{"},
    ),
    *_templates(
        "repaired",
        description_null={"description": None},
        mime_null={"mimeType": None},
        annotations_null={"annotations": None},
        priority_high={"annotations": {"priority": 5}},
        meta_null={"_meta": None},
        meta_list={"_meta": []},
        icons_null={"icons": None},
    ),
    *_templates(
        "left out",
        name_missing={"name": ABSENT},
        name_null={"name": None},
        uri_missing={"uriTemplate": ABSENT},
        uri_null={"uriTemplate": None},
        uri_number={"uriTemplate": 5},
        null={"": None},
    ),
)
