"""A stand-in for the Messages API: answers from a script and keeps every request."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from mcp_dynaload.measure.claude.model_request import Json, Kind, ModelRequest

Block = Json
Step = Block | list[Block] | Callable[[ModelRequest], list[Block]]
"""One answer of the model: a block, blocks, or how to make them from the request."""

Script = Callable[[ModelRequest], list[Block]]

_DEFAULT_ANSWER = "Done."
_HEADERS_OF_INTEREST = frozenset({"anthropic-beta", "user-agent", "x-claude-code-agent-id"})


def text(words: str) -> Block:
    """Return a block in which the model says something."""
    return {"type": "text", "text": words}


def tool_use(name: str, arguments: Mapping[str, Any] | None = None) -> Block:
    """Return a block in which the model calls a tool."""
    return {"type": "tool_use", "name": name, "input": dict(arguments or {})}


def script(turns: Mapping[str, Sequence[Step]]) -> Script:
    """Answer by what the newest prompt contains: its steps in order, then a closing word.

    The answer depends on the request alone, so retries and parallel subagents get what is theirs.
    """

    def answer(request: ModelRequest) -> list[Block]:
        for fragment, steps in turns.items():
            if fragment in request.prompt and request.steps_done < len(steps):
                step = steps[request.steps_done]
                chosen = step(request) if callable(step) else step
                return chosen if isinstance(chosen, list) else [chosen]
        return [text(_DEFAULT_ANSWER)]

    return answer


class ModelApi:
    """The API on a loopback port while the context is open; thread-safe."""

    def __init__(self, answer: Script) -> None:
        self._answer = answer
        self._requests: list[ModelRequest] = []
        self._closing: list[ModelRequest] = []
        self._errors: list[Exception] = []
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _endpoint(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The base address to give to the client."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[ModelRequest]:
        """All requests so far, asides included."""
        with self._changed:
            return list(self._requests)

    def of(self, kind: Kind, prompt: str = "") -> list[ModelRequest]:
        """Return the requests of one kind whose newest prompt contains a text."""
        return [request for request in self.requests if request.kind == kind and prompt in request.prompt]

    def main(self, prompt: str = "") -> list[ModelRequest]:
        """Return the requests of the session's own loop for a prompt."""
        return self.of("main", prompt)

    def subagents(self, prompt: str = "") -> list[ModelRequest]:
        """Return the requests of subagents for a task."""
        return self.of("subagent", prompt)

    def answers(self, prompt: str, kind: Kind = "main") -> int:
        """Return how many last answers, which call nothing, a loop has got to a prompt."""
        with self._changed:
            return sum(request.kind == kind and prompt in request.prompt for request in self._closing)

    def wait_for(self, condition: Callable[[], bool], timeout_seconds: float, what: str) -> None:
        """Wait until a condition on the requests holds.

        Raises:
            TimeoutError: it does not in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            with self._changed:
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    seen = [(request.kind, request.prompt[:60]) for request in self._requests]
                    raise TimeoutError(f"no {what} within {timeout_seconds} s; requests so far: {seen}")

    def reply(self, body: Json, headers: Mapping[str, str]) -> list[Block]:
        """Record a request and give the script's answer to it."""
        kept = {name.lower(): value for name, value in headers.items() if name.lower() in _HEADERS_OF_INTEREST}
        with self._changed:
            request = ModelRequest(len(self._requests), time.monotonic(), body, kept)
            self._requests.append(request)
            self._changed.notify_all()
        blocks = self._scripted(request)
        if not any(block["type"] == "tool_use" for block in blocks):
            with self._changed:
                self._closing.append(request)
                self._changed.notify_all()
        return blocks

    def _scripted(self, request: ModelRequest) -> list[Block]:
        if request.kind == "side":
            return [text(_DEFAULT_ANSWER)]
        try:
            return self._answer(request)
        except Exception as error:  # noqa: BLE001 - a mistake in a script must reach the test, not only the client
            self._errors.append(error)
            return [text(f"The script failed: {error!r}")]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self._errors and error is None:
            raise self._errors[0]


def _endpoint(api: ModelApi) -> type[BaseHTTPRequestHandler]:
    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(404, "application/json", b"{}")

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            path = self.path.partition("?")[0]
            if path == "/v1/messages/count_tokens":
                self._send(200, "application/json", json.dumps({"input_tokens": len(raw) // 4}).encode())
            elif path != "/v1/messages":
                self._send(404, "application/json", b"{}")
            else:
                self._answer(json.loads(raw))

        def _answer(self, body: Json) -> None:
            message = _message(api.reply(body, dict(self.headers)), str(body.get("model")))
            if body.get("stream"):
                self._send(200, "text/event-stream", _as_events(message))
            else:
                self._send(200, "application/json", json.dumps(message).encode())

        def _send(self, status: int, content_type: str, data: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: the requests are kept."""

    return Endpoint


def _message(blocks: list[Block], model: str) -> Json:
    content = [
        {"id": f"toolu_{uuid.uuid4().hex[:24]}", **block} if block["type"] == "tool_use" else block for block in blocks
    ]
    is_call = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "tool_use" if is_call else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 10},
    }


def _as_events(message: Json) -> bytes:
    events: list[Json] = [{"type": "message_start", "message": message | {"content": [], "stop_reason": None}}]
    for index, block in enumerate(message["content"]):
        start, delta = _streamed(block)
        events += [
            {"type": "content_block_start", "index": index, "content_block": start},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events += [{"type": "message_delta", "delta": end, "usage": {"output_tokens": 10}}, {"type": "message_stop"}]
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def _streamed(block: Block) -> tuple[Json, Json]:
    if block["type"] == "text":
        return {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
    partial = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    return block | {"input": {}}, partial
