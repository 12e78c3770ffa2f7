"""A stdio upstream, written without any SDK, whose texts hold half a character: legal in JSON, refused by many parsers.

Run as `python -m tests.transparency.unpaired`.
"""

import json
import sys

from mcp_dynaload.catalog.tool import Json


def answer(method: str, params: Json) -> Json:
    if method == "initialize":
        info = {"name": "unpaired", "version": "1"}
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": [{"name": "say", "description": "\ud83d", "inputSchema": {"type": "object"}}]}
    if method == "ping":
        return {}
    return {"content": [{"type": "text", "text": f"\ud83d alone, {params['arguments']['text']}"}]}


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = answer(message["method"], message.get("params") or {})
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
