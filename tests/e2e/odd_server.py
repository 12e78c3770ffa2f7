"""A hand-written MCP server with whatever lists it is given: over stdio as a program, over HTTP in process."""

import json
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Lists = Mapping[str, list[Any]]
"""The elements of each list by the key that it has in an answer."""

KEYS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
CAPABILITIES = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"listChanged": True},
}
ANSWERS = {"prompts/get": "name", "resources/read": "uri"}
"""The params that end with the place, in the list of this method, of the answer that is asked for."""

CHANGE = "change"
"""The tool with whose call the server takes the next lists of its file, and announces that."""


def reply(message: dict[str, Any], lists: Lists) -> str | None:
    """Return the line that answers a message; None to a notification."""
    if "id" not in message:
        return None
    method = str(message["method"])
    if method == "initialize":
        info = {"name": "odd", "version": "1"}
        result: dict[str, Any] = {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "serverInfo": info}
        if words := lists.get("instructions"):
            result["instructions"] = words[0]
    elif method in KEYS:
        result = {KEYS[method]: lists.get(KEYS[method], [])}
    elif method in ANSWERS:
        result = lists[method][int(message["params"][ANSWERS[method]].rpartition("-")[2])]
    elif method == "tools/call":
        result = {"content": [{"type": "text", "text": "called with " + json.dumps(message["params"])}]}
    elif method == "ping":
        result = {}
    else:
        error = {"code": -32601, "message": f"no {method}"}
        return json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error})
    return json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})


def serve_stdio(stages: list[Lists]) -> None:
    """Answer the lines of stdin until it ends; `CHANGE` goes to the next stage."""
    for line in sys.stdin:
        message = json.loads(line)
        if answer := reply(message, stages[0]):
            print(answer, flush=True)
        if message.get("method") == "tools/call" and message["params"]["name"] == CHANGE and len(stages) > 1:
            stages = stages[1:]
            for kind in ("tools", "prompts", "resources"):
                print(json.dumps({"jsonrpc": "2.0", "method": f"notifications/{kind}/list_changed"}), flush=True)


@contextmanager
def serving_http(servers: Mapping[str, Lists]) -> Generator[str]:
    """Serve each of the servers under its name as path; yields the address before it."""

    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if message.get("method") == "server/discover":
                self._send(400, "")
            elif answer := reply(message, servers[self.path.strip("/")]):
                self._send(200, answer)
            else:
                self._send(202, "")

        def do_GET(self) -> None:
            self._send(405, "")

        def do_DELETE(self) -> None:
            self._send(405, "")

        def _send(self, status: int, body: str) -> None:
            data = body.encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: the client tells what it saw."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 1_000

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore errors: a client that is done resets its connections."""

    server = Server(("127.0.0.1", 0), Endpoint)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    serve_stdio(json.loads(Path(sys.argv[1]).read_text()))
