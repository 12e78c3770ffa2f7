"""Odd answers of servers, and what we make of them. What the client makes of them is what it shows the model."""

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
    """The result that it becomes; None if the client takes it as it is, nothing if nothing can be read in it."""


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

MESSAGE: Json = {"role": "user", "content": TEXT}
FINE_PROMPT: Json = {"messages": [MESSAGE]}
NOTHING: Json = {}


def message(given: object, *mended: object) -> OddResult:
    """Return a prompt with one odd message, and the messages that it becomes: none if it is refused."""
    return OddResult({"messages": [given]}, {"messages": list(mended)} if mended else NOTHING)


def content(given: object, *mended: object) -> OddResult:
    """Return the same with odd content."""
    return message({"role": "user", "content": given}, *({"role": "user", "content": one} for one in mended))


ODD_PROMPTS: tuple[OddResult, ...] = (
    OddResult(FINE_PROMPT),
    OddResult({"messages": []}),
    OddResult({**FINE_PROMPT, "vendor": None}),
    OddResult({**FINE_PROMPT, "resultType": "odd"}),
    OddResult({"messages": [{**MESSAGE, "_meta": None}]}),
    OddResult({"messages": [{"role": "user", "content": {**TEXT, "text": ""}}]}),
    OddResult({"messages": [{"role": "user", "content": IMAGE}]}),
    OddResult({"messages": [{"role": "user", "content": resource(**PLACE, blob="@")}]}),
    OddResult({}, NOTHING),
    OddResult({"messages": None}, NOTHING),
    OddResult({"messages": 5}, NOTHING),
    OddResult({"messages": {"0": MESSAGE}}, NOTHING),
    OddResult({"messages": MESSAGE}, FINE_PROMPT),
    OddResult({"messages": "fine"}, FINE_PROMPT),
    OddResult({**FINE_PROMPT, "description": None}, FINE_PROMPT),
    OddResult({**FINE_PROMPT, "description": ["x"]}, FINE_PROMPT),
    OddResult({**FINE_PROMPT, "_meta": None}, FINE_PROMPT),
    OddResult({**FINE_PROMPT, "_meta": {"progressToken": {}}}, {**FINE_PROMPT, "_meta": {}}),
    message(None),
    message({}),
    message({"role": "user"}),
    message("fine", MESSAGE),
    message(TEXT, {**MESSAGE, **TEXT}),
    message({"role": "user", "text": "fine"}, {**MESSAGE, "text": "fine"}),
    message({"content": TEXT}, MESSAGE),
    message({**MESSAGE, "role": None}, MESSAGE),
    message({**MESSAGE, "role": "system"}, MESSAGE),
    message({**MESSAGE, "role": "Assistant"}, {**MESSAGE, "role": "assistant"}),
    OddResult({"messages": [MESSAGE, None]}, FINE_PROMPT),
    OddResult({"messages": [MESSAGE, {"role": "user", "content": []}]}, FINE_PROMPT),
    content(None),
    content([]),
    content("fine", TEXT),
    content(5, said(5)),
    content([TEXT], TEXT),
    content(["fine", None, IMAGE], TEXT, IMAGE),
    content({"type": "text", "text": None}, said({"type": "text", "text": None})),
    content({"type": "hologram", "data": "x"}, said({"type": "hologram", "data": "x"})),
    content({**TEXT, "annotations": None}, TEXT),
    content({**TEXT, "_meta": None}, TEXT),
    content({**IMAGE, "mimeType": None}, said({**IMAGE, "mimeType": None})),
    content(resource(**PLACE, mimeType=None), resource(**PLACE)),
    content(resource(uri="x://r", blob="@"), said(resource(uri="x://r", blob="@"))),
    content({**LINK, "size": "5"}, LINK),
)

ASKED = "odd://asked"
"""The resource that is asked for, of which the contents here are."""

CONTENTS: Json = {"uri": ASKED, "text": "fine"}
FINE_RESOURCE: Json = {"contents": [CONTENTS]}


def contents(given: Json, mended: Json | None = None) -> OddResult:
    """Return a resource with odd contents, and what they become: nothing if they are refused."""
    return OddResult({"contents": [{"uri": ASKED, **given}]}, {"contents": [mended]} if mended else NOTHING)


def kept_contents(**fields: object) -> OddResult:
    """Return a resource with contents that are only unusual."""
    return OddResult({"contents": [{"uri": ASKED, **fields}]})


ODD_RESOURCES: tuple[OddResult, ...] = (
    OddResult(FINE_RESOURCE),
    OddResult({"contents": []}),
    OddResult({**FINE_RESOURCE, "vendor": None}),
    OddResult({**FINE_RESOURCE, "ttlMs": "x"}),
    OddResult({"contents": [{**CONTENTS, "uri": "no address"}]}),
    kept_contents(text=""),
    kept_contents(text="fine", annotations=None),
    kept_contents(text="fine", size="x"),
    kept_contents(text="fine", blob="@"),
    kept_contents(text=None, blob="aGk="),
    kept_contents(text=5, blob="aGk="),
    kept_contents(blob="aGk"),
    OddResult({}, NOTHING),
    OddResult({"contents": None}, NOTHING),
    OddResult({"contents": 5}, NOTHING),
    OddResult({"contents": {"0": CONTENTS}}, NOTHING),
    OddResult({"content": [TEXT]}, NOTHING),
    OddResult({"contents": [None]}, NOTHING),
    OddResult({"contents": [[CONTENTS]]}, NOTHING),
    OddResult({"contents": CONTENTS}, FINE_RESOURCE),
    OddResult({"contents": "fine"}, FINE_RESOURCE),
    OddResult({"contents": ["fine"]}, FINE_RESOURCE),
    OddResult({"contents": [CONTENTS, None]}, FINE_RESOURCE),
    OddResult({"contents": [CONTENTS, {"uri": ASKED}]}, FINE_RESOURCE),
    OddResult({"contents": [{"text": "fine"}]}, FINE_RESOURCE),
    OddResult({"contents": [TEXT]}, {"contents": [{**CONTENTS, **TEXT}]}),
    OddResult({**FINE_RESOURCE, "_meta": None}, FINE_RESOURCE),
    OddResult({**FINE_RESOURCE, "_meta": {"progressToken": {}}}, {**FINE_RESOURCE, "_meta": {}}),
    contents({"uri": None, "text": "fine"}, CONTENTS),
    contents({"uri": 5, "text": "fine"}, CONTENTS),
    contents({}),
    contents({"text": None}),
    contents({"text": 5}, {**CONTENTS, "text": "5"}),
    contents({"text": {"a": 1}}, {**CONTENTS, "text": '{"a": 1}'}),
    contents({"text": "fine", "mimeType": None}, CONTENTS),
    contents({"text": "fine", "_meta": None}, CONTENTS),
    contents({"blob": None}),
    contents({"blob": [104]}),
    contents({"blob": "@", "mimeType": "text/plain"}),
    contents({"blob": "data:text/plain;base64,aGk="}, {"uri": ASKED, "blob": "aGk="}),
    contents({"blob": "_-8="}, {"uri": ASKED, "blob": "/+8="}),
    contents({"blob": "aGk=", "mimeType": None}, {"uri": ASKED, "blob": "aGk="}),
)
