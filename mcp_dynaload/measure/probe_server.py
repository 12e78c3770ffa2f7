"""A server for load and failure: it gives a nonce back, and dies when told, or by itself after some seconds.

JSON lines by hand and nothing but the standard library, so that many of them start in milliseconds each. Its
arguments: the number of seconds after which a call kills it (none or `inf`: never), a file of other tools to list.
"""

import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

TOOLS: list[dict[str, Any]] = [
    {
        "name": "echo_nonce",
        "description": "Give the nonce back, made as long as asked for",
        "inputSchema": {
            "type": "object",
            "properties": {"nonce": {"type": "string"}, "size": {"type": "integer"}},
            "required": ["nonce"],
        },
        "annotations": {"readOnlyHint": True},
    },
    {"name": "stop_server", "description": "End the server's process at once", "inputSchema": {"type": "object"}},
]


def _answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "probe", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call":
        if params["name"] == "stop_server":
            os._exit(1)
        text = str(params["arguments"].get("nonce")).ljust(int(params["arguments"].get("size") or 0), ".")
        return {"content": [{"type": "text", "text": text}]}
    return {} if method == "ping" else None


def main() -> None:
    """Serve until the input or the time ends."""
    lifetime = float(sys.argv[1]) if len(sys.argv) > 1 else math.inf
    if len(sys.argv) > 2:
        TOOLS[:] = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    started = time.monotonic()
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        if time.monotonic() - started > lifetime:
            os._exit(1)
        result = _answer(message["method"], message.get("params") or {})
        body = {"result": result} if result is not None else {"error": {"code": -32601, "message": "no such method"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}), flush=True)


if __name__ == "__main__":
    main()
