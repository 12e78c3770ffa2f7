"""A small real MCP server over stdio that floods its client once its tool `start` is called: JSON lines by hand.

Its only argument is a JSON object: `flood` names the kind, `count` how many messages (for ever without it),
`notes` a file to which it appends one letter for each list that it was asked for. Its tool `work` tells of its progress
as often as `count` says, and then answers.
"""

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCRIPT: dict[str, Any] = json.loads(sys.argv[1])
NOTHING: dict[str, Any] = {}
COUNT = SCRIPT.get("count", 1 << 60)
writing = threading.Lock()
state = {"is_flooding": False, "lists": 0}


def write(text: str) -> None:
    with writing:
        sys.stdout.write(text)
        sys.stdout.flush()


def send(message: dict[str, Any]) -> None:
    write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")


def tool(name: str) -> dict[str, Any]:
    return {"name": name, "description": f"{name} of the flooding server", "inputSchema": {"type": "object"}}


def changed() -> dict[str, Any]:
    return {"method": "notifications/tools/list_changed"}


def many(make: Callable[[int], dict[str, Any]]) -> None:
    """Send messages in batches, as fast as they are taken."""
    for start in range(0, COUNT, 100):
        lines = [json.dumps({"jsonrpc": "2.0", **make(start + n)}) for n in range(min(100, COUNT - start))]
        write("\n".join(lines) + "\n")


def complain() -> None:
    for _ in range(COUNT):
        sys.stderr.write("y\n" * 10_000)
        sys.stderr.flush()


def chatter(text: str) -> None:
    for _ in range(COUNT):
        write(text)


def elicit(number: int) -> dict[str, Any]:
    schema = {"type": "object"}
    return {
        "id": f"q{number}",
        "method": "elicitation/create",
        "params": {"message": "Well?", "requestedSchema": schema},
    }


FLOODS: dict[str, Callable[[], None]] = {
    "nothing": lambda: None,
    "list_changed": lambda: many(lambda _: changed()),
    "echoed_changes": lambda: send(changed()),
    "growing_list": lambda: send(changed()),
    "endless_cursor": lambda: send(changed()),
    "progress": lambda: many(
        lambda n: {"method": "notifications/progress", "params": {"progressToken": "p", "progress": n}}
    ),
    "log": lambda: many(lambda n: {"method": "notifications/message", "params": {"level": "info", "data": n}}),
    "updated": lambda: many(
        lambda n: {"method": "notifications/resources/updated", "params": {"uri": f"memo://{n % 5}"}}
    ),
    "ping": lambda: many(lambda n: {"id": f"p{n}", "method": "ping"}),
    "elicit": lambda: many(elicit),
    "roots": lambda: many(lambda n: {"id": f"r{n}", "method": "roots/list"}),
    "unknown_answers": lambda: many(lambda n: {"id": 10**9 + n, "result": {}}),
    "stderr": complain,
    "garbage": lambda: chatter("not json at all\n" * 1000),
    "blank": lambda: chatter("\n" * 60_000),
    "endless_line": lambda: chatter("x" * 60_000),
}


def listed(cursor: str | None) -> dict[str, Any]:
    state["lists"] += 1
    if "notes" in SCRIPT:
        with Path(SCRIPT["notes"]).open("a") as file:
            file.write("p" if cursor else "l")
    tools = [tool("start"), tool("echo"), tool("big"), tool("work")]
    flood = SCRIPT["flood"] if state["is_flooding"] or SCRIPT.get("at_once") else "nothing"
    if flood == "growing_list":
        tools = [*tools, *(tool(f"grown{n}") for n in range(state["lists"] % 50))]
    if flood != "endless_cursor":
        return {"tools": tools}
    number = int(cursor or 0)
    page = [tool(f"endless{number}x{n}") for n in range(50)]
    return {"tools": page if cursor else [*tools, *page], "nextCursor": str(number + 1)}


def call(request_id: object, params: dict[str, Any]) -> None:
    if params["name"] == "big":
        write(json.dumps({"jsonrpc": "2.0", "id": request_id})[:-1] + ', "result": ')
        filling, size = params["arguments"]["filling"], params["arguments"]["size"]
        write('{"content": [], "structuredContent": {"a": [' + filling * (size // len(filling)) + "0]}}}\n")
        return
    if params["name"] == "work":
        token = params["_meta"]["progressToken"]
        many(lambda n: {"method": "notifications/progress", "params": {"progressToken": token, "progress": n}})
    send({"id": request_id, "result": {"content": [{"type": "text", "text": "done"}]}})
    if params["name"] == "start":
        begin()


def begin() -> None:
    state["is_flooding"] = True
    threading.Thread(target=FLOODS[SCRIPT["flood"]], daemon=True).start()


def answer(message: dict[str, Any]) -> None:
    method, request_id, params = message.get("method"), message.get("id"), message.get("params", NOTHING)
    if method is None or request_id is None:
        return
    if method == "initialize":
        send(
            {
                "id": request_id,
                "result": {
                    "protocolVersion": params["protocolVersion"],
                    "capabilities": {"tools": {"listChanged": True}, "logging": {}, "resources": {"subscribe": True}},
                    "serverInfo": {"name": "flooding", "version": "1"},
                },
            }
        )
        if SCRIPT.get("at_once"):
            begin()
    elif method == "tools/list":
        send({"id": request_id, "result": listed(params.get("cursor"))})
        if SCRIPT["flood"] in ("echoed_changes", "growing_list") and state["is_flooding"]:
            send(changed())
    elif method == "tools/call":
        call(request_id, params)
    elif method == "resources/list":
        send({"id": request_id, "result": {"resources": []}})
    elif method == "resources/templates/list":
        send({"id": request_id, "result": {"resourceTemplates": []}})
    else:
        send({"id": request_id, "result": {}})


for line in sys.stdin:
    answer(json.loads(line))
