"""A small real MCP server over stdio that misbehaves on command: JSON lines by hand, so that it starts in milliseconds.

Its only argument is a JSON object: how it behaves as a whole (`Script` names the keys). Its tools do one thing each.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)

SCRIPT: dict[str, Any] = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
NOTHING: dict[str, Any] = {}
writing = threading.Lock()
extra_tools: list[dict[str, Any]] = []
log_levels: list[str] = []
subscribed: list[str] = []


def send(message: dict[str, Any]) -> None:
    with writing:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def complain(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def text_result(value: object) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]}


def wait_for_file(path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.005)


def offers() -> dict[str, Any]:
    """Return the lists of the server: read anew from a file each time, if the script names one."""
    if "offers_file" in SCRIPT:
        return json.loads(Path(SCRIPT["offers_file"]).read_text())
    return SCRIPT.get("offers", {})


def listed(method: str, params: dict[str, Any]) -> dict[str, Any]:
    key = {"tools": "tools", "prompts": "prompts", "templates": "resourceTemplates", "resources": "resources"}[
        "templates" if "templates" in method else method.split("/")[0]
    ]
    items = [*offers().get(key, []), *(extra_tools if key == "tools" else [])]
    size = SCRIPT.get("page_size", 1000)
    start = int(params.get("cursor") or 0)
    page: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        page["nextCursor"] = str(start + size)
    return page


def call(name: str, arguments: dict[str, Any], request_id: object, meta: dict[str, Any]) -> dict[str, Any] | None:
    """Return the result of a tool call, None if there will be none."""
    match name:
        case "echo":
            return text_result(arguments)
        case "pid":
            return text_result(str(os.getpid()))
        case "surroundings":
            return text_result({"env": dict(os.environ), "cwd": str(Path.cwd())})
        case "levels":
            return text_result({"levels": log_levels, "subscribed": subscribed})
        case "hang":
            touch(arguments)
            return None
        case "wait":
            touch(arguments)
            wait_for_file(arguments["until"])
            return text_result("done waiting")
        case "fork":  # the child serves in its place
            with writing:  # else another thread may have it at the fork, and the child for ever
                if os.fork():
                    os._exit(0)
            send({"id": request_id, "result": text_result(str(os.getpid()))})
            read(os.fdopen(os.dup(0)))  # the other one is locked by a thread that is not there
            os._exit(0)
        case "die":
            complain(arguments.get("words", "I am dying"))
            os._exit(3)
        case "print":
            with writing:
                sys.stdout.write(arguments["text"] + "\n")
                sys.stdout.flush()
            return text_result("printed")
        case "raw":
            with writing:
                sys.stdout.buffer.write(
                    arguments["line"].replace("{id}", json.dumps(request_id)).encode("latin-1") + b"\n"
                )
                sys.stdout.buffer.flush()
            return None
        case "last_words":
            with writing:
                sys.stdout.write(arguments["text"].replace("{id}", json.dumps(request_id)))
                sys.stdout.flush()
                os._exit(0)
        case "complain":
            for _ in range(arguments.get("times", 1)):
                sys.stderr.write(arguments["text"] + "\n")
            sys.stderr.flush()
            return text_result("complained")
        case "grandchild":
            if arguments.get("holds"):
                subprocess.Popen(["sleep", "60"], start_new_session=arguments.get("leaves", False))
                os._exit(3)
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", IGNORES_SIGTERM],
                stdout=subprocess.PIPE,
                start_new_session=arguments.get("leaves", False),
            )
            assert child.stdout is not None
            child.stdout.readline()
            return text_result(str(child.pid))
        case "add_tool":
            extra_tools.append({"name": arguments["added"], "description": arguments["description"], "inputSchema": {}})
            send({"method": "notifications/tools/list_changed"})
            return text_result("added")
        case "progress":
            send(
                {"method": "notifications/progress", "params": {"progressToken": meta["progressToken"], "progress": 1}}
            )
            return text_result("progressed")
        case "big":
            return text_result("x" * arguments["size"])
        case "fail":
            send({"id": request_id, "error": {"code": arguments["code"], "message": arguments["message"]}})
            return None
        case _:
            return text_result(f"{SCRIPT.get('name')}: {name} done")


def add_tools_later() -> None:
    """Register tools once a file is there, and tell of it."""
    wait_for_file(SCRIPT["tools_come_with"])
    extra_tools.extend({"name": name, "inputSchema": {"type": "object"}} for name in ("echo", "late"))
    send({"method": "notifications/tools/list_changed"})


def touch(arguments: dict[str, Any]) -> None:
    """Tell that the call has arrived."""
    if "arrived" in arguments:
        Path(arguments["arrived"]).write_text(str(os.getpid()))


def answer(message: dict[str, Any]) -> None:
    method, request_id, params = message["method"], message.get("id"), message.get("params", NOTHING)
    if request_id is None:
        return
    result: dict[str, Any] | None = {}
    if method == "initialize" and "refuses" in SCRIPT:
        send({"id": request_id, "error": {"code": -32602, "message": SCRIPT["refuses"]}})
        return
    if method == "initialize":
        result = hello(params)
    elif method.endswith("/list"):
        if "lists_fail" in SCRIPT:
            send({"id": request_id, "error": {"code": -32603, "message": SCRIPT["lists_fail"]}})
            return
        if "pages_fail" in SCRIPT and params.get("cursor"):
            send({"id": request_id, "error": {"code": -32603, "message": SCRIPT["pages_fail"]}})
            return
        result = None if SCRIPT.get("lists_hang") else listed(method, params)
    elif method == "tools/call":
        result = call(params["name"], params.get("arguments", NOTHING), request_id, params.get("_meta", NOTHING))
    elif method == "prompts/get":
        result = {
            "messages": [{"role": "user", "content": {"type": "text", "text": SCRIPT.get("says", params["name"])}}]
        }
    elif method == "resources/read":
        result = {"contents": [{"uri": params["uri"], "text": SCRIPT.get("says", str(SCRIPT.get("name")))}]}
    elif method == "logging/setLevel":
        log_levels.append(params["level"])
    elif method == "resources/subscribe":
        subscribed.append(params["uri"])
    if result is not None:
        send({"id": request_id, "result": result})


def hello(params: dict[str, Any]) -> dict[str, Any] | None:
    if SCRIPT.get("never_answers"):
        return None
    if "starts_after" in SCRIPT:
        wait_for_file(SCRIPT["starts_after"])
    capabilities: dict[str, Any] = {"tools": {"listChanged": True}, "logging": {}}
    capabilities |= {"prompts": {}, "resources": {"subscribe": True}} if SCRIPT.get("offers_all") else {}
    return {
        "protocolVersion": SCRIPT.get("protocol", params["protocolVersion"]),
        "capabilities": capabilities,
        "serverInfo": {"name": SCRIPT.get("name", "scripted"), "version": "1"},
        "instructions": SCRIPT.get("instructions", ""),
    }


def read(lines: Iterable[str]) -> None:
    for line in lines:
        if SCRIPT.get("reads_no_halves") and re.search(r"\\u[dD][89a-fA-F]", line):
            continue
        threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()


def main() -> None:
    if "starts_file" in SCRIPT:
        with Path(SCRIPT["starts_file"]).open("a") as file:
            file.write(f"{os.getpid()}\n")
    if SCRIPT.get("ignores_sigterm"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "tools_come_with" in SCRIPT:
        threading.Thread(target=add_tools_later, daemon=True).start()
    if "garbage" in SCRIPT:
        sys.stdout.write(SCRIPT["garbage"] + "\n")
        sys.stdout.flush()
    if "exits_with" in SCRIPT and ("exits_while" not in SCRIPT or Path(SCRIPT["exits_while"]).exists()):
        complain(SCRIPT["exits_with"])
        sys.exit(1)
    read(sys.stdin)
    while SCRIPT.get("ignores_end_of_input"):
        time.sleep(60)


main()
