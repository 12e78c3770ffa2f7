import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from mcp_dynaload.demo import SERVERS, embedded_servers
from mcp_dynaload.demo.serve import WORKSPACE_VARIABLE
from mcp_dynaload.machine.own_process import module_arguments
from tests.waiting import HANG_SECONDS


async def test_a_server_of_the_mapping_answers_over_stdio_and_ends_with_its_input(tmp_path: Path) -> None:
    entry = embedded_servers(tmp_path)["git"]
    with anyio.fail_after(HANG_SECONDS):
        async with Client(StdioServerParameters(command=entry["command"], args=entry["args"])) as client:
            tools = (await client.list_tools()).tools
            status = await client.call_tool("repo_status", {})

    assert "commit_history" in [tool.name for tool in tools]
    assert not status.is_error
    assert (tmp_path / "project/.git").is_dir()


@pytest.mark.parametrize("name", ["git", "calendar"])
def test_end_of_input_ends_the_process_and_removes_its_temporary_workspace(name: str, tmp_path: Path) -> None:
    ended = _serve(name, {"TMPDIR": str(tmp_path)})

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_a_terminated_server_removes_its_temporary_workspace(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mcp_dynaload.demo.serve", "calendar"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, env={**_without_workspace(), "TMPDIR": str(tmp_path)}
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "server/discover"}\n')
        process.stdin.flush()
        answered = process.stdout.readline()
        while_running = len(list(tmp_path.iterdir()))
        process.terminate()

        assert process.wait(10) == 128 + signal.SIGTERM
    assert answered
    assert while_running == 1
    assert list(tmp_path.iterdir()) == []


def test_the_variable_names_the_workspace(tmp_path: Path) -> None:
    ended = _serve("calendar", {WORKSPACE_VARIABLE: str(tmp_path)})

    assert ended.returncode == 0
    assert (tmp_path / "agenda/events.json").is_file()


def test_an_unusable_workspace_is_one_readable_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ended = _serve("calendar", {WORKSPACE_VARIABLE: str(tmp_path / "file")})

    assert ended.returncode == 1
    assert ended.stderr.startswith("The demo server 'calendar' cannot use ")
    assert len(ended.stderr.splitlines()) == 1


def test_the_mapping_has_every_server_and_passes_the_workspace(tmp_path: Path) -> None:
    servers = embedded_servers(tmp_path)

    assert tuple(servers) == SERVERS
    assert servers["mail"] == {
        "command": sys.executable,
        "args": module_arguments("mcp_dynaload.demo.serve", "mail", "--workspace", str(tmp_path)),
    }
    assert embedded_servers()["mail"]["args"] == module_arguments("mcp_dynaload.demo.serve", "mail")


def test_importing_the_mapping_and_the_scenarios_imports_nothing_heavy() -> None:
    code = "import sys, mcp_dynaload.demo.scenarios; print({'mcp', 'pydantic', 'anyio'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed == "set()\n"


def _serve(name: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mcp_dynaload.demo.serve", name]
    return subprocess.run(
        command,
        input="",
        env={**_without_workspace(), **environment},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )


def _without_workspace() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != WORKSPACE_VARIABLE}
