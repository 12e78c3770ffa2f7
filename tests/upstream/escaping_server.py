"""A small real MCP server over stdio that tries, on command, what a contained server must not be able to do."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

FARE_WELL = Path(sys.argv[1]) if len(sys.argv) > 1 else None


def attempt(what: str, *where: str) -> str:
    match what:
        case "read":
            return Path(where[0]).read_text()
        case "list":
            return " ".join(sorted(path.name for path in Path(where[0]).iterdir()))
        case "write":
            Path(where[0]).write_text("was here")
            return "written"
        case "connect":
            with socket.create_connection((where[0], int(where[1])), timeout=2):
                return "connected"
        case "connect unix":
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(where[0])
            return "connected"
        case "processes":
            return " ".join(path.name for path in Path("/proc").iterdir() if path.name.isdigit())
        case "grandchild":
            subprocess.Popen(["sleep", where[0]], start_new_session=True)
            return "started"
        case _:
            raise ValueError(what)


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        return {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "x", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": [{"name": "attempt", "inputSchema": {"type": "object"}}]}
    try:
        text = attempt(*params["arguments"]["words"])
    except (OSError, ValueError) as error:
        return {"content": [{"type": "text", "text": type(error).__name__}], "isError": True}
    return {"content": [{"type": "text", "text": text}]}


def say_farewell(number: int, frame: FrameType | None) -> None:
    if FARE_WELL is not None:
        FARE_WELL.write_text("ended in order")
    sys.exit()


signal.signal(signal.SIGTERM, say_farewell)
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message and "method" in message:
        if message["method"] in ("initialize", "tools/list", "tools/call"):
            reply = {"result": answer(message["method"], message.get("params") or {})}
        else:
            reply = {"error": {"code": -32601, "message": "no"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **reply}), flush=True)
while FARE_WELL is not None:  # it does not end with its input
    time.sleep(60)
