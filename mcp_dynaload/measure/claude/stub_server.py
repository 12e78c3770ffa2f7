"""A stand-in for a server that cannot run here: it lists that server's own definitions and answers plausibly.

JSON lines by hand and nothing but the standard library, so that many of them start in milliseconds each. Its one
argument is a file `{"name": …, "tools": [definition, …]}`.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROWS = 3
"""The length of the list in every answer: long enough to look like one, short enough not to be what is measured."""


def answer(method: str, params: dict[str, Any], server: dict[str, Any]) -> dict[str, Any] | None:
    """Return the result of a request, or nothing for a method that it does not have."""
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": server["name"], "version": "stub"},
        }
    if method == "tools/list":
        return {"tools": server["tools"]}
    if method == "tools/call":
        return called(params["name"], params.get("arguments") or {})
    return {} if method == "ping" else None


def called(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the result of any tool: that it was done, with what, and some rows."""
    rows = [{"id": number, "name": f"{tool} {number}", "state": "open"} for number in range(1, ROWS + 1)]
    text = json.dumps({"ok": True, "tool": tool, "request": arguments, "items": rows})
    return {"content": [{"type": "text", "text": text}]}


def main() -> None:
    """Serve until the input ends."""
    server = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        result = answer(message["method"], message.get("params") or {}, server)
        body = {"result": result} if result is not None else {"error": {"code": -32601, "message": "no such method"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}), flush=True)


if __name__ == "__main__":
    main()
