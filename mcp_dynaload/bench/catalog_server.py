"""Lists the tools of one server of a catalog file: `python catalog_server.py CATALOG SERVER`. Calls echo their name.

JSON lines by hand and nothing but the standard library, so that many of them start in milliseconds each.
"""

import json
import sys
from pathlib import Path
from typing import Any


def _answer(method: str, params: dict[str, Any], tools: list[Any]) -> dict[str, Any] | None:
    if method == "initialize":
        server = {"name": sys.argv[2], "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        return {"tools": tools}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": params["name"]}]}
    return {} if method == "ping" else None


def main() -> None:
    """Serve until the input ends."""
    tools = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))[sys.argv[2]]
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and "method" in message:
            result = _answer(message["method"], message.get("params") or {}, tools)
            body = {"error": {"code": -32601, "message": "no such method"}} if result is None else {"result": result}
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}), flush=True)


if __name__ == "__main__":
    main()
