"""A server under our name that notes the params of each tool call in a file, and does nothing else."""

import json
import sys
from pathlib import Path

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


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        result = result_of(message["method"], message.get("params") or {}, Path(sys.argv[1]))
        body = {"error": {"code": -32601, "message": "unknown"}} if result is None else {"result": result}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}), flush=True)


if __name__ == "__main__":
    main()
