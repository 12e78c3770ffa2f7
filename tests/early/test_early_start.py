"""The program as a client starts it again and again: what it is told early, and what follows where that has changed."""

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mcp_dynaload.config.paths import variables_for
from tests.faults.scripted import entry
from tests.programs import PYTHON
from tests.waiting import HANG_SECONDS

HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "claude-code", "version": "1"}}
SPOILT = "as it was before"


class Running:
    """A started server, as its client has it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._number = 0
        self.notified: list[str] = []

    def send(self, *messages: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(json.dumps({"jsonrpc": "2.0", **one}).encode() + b"\n" for one in messages))
        self.process.stdin.flush()

    def ask(self, method: str, params: dict[str, Any] | None = None) -> Any:
        self._number += 1
        self.send({"id": self._number, "method": method, "params": params or {}})
        return self.answer(self._number)

    def answer(self, number: int) -> Any:
        while (message := self.message()).get("id") != number:
            self.notified.append(message.get("method", f"answer {message.get('id')}"))
        return message.get("result", message.get("error"))

    def message(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "it has ended"
        return json.loads(line)

    def begin(self) -> tuple[Any, Any, Any]:
        """Return what is answered to the first requests."""
        self.ask("server/discover")
        hello = self.ask("initialize", HELLO)
        self.send({"method": "notifications/initialized"})
        return hello, self.ask("tools/list"), self.ask("prompts/list")


class Desk:
    """A user's folder with a server, before which we are started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "servers.json"
        self.write()
        self._run("refresh")

    def write(self, **options: object) -> None:
        self.config.write_text(json.dumps({"mcpServers": {"desk": entry("desk", options=options)}}))

    @property
    def record(self) -> Path:
        (file,) = (self.folder / "state" / "early").glob("*.json")
        return file

    def spoil(self) -> None:
        """Have the stored list differ from what is listed."""
        content = json.loads(self.record.read_text())
        for exchange in content["clients"][0]:
            if exchange[0] == "tools/list":
                exchange[2] = f'"result":{{"tools":[],"x":"{SPOILT}"}}}}\n'
        self.record.write_text(json.dumps(content))

    @contextmanager
    def running(self, **variables: str) -> Generator[Running]:
        command = [PYTHON, "-m", "mcp_dynaload", "serve", "--config", str(self.config)]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environ() | variables,
            cwd=self.folder,
        ) as process:
            try:
                yield Running(process)
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(HANG_SECONDS)

    def until_kept(self) -> None:
        """Start once, so that the answers are kept: those before the first other request."""
        with self.running() as server:
            server.begin()
            server.ask("ping")

    def _run(self, *words: str) -> None:
        subprocess.run(
            [PYTHON, "-m", "mcp_dynaload", *words, "--config", str(self.config)],
            check=True,
            capture_output=True,
            env=self._environ(),
            cwd=self.folder,
        )

    def _environ(self) -> dict[str, str]:
        own = {**variables_for(self.folder), "MCP_DYNALOAD_LOG_LEVEL": "error"}
        return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | own


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


def test_the_second_start_answers_as_the_first_and_goes_on_with_what_it_was_asked_meanwhile(desk: Desk) -> None:
    with desk.running() as server:
        first = server.begin()
        server.ask("ping")
    with desk.running() as server:
        second = server.begin()
        called = server.ask("tools/call", {"name": "desk__echo", "arguments": {"text": "hello"}})
        resources = server.ask("resources/list")

    assert second == first
    assert not called.get("isError")
    assert resources == {"resources": []}
    assert "answer" not in " ".join(server.notified)


def test_a_list_that_differs_by_now_is_announced_and_kept_as_it_is(desk: Desk) -> None:
    desk.until_kept()
    desk.spoil()
    with desk.running() as server:
        _, early, _ = server.begin()
        while "notifications/tools/list_changed" not in server.notified:
            server.notified.append(server.message().get("method", "answered twice"))
        now = server.ask("tools/list")

    assert early == {"tools": [], "x": SPOILT}
    assert "find_tools" in [tool["name"] for tool in now["tools"]]
    assert "answered twice" not in server.notified
    with desk.running() as server:
        _, again, _ = server.begin()
    assert again == now


def test_what_the_servers_file_denies_by_now_is_in_no_early_answer(desk: Desk) -> None:
    desk.until_kept()
    desk.spoil()
    desk.write(tools={"deny": ["echo"]})
    with desk.running() as server:
        hello, listed, _ = server.begin()
    desk.write()

    assert SPOILT not in json.dumps(listed)
    assert "echo" not in hello["instructions"]


@pytest.mark.parametrize("variables", [{"MCP_DYNALOAD_EARLY_ANSWERS": "false"}, {"DYNAMIC_LOADING_ENABLED": "false"}])
def test_where_it_is_not_wanted_nothing_is_kept(desk: Desk, variables: dict[str, str]) -> None:
    before = sorted((desk.folder / "state" / "early").iterdir())
    with desk.running(**variables) as server:
        server.begin()
        server.ask("ping")
    assert sorted((desk.folder / "state" / "early").iterdir()) == before


def test_a_client_that_leaves_at_once_ends_it(desk: Desk) -> None:
    desk.until_kept()
    with desk.running() as server:
        server.begin()
    assert server.process.returncode == 0
