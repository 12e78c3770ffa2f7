"""A server under our name that notes the params of each tool call in a file, and does nothing else."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

TOOLS = [
    {"name": name, "inputSchema": {"type": "object"}, "_meta": {"anthropic/alwaysLoad": True}}
    for name in ("echo", "dynaload_hook")
]


def result_of(method: str, params: dict[str, object], notes: Path) -> dict[str, object] | None:
    """Answer a request; None to one that this server does not know."""
    if method == "initialize":
        capabilities: dict[str, dict[str, object]] = {"tools": {}, "prompts": {}}
        return {
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "serverInfo": {"name": "n", "version": "1"},
        }
    if method == "tools/call":
        with notes.open("a") as file:
            file.write(json.dumps(params) + "\n")
        return {"content": [{"type": "text", "text": "{}"}]}
    lists: dict[str, dict[str, object]] = {
        "tools/list": {"tools": TOOLS},
        "prompts/list": {"prompts": [{"name": "help"}]},
    }
    return lists.get(method)


def answer_to(message: dict[str, object], params: dict[str, object], notes: Path) -> bytes | None:
    """Answer a message; None to a notification."""
    if "id" not in message:
        return None
    result = result_of(str(message["method"]), params, notes)
    body = {"error": {"code": -32601, "message": "unknown"}} if result is None else {"result": result}
    return json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}).encode()


@contextmanager
def over_http(notes: Path, kind: str) -> Generator[str]:
    """Serve the same over streamable HTTP ("http") or the older transport ("sse"); yields its address."""
    events: SimpleQueue[bytes] = SimpleQueue()

    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = answer_to(message, message.get("params") or {}, notes)
            if answer is not None and kind == "sse":
                events.put(b"event: message\ndata: " + answer + b"\n\n")
            is_here = answer is not None and kind == "http"
            self._begin(200 if is_here else 202, "application/json", answer if is_here and answer else b"")

        def do_GET(self) -> None:
            if kind != "sse":
                self._begin(405, "text/plain", b"")
                return
            self._begin(200, "text/event-stream", None)
            self.wfile.write(b"event: endpoint\ndata: /messages\n\n")
            while event := events.get():
                self.wfile.write(event)
            self.close_connection = True

        def _begin(self, status: int, content_type: str, body: bytes | None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            if body is not None:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{kind}"
        finally:
            events.put(b"")
            server.shutdown()
            thread.join()


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        answer = answer_to(message, message.get("params") or {}, Path(sys.argv[1]))
        if answer is not None:
            print(answer.decode(), flush=True)


if __name__ == "__main__":
    main()
