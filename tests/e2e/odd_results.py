"""Odd results of a tool call, and what we make of them. What the client makes of them is what it shows the model."""

import json
from dataclasses import dataclass

from mcp_dynaload.catalog.tool import Json

TEXT: Json = {"type": "text", "text": "fine"}
FINE: Json = {"content": [TEXT]}
IMAGE: Json = {"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"}
LINK: Json = {"type": "resource_link", "uri": "x://r", "name": "r"}
PLACE: Json = {"uri": "x://r", "text": "fine"}


@dataclass(frozen=True, slots=True)
class OddResult:
    """A kind of odd result."""

    given: Json
    mended: Json | None = None
    """The result that it becomes; None if the client takes it as it is."""


def block(given: object, mended: object = None) -> OddResult:
    """Return a result with one odd block; one that is mended to nothing else becomes the text of its JSON."""
    return OddResult({"content": [given]}, {"content": [said(given) if mended is None else mended]})


def kept(given: object) -> OddResult:
    """Return a result with a block that is only unusual."""
    return OddResult({"content": [given]})


def said(value: object) -> Json:
    """Return the text block that stands for what is no content."""
    return {"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}


def resource(**fields: object) -> Json:
    return {"type": "resource", "resource": fields}


ODD_RESULTS: tuple[OddResult, ...] = (
    OddResult({}),
    OddResult({"content": []}),
    OddResult({**FINE, "vendor": None}),
    OddResult({**FINE, "resultType": "odd"}),
    OddResult({"content": None}, {"content": []}),
    OddResult({"content": "fine"}, FINE),
    OddResult({"content": TEXT}, FINE),
    OddResult({"content": 5}, {"content": [said(5)]}),
    OddResult({"content": [None, TEXT]}, FINE),
    OddResult({**FINE, "isError": None}, FINE),
    OddResult({**FINE, "isError": 1}, {**FINE, "isError": True}),
    OddResult({**FINE, "isError": "yes"}, {**FINE, "isError": True}),
    OddResult({**FINE, "isError": 0}, {**FINE, "isError": False}),
    OddResult({**FINE, "isError": "false"}, {**FINE, "isError": False}),
    OddResult({**FINE, "structuredContent": None}, FINE),
    OddResult({**FINE, "structuredContent": [1]}, FINE),
    OddResult({**FINE, "structuredContent": "x"}, FINE),
    OddResult({"structuredContent": [1]}, {"content": [said([1])]}),
    OddResult({**FINE, "_meta": None}, FINE),
    OddResult({**FINE, "_meta": "x"}, FINE),
    OddResult({**FINE, "_meta": {"progressToken": {}}}, {**FINE, "_meta": {}}),
    OddResult({**FINE, "_meta": {"io.modelcontextprotocol/related-task": 5}}, {**FINE, "_meta": {}}),
    kept({**TEXT, "vendor": None}),
    kept({**TEXT, "annotations": {"vendor": 5}}),
    block({**TEXT, "annotations": None}, TEXT),
    block({**TEXT, "_meta": None}, TEXT),
    block({**TEXT, "annotations": {"audience": ["model"]}}, {**TEXT, "annotations": {}}),
    block({**TEXT, "annotations": {"priority": 5}}, {**TEXT, "annotations": {}}),
    block({**TEXT, "annotations": {"lastModified": "yesterday"}}, {**TEXT, "annotations": {}}),
    block("fine"),
    block(5),
    block([TEXT]),
    block({"type": "text"}),
    block({"type": "text", "text": None}),
    block({"type": "text", "text": ["fine"]}),
    block({"text": "fine"}),
    block({"type": "TEXT", "text": "fine"}),
    block({"type": None, "text": "fine"}),
    block({"type": "json", "json": {"a": 1}}),
    block({"type": "tool_use", "id": "1", "name": "x", "input": {}}),
    kept(IMAGE),
    kept({**IMAGE, "data": "iVBORw0KGgo"}),
    kept({**IMAGE, "data": "iVBO\nRw0K Ggo="}),
    kept({**IMAGE, "data": ""}),
    block({**IMAGE, "data": f"data:image/png;base64,{IMAGE['data']}"}, IMAGE),
    block({**IMAGE, "data": "iVBORw0K-_o="}, {**IMAGE, "data": "iVBORw0K+/o="}),
    block({**IMAGE, "data": "iVBOR"}),
    block({**IMAGE, "data": "iV==BORw"}),
    block({**IMAGE, "mimeType": None}),
    block({"type": "image", "data": IMAGE["data"]}),
    block({"type": "image", "mimeType": "image/png"}),
    block({"type": "audio", "data": "@", "mimeType": "audio/wav"}),
    kept({**LINK, "uri": "no address"}),
    block({"type": "resource_link", "uri": "x://r"}),
    block({**LINK, "mimeType": None}, LINK),
    block({**LINK, "description": None}, LINK),
    block({**LINK, "icons": None}, LINK),
    block({**LINK, "size": "5"}, LINK),
    kept(resource(**PLACE)),
    kept(resource(uri="x://r", text=None, blob="aGk=")),
    kept(resource(uri="x://r", text="fine", blob="@")),
    block(resource(**PLACE, mimeType=None), resource(**PLACE)),
    block(resource(**PLACE, _meta=None), resource(**PLACE)),
    block(resource(uri="x://r")),
    block(resource(uri="x://r", blob="@")),
    block(resource(text="fine")),
)
