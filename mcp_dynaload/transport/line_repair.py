"""Repairs a line that holds no JSON-RPC message: the answer in it is used, or whoever waits is told at once."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

from mcp.shared.message import SessionMessage
from mcp_types import INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCResponse

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import LoginDemand, UpstreamAnswerError, UpstreamLoginError
from mcp_dynaload.transport import plain_json
from mcp_dynaload.transport.bounds import TooLargeError
from mcp_dynaload.transport.jsonrpc_lines import Item, TooDeepError, envelope, has_answer, is_code

MAX_STARTS = 8
"""Places in a line that are tried as the begin of a message."""

MAX_TOKENS = 20_000
"""Quotes and brackets that are looked at for the id of a message that cannot be read; they take 10 ms."""

MAX_QUOTE = 200
"""Characters of the upstream's own that an error quotes."""

UNREADABLE = "it answered with something unreadable"

_MESSAGE_START = re.compile(r'(?:\[\s*)?\{\s*"(?:jsonrpc|id|method|result|error|params)"\s*:')
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = re.compile(rf"{_STRING}|[{{}}\[\]]", re.DOTALL)
_VALUE = re.compile(rf"\s*:\s*(?:(-?\d{{1,18}})(?:\.0*)?(?=\s*[,}}])|({_STRING}))", re.DOTALL)
_LAST_ID = re.compile(r',\s*"id"\s*:\s*(-?\d{1,18})(?:\.0*)?\s*\}$')
_LAST_CHARACTERS = 100
_NO_TEXT = "\ufeff\0 \t\r\n"
_KINDS = {type(None): "null", bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list"}
_ANSWERS = frozenset({"result", "error"})


class UnreadableCallError(ValueError):
    """A request of the other side that cannot be read, but whose id is known."""

    def __init__(self, request_id: str | int, why: str) -> None:
        super().__init__(f"request {request_id!r} cannot be read: {why}")
        self.answer = JSONRPCError(
            jsonrpc="2.0", id=request_id, error=ErrorData(code=INVALID_REQUEST, message=f"Invalid request: {why}")
        )


class UnaddressedAnswerError(ValueError):
    """An answer of the other side that does not say to which request."""

    def __init__(self, fields: Json) -> None:
        super().__init__(f"it answered without a usable id: {quoted(fields)}")


@dataclass(slots=True)
class _Line:
    """The values found on a line."""

    text: str
    decoder: plain_json.PatientDecoder = field(default_factory=plain_json.PatientDecoder)

    def values(self) -> Iterator[object]:
        """Yield the values one after another; after other text only an answer counts, not the echo of a request."""
        end = 0
        for tried, start in enumerate(_MESSAGE_START.finditer(self.text)):
            if tried == MAX_STARTS or self._is_inside(start.start()):
                return
            if start.start() < end:
                continue
            before = self.text[end : start.start()].strip(_NO_TEXT)
            try:
                value, end = self.decoder.decode_at(self.text, start.start())
            except (ValueError, RecursionError):
                continue
            else:
                if not before or _is_answer(value):
                    yield value

    def _is_inside(self, place: int) -> bool:
        """Return whether it is a part of a message that is broken."""
        return self.text.count("{", 0, place) > self.text.count("}", 0, place)


async def mend_answers(line: bytes, problem: Exception) -> Iterable[Item]:
    """Return everything that a line of an upstream can be taken for, and what is to be noted of it."""
    return mended(line, problem)


def mended(line: bytes, problem: Exception, waiting: str | int | None = None) -> list[Item]:
    """Return the same; with the id of the request to which it is certain to be the answer."""
    if isinstance(problem, TooLargeError):  # a second look at it would cost what was refused
        return [problem] if waiting is None else [failed_answer(waiting, str(problem))]
    found = _Line(_text_of(line))
    messages = [item for value in found.values() for item in _taken(value, waiting)]
    if not messages and (number := _id_of_broken(found.text, waiting)) is not None:
        why = "it is nested too deeply" if isinstance(problem, TooDeepError) else "it is no JSON"
        messages = [failed_answer(number, f"{UNREADABLE}: {why}", found.text)]
    notes = f" ({'; '.join(found.decoder.notes)})" if found.decoder.notes and messages else ""
    return [ValueError(f"{problem}{notes}"), *messages]


def refusals(line: bytes) -> list[Item | JSONRPCError]:
    """Return the messages of a client's line that is none by itself, and what it is told of what is no message."""
    try:
        values = plain_json.parse_all(line.decode().strip(_NO_TEXT))
    except RecursionError:
        return [unparsed(line, "it is nested too deeply")]
    except ValueError as error:
        return [unparsed(line, str(error))]
    return [item for value in values for item in _taken_or_refused(value)]


def unparsed(text: bytes, why: str) -> JSONRPCError:
    """Say to the client why its text is no JSON; to the request that it is a broken one of, if that can be told."""
    return _refusal(PARSE_ERROR, f"Parse error: {why}", _id_of_call(_text_of(text)))


def refusals_of(value: object) -> list[Item | JSONRPCError]:
    """Say the same of JSON that is no message; nothing of a notification, which nobody may answer."""
    if isinstance(value, list):
        calls = [whole_id(call.get("id")) for call in _objects(cast(object, value)) if "method" in call]
        why = "Invalid request: batches are no part of this protocol, send one message at a time"
        return [_refusal(INVALID_REQUEST, why, number) for number in calls if number is not None] or [
            _refusal(INVALID_REQUEST, why, None)
        ]
    return _refused(value)


def failed_answer(
    number: str | int,
    why: str,
    said: object = None,
    *,
    cause: str = "",
    is_final: bool = True,
    is_gone: bool = False,
    demand: LoginDemand | None = None,
) -> SessionMessage:
    """Return an answer of ours in place of one that is not to be had; who waits finds the exception in its data."""
    text = why if said is None else f"{why}: {quoted(said)}"
    failure = (
        UpstreamAnswerError(cause or why, text, is_final=is_final, is_gone=is_gone)
        if demand is None
        else UpstreamLoginError(demand, cause or why, text)
    )
    error = ErrorData(code=INTERNAL_ERROR, message=text, data=failure)
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=error))


def whole_id(value: object) -> str | int | None:
    """Return the id that is meant: 3.0 is 3."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def quoted(value: object) -> str:
    """Return a short piece of somebody else's text, on one line."""
    text = value if isinstance(value, str) else plain_json.text_of(value)
    shown = " ".join(text[: 4 * MAX_QUOTE].split())
    return f"'{shown[:MAX_QUOTE]}{'…' if len(shown) > MAX_QUOTE or len(text) > 4 * MAX_QUOTE else ''}'"


def _text_of(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip(_NO_TEXT)


def _is_answer(value: object) -> bool:
    return isinstance(value, dict) and "id" in value and not _ANSWERS.isdisjoint(cast(Json, value))


def _objects(value: object) -> list[Json]:
    items = cast(list[object], value) if isinstance(value, list) else [value]
    return [cast(Json, item) for item in items if isinstance(item, dict)]


def _taken(value: object, waiting: str | int | None) -> Iterator[Item]:
    """Yield the messages of an object, or of a batch of them."""
    for fields in _objects(value):
        try:
            yield SessionMessage(envelope(fields))
        except (ValueError, KeyError, TypeError) as error:
            number = whole_id(fields.get("id"))
            if fields.get("method") is None or has_answer(fields):
                if (number := waiting if number is None else number) is not None:
                    yield _answer(fields, number)
                elif fields.get("jsonrpc") == "2.0" and not _ANSWERS.isdisjoint(fields):  # else some log in JSON
                    yield UnaddressedAnswerError(fields)
            elif number is not None:
                yield UnreadableCallError(number, str(error))
            elif "id" in fields and fields["id"] is None:  # some programs write all fields of a notification
                yield from _taken({key: item for key, item in fields.items() if key != "id"}, waiting)


def _answer(fields: Json, number: str | int) -> SessionMessage:
    """Return an answer that is usable but for its envelope, or one that says the problem."""
    error, result = fields.get("error"), fields.get("result")
    if isinstance(error, dict):
        code, message = cast(Json, error).get("code"), cast(Json, error).get("message")
        if is_code(code) and isinstance(message, str):
            data = ErrorData.model_validate({**cast(Json, error), "code": int(code)})
            return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=data))
    if error is not None:
        why = "an error without a whole number as code and a text as message"
        return failed_answer(number, f"{UNREADABLE}: {why}", cast(object, error))
    if isinstance(result, dict):
        return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=number, result=cast(Json, result)))
    if "result" in fields:
        return failed_answer(number, f"{UNREADABLE}: its result is {_KINDS[type(result)]}, not an object", result)
    return failed_answer(number, f"{UNREADABLE}: it has neither a result nor an error", fields)


def _refused(value: object) -> list[Item | JSONRPCError]:
    fields = _objects(value)
    if not fields:
        return [_refusal(INVALID_REQUEST, "Invalid request: it is no object", None)]
    (call,) = fields
    number = whole_id(call.get("id"))
    if "method" not in call and not _ANSWERS.isdisjoint(call):
        return list(_client_answer(call, number))
    if number is None and "id" not in call and isinstance(call.get("method"), str) and call.get("jsonrpc") == "2.0":
        return []  # a notification, which nobody may answer
    try:
        envelope(call)
    except (ValueError, KeyError, TypeError) as error:
        why = "it has no method" if "method" not in call else str(error)
        return [_refusal(INVALID_REQUEST, f"Invalid request: {why}", number)]
    return []


def _client_answer(fields: Json, number: str | int | None) -> Iterator[Item]:
    """Yield the client's answer to a question of an upstream; an error of ours would answer its own request."""
    if number is not None and isinstance(message := _answer(fields, number).message, JSONRPCError):
        text = message.error.message.replace("it answered", "the client answered", 1)
        error = ErrorData(code=message.error.code, message=text)
        yield SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=error))
    elif number is not None:
        yield _answer(fields, number)


def _taken_or_refused(value: object) -> list[Item | JSONRPCError]:
    try:
        return [SessionMessage(envelope(value))]
    except (ValueError, KeyError, TypeError):
        return refusals_of(value)


def _refusal(code: int, why: str, number: str | int | None) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=number, error=ErrorData(code=code, message=why))


def _id_of_broken(text: str, waiting: str | int | None) -> str | int | None:
    """Return the id of the request a broken answer is for; None if it is not evidently an answer."""
    keys = _top_level(text)
    if "method" in keys:
        return None
    return waiting if waiting is not None or _ANSWERS.isdisjoint(keys) else keys.get("id")


def _id_of_call(text: str) -> str | int | None:
    """Return the id of a broken request; None if it may be an answer."""
    keys = _top_level(text)
    return keys.get("id") if _ANSWERS.isdisjoint(keys) else None


def _top_level(text: str) -> dict[str, str | int | None]:
    """Return the outermost object's keys as far as it can be followed, with the value of those with a plain one."""
    keys: dict[str, str | int | None] = {}
    depth = 0
    for found in islice(_TOKEN.finditer(text, max(text.find("{"), 0)), MAX_TOKENS):
        token = found[0]
        if token in "{[":
            depth += 1
        elif token in "}]":
            depth -= 1
        elif depth == 1 and (value := _VALUE.match(text, found.end())):
            keys[token[1:-1]] = int(value[1]) if value[1] else value[2][1:-1]
        elif depth == 1 and text[found.end() : found.end() + 8].lstrip()[:1] == ":":
            keys[token[1:-1]] = None
    # one bracket closes the line: what stands before it belongs to the outermost object
    if "id" not in keys and (last := _LAST_ID.search(text[-_LAST_CHARACTERS:])):
        keys["id"] = int(last[1])
    return keys
