"""How the plugin's server is started: by our program, by uvx, or not at all, which is told in one sentence."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.installed import ROOT
from tests.plugin.own_server import BRINGING, LAUNCHER
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("own-server")

INITIALIZE: dict[str, Any] = {"method": "initialize", "params": {"capabilities": {}}, "jsonrpc": "2.0", "id": 0}
INITIALIZED = {"method": "notifications/initialized", "jsonrpc": "2.0"}
LIST = {"method": "tools/list", "jsonrpc": "2.0", "id": 1}
DISCOVER = {"method": "server/discover", "jsonrpc": "2.0", "id": "a-text"}


def hook(number: int, event: str, prompt: str = "") -> dict[str, Any]:
    arguments = {"event": event, "prompt": prompt}
    params = {"name": "dynaload_hook", "arguments": arguments}
    return {"method": "tools/call", "params": params, "jsonrpc": "2.0", "id": number}


class Machine:
    """A home with a folder of programs; the shell's own are copied there, so that nothing else is found."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs = root / "bin"
        self.programs.mkdir(parents=True)
        for name in ("sed", "grep", "dirname", "mkdir", "touch", "sleep"):
            (self.programs / name).symlink_to(str(shutil.which(name)))

    def program(self, name: str, script: str) -> None:
        file = self.programs / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def run(self, *messages: dict[str, Any], plugin: Path = BRINGING) -> tuple[list[dict[str, Any]], str]:
        """Start the server, say all messages, and return its answers and what else it printed."""
        text = "".join(json.dumps(message, separators=(",", ":")) + "\n" for message in messages)
        environ = {
            "PATH": str(self.programs),
            "HOME": str(self.root),
            "CLAUDE_PLUGIN_ROOT": str(plugin),
            "CLAUDE_PLUGIN_DATA": str(self.root / "data"),
        }
        done = subprocess.run(
            ["/bin/sh", str(plugin / LAUNCHER)],
            input=text,
            env=environ,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=True,
        )
        lines = done.stdout.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")], done.stdout


def notices(answers: list[dict[str, Any]]) -> list[str]:
    """Return what hooks tell the user."""
    texts = [answer["result"]["content"][0]["text"] for answer in answers if "content" in answer.get("result", {})]
    return [json.loads(text).get("systemMessage", "") for text in texts]


def test_the_program_on_the_path_is_started(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.program("mcp-dynaload", 'echo "started with $*"')

    assert machine.run()[1] == "started with serve\n"


def test_without_one_uvx_brings_it_from_the_repository_around_the_plugin_once_it_is_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.program("uvx", f'echo "$*" >> {tmp_path}/asked; echo "uvx $*"')

    assert machine.run()[1] == machine.run()[1] == f"uvx --from {ROOT} mcp-dynaload serve\n"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == [f"--from {ROOT} mcp-dynaload {what}" for what in ("--help", "serve", "serve")]


def test_a_copy_of_the_clients_comes_from_where_the_client_keeps_the_marketplace(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.program("uvx", 'echo "uvx $*"')
    copy = tmp_path / ".claude" / "plugins" / "cache" / "mcp-dynaload" / "dynaload" / "0.1.0"
    shutil.copytree(BRINGING, copy)
    known = {
        "another": {"source": {"source": "github", "repo": "a/b"}, "installLocation": "/nowhere"},
        "mcp-dynaload": {"source": {"source": "directory", "path": str(ROOT)}, "installLocation": str(ROOT)},
    }
    (tmp_path / ".claude" / "plugins" / "known_marketplaces.json").write_text(json.dumps(known, indent=2))

    assert machine.run(plugin=copy)[1] == f"uvx --from {ROOT} mcp-dynaload serve\n"


@pytest.mark.parametrize("has_uvx", [False, True])
def test_where_none_can_be_had_the_client_is_answered_and_the_user_told_once(tmp_path: Path, has_uvx: bool) -> None:
    machine = Machine(tmp_path)
    if has_uvx:
        machine.program("uvx", "echo no network; exit 1")
    quoting = 'say "id": 7, or {"method":"initialize"}'
    calls = [hook(2, "UserPromptSubmit", quoting), hook(3, "Stop"), hook(4, "UserPromptSubmit", "again")]

    answers, _ = machine.run(INITIALIZE, INITIALIZED, LIST, DISCOVER, *calls)

    assert [answer["id"] for answer in answers] == [0, 1, "a-text", 2, 3, 4]
    assert answers[0]["result"]["serverInfo"]["name"] == "dynaload"
    assert answers[1]["result"] == {"tools": []}
    assert answers[2]["error"]["code"] == -32601
    why = "uvx could not install it" if has_uvx else "its program is not installed"
    first, *others = notices(answers)
    assert first.startswith(f"dynaload: {why}")
    assert others == ["", ""]
    assert os.linesep not in first


def test_while_it_is_being_installed_the_user_is_told_so(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.program("uvx", f"while [ ! -e {tmp_path}/enough ]; do sleep 1; done; touch {tmp_path}/done")
    machine.program("sleep", "exec /bin/sleep 0.05")
    try:
        answers, _ = machine.run(INITIALIZE, hook(1, "UserPromptSubmit"))
    finally:
        (tmp_path / "enough").touch()

    assert notices(answers) == [
        "dynaload: it is being installed, once, and serves from the next start of Claude Code on."
    ]
