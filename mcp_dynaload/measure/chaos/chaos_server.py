"""A server that misbehaves when a call orders it to, and gives a nonce back otherwise.

JSON lines by hand and nothing but the standard library, so that it starts in milliseconds. Its arguments: its name, and
a folder in which it notes its process id (`pids`) and finds how its next start is to go wrong (`NAME.start`).
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ECHO: Json = {
    "name": "echo_nonce",
    "description": "Give the nonce back",
    "inputSchema": {"type": "object", "properties": {"nonce": {"type": "string"}}, "required": ["nonce"]},
    "annotations": {"readOnlyHint": True},
}
ODD: list[Any] = [
    {"name": "without_type", "description": None, "inputSchema": {}},
    {"name": "with_null", "inputSchema": {"type": "object", "properties": None, "required": True}},
    {"name": "with_odd_hint", "inputSchema": {"type": ["object"]}, "annotations": {"readOnlyHint": "yes"}},
    {"name": 7, "inputSchema": "none"},
    "no tool at all",
    {"name": "twin", "description": "One", "inputSchema": {"type": "object"}},
    {"name": "twin", "description": "Another one of this name", "inputSchema": {"type": "object"}},
]

ODD_RESULTS: list[Callable[[str], Json]] = [
    lambda text: {"content": text},
    lambda text: {"content": {"type": "text", "text": text}},
    lambda text: {"content": [None, text]},
    lambda text: {"content": [{"type": "text", "text": text, "annotations": None, "_meta": None}]},
    lambda text: {"content": [{"type": "text", "text": text}], "isError": "false", "structuredContent": [1]},
    lambda text: {"content": [{"type": "text", "text": text}], "isError": None, "_meta": {"progressToken": {}}},
    lambda text: {"structuredContent": text},
]
"""Results that Claude Code refuses, in each of which the text can be read."""

SLOW_SECONDS = 1.0
SLOW_START_SECONDS = 1.5
PAUSE_SECONDS = 0.2
STORM = 2_000
"""Notifications at once."""

QUESTIONS = 200
FLOOD_LINES = 5_000
BIG_CHARACTERS = 5_000_000


class ChaosServer:
    """The server's state: what its lists are like now, and the id of the call that it answers."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.is_endless = self.is_odd = False
        self._odd_results = cycle(ODD_RESULTS)
        self._orders: dict[str, Callable[[Any, str], bool | None]] = {
            order.removeprefix("_do_"): getattr(self, order) for order in dir(self) if order.startswith("_do_")
        }

    def serve(self) -> None:
        """Answer until the input ends."""
        for line in sys.stdin:
            message = json.loads(line)
            if "id" in message and "method" in message:
                self._answer(message["id"], message["method"], message.get("params") or {})

    def _answer(self, request: object, method: str, params: Json) -> None:
        if method == "tools/call":
            arguments = params["arguments"]
            text, order = f"{self.name} {arguments.get('nonce')}", str(arguments.get("order", ""))
            if order not in self._orders or not self._orders[order](request, text):
                self._say_text(request, text)
        elif method == "initialize":
            info = {"name": self.name, "version": "1"}
            capabilities = {"tools": {"listChanged": True}, "logging": {}}
            self._say_result(
                request,
                {"protocolVersion": params["protocolVersion"], "capabilities": capabilities, "serverInfo": info},
            )
        elif method == "tools/list":
            cursor = {"nextCursor": str(time.monotonic())} if self.is_endless else {}
            self._say_result(request, {"tools": [ECHO, *(ODD if self.is_odd else [])], **cursor})
        elif method in ("ping", "logging/setLevel"):
            self._say_result(request, {})
        else:
            self._say({"id": request, "error": {"code": -32601, "message": "no such method"}})

    def _say(self, message: Json) -> None:
        self._write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")

    def _say_result(self, request: object, result: Json) -> None:
        self._say({"id": request, "result": result})

    def _say_text(self, request: object, text: str) -> None:
        self._say_result(request, {"content": [{"type": "text", "text": text}]})

    def _notify(self, method: str, params: Json | None = None) -> None:
        self._say({"method": f"notifications/{method}", **({} if params is None else {"params": params})})

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    # Each returns whether it has answered the call by itself.

    def _do_garbage(self, request: object, text: str) -> None:
        self._write("Listening on port 8080\n\n{not json}\n[1, 2\n" + "\x00\x07\ufffd" * 50 + "\n")

    def _do_half_message(self, request: object, text: str) -> bool:
        self._write('{"jsonrpc": "2.0", "id": ')
        time.sleep(PAUSE_SECONDS)
        os._exit(1)

    def _do_text_before_json(self, request: object, text: str) -> bool:
        body = {"jsonrpc": "2.0", "id": request, "result": {"content": [{"type": "text", "text": text}]}}
        self._write(f"INFO answering: {json.dumps(body)}\n")
        return True

    def _do_slow(self, request: object, text: str) -> None:
        time.sleep(SLOW_SECONDS)

    def _do_die(self, request: object, text: str) -> bool:
        os._exit(1)

    def _do_close_output(self, request: object, text: str) -> bool:
        os.close(1)
        time.sleep(SLOW_SECONDS)
        os._exit(0)

    def _do_storm(self, request: object, text: str) -> None:
        for _ in range(STORM):
            self._notify("tools/list_changed")

    def _do_endless_cursor(self, request: object, text: str) -> None:
        self.is_endless = True
        self._notify("tools/list_changed")

    def _do_mend(self, request: object, text: str) -> None:
        if self.is_endless or self.is_odd:
            self.is_endless = self.is_odd = False
            self._notify("tools/list_changed")

    def _do_odd_definitions(self, request: object, text: str) -> None:
        self.is_odd = True
        self._notify("tools/list_changed")

    def _do_forged_ids(self, request: object, text: str) -> None:
        for forged in (-1, 10**9, "1", "x", None, 1.5, [1], True):
            self._say_result(forged, {"content": [{"type": "text", "text": "forged"}]})

    def _do_answered_twice(self, request: object, text: str) -> bool:
        self._say_text(request, text)
        self._say_text(request, "the second answer")
        return True

    def _do_forged_progress(self, request: object, text: str) -> None:
        for token in (*range(100), "1", "0-dynaload-0", None, "x"):
            self._notify("progress", {"progressToken": token, "progress": 1, "message": "forged"})

    def _do_odd_error(self, request: object, text: str) -> bool:
        self._say({"id": request, "error": {"code": "broken"}})
        return True

    def _do_not_json_result(self, request: object, text: str) -> bool:
        result = {"content": [{"type": "text", "text": text}], "structuredContent": {"share": float("nan")}}
        self._say_result(request, result)
        return True

    def _do_odd_result(self, request: object, text: str) -> bool:
        self._say_result(request, next(self._odd_results)(text))
        return True

    def _do_big_result(self, request: object, text: str) -> bool:
        self._say_text(request, f"{text} {'x' * BIG_CHARACTERS}")
        return True

    def _do_log_flood(self, request: object, text: str) -> None:
        for number in range(FLOOD_LINES):
            self._notify("message", {"level": "info", "data": f"line {number}"})

    def _do_stderr_flood(self, request: object, text: str) -> None:
        for number in range(FLOOD_LINES):
            sys.stderr.write(f"line {number} {'x' * 200}\n")
        sys.stderr.flush()

    def _do_questions(self, request: object, text: str) -> None:
        for number in range(QUESTIONS):
            method = ("ping", "roots/list", "sampling/createMessage", "elicitation/create")[number % 4]
            self._say({"id": f"question {number}", "method": method, "params": {}})


def _go_wrong(file: Path) -> None:
    """Start as the file says, which counts the starts that fail."""
    orders = _taken(file)
    for order in orders:
        if order == "slow":
            time.sleep(SLOW_START_SECONDS)
        elif order == "garbage":
            sys.stdout.write("starting up ...\nno JSON\n")
            sys.stdout.flush()
        elif order == "exit":
            sys.exit(1)


def _taken(file: Path) -> Iterator[str]:
    """Take the first order of a file, if it is there."""
    if not file.exists():
        return
    first, _, rest = file.read_text(encoding="utf-8").partition("\n")
    if rest:
        file.write_text(rest, encoding="utf-8")
    else:
        file.unlink(missing_ok=True)
    yield first


def main() -> None:
    """Note that it runs, and serve."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    with (folder / "pids").open("a", encoding="utf-8") as notes:
        notes.write(f"{name} {os.getpid()}\n")
    _go_wrong(folder / f"{name}.start")
    ChaosServer(name, folder).serve()


if __name__ == "__main__":
    main()
