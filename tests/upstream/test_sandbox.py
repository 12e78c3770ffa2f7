"""A contained server sees and reaches what its entry names and what it needs to run, and nothing else."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from mcp_dynaload.config.upstream_config import Sandbox, UpstreamConfig, UpstreamOptions
from mcp_dynaload.errors import UpstreamError
from mcp_dynaload.upstream.pool import Pool
from mcp_dynaload.upstream.process import ProcessCommand
from mcp_dynaload.upstream.sandbox import Hidden, in_words, sandbox_arguments, sandbox_trouble
from tests.faults.scripted import until, until_gone
from tests.upstream.sessions import call, pool_of

pytestmark = pytest.mark.proves("sandbox")

SERVER = Path(__file__).with_name("escaping_server.py")


@dataclass(frozen=True)
class House:
    """A user's home with a project in it, and things that are nobody else's business."""

    home: Path
    elsewhere: Path

    @property
    def project(self) -> Path:
        return self.home / "project"

    @property
    def state(self) -> Path:
        return self.home / ".local" / "state" / "mcp-dynaload"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    found = House(tmp_path / "home", tmp_path / "elsewhere")
    files = {
        found.home / ".ssh" / "id_ed25519": "private key",
        found.state / "definitions.db": "approved",
        found.home / ".config" / "mcp-dynaload" / "servers.json": "{}",
        found.home / "notes" / "today.txt": "a note",
        found.project / "readme.txt": "of the project",
        found.project / ".mcp-dynaload" / "servers.json": "tokens",
        found.elsewhere / "payroll.txt": "salaries",
        found.elsewhere / "out" / "old.txt": "old",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("HOME", str(found.home))
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(found.project))
    monkeypatch.setenv("MCP_DYNALOAD_STATE_DIR", str(found.state))
    monkeypatch.setenv("MCP_DYNALOAD_CONFIG_DIR", str(found.home / ".config" / "mcp-dynaload"))
    return found


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def contained(*args: str, **reach: Any) -> UpstreamConfig:
    command = {"command": sys.executable, "args": ["-I", "-S", str(SERVER), *args]}
    options = UpstreamOptions(sandbox=Sandbox(**reach))
    return UpstreamConfig(
        name="guest", transport="stdio", command=sys.executable, args=tuple(command["args"]), options=options,
        entry=command, source=Path("servers.json"),
    )  # fmt: skip


async def attempt(pool: Pool, *words: object) -> str:
    """Return what an attempt brought; how it failed in angle brackets."""
    result = await call(pool, "guest", "attempt", words=[str(word) for word in words])
    text = result["content"][0]["text"]
    return f"<{text}>" if result.get("isError") else text


async def process_with(argument: str) -> int:
    """Return the one process with this argument, which it may not have yet: it is its parent's copy at first."""

    def found() -> list[int]:
        running = psutil.process_iter(["cmdline"])
        return [process.pid for process in running if argument in (process.info["cmdline"] or ())]

    await until(lambda: len(found()) == 1)
    return found()[0]


async def test_a_server_that_tries_to_break_out_gets_nothing_that_its_entry_does_not_name(
    house: House, listening: int
) -> None:
    abroad = house.home / "talk.sock"
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(abroad))
        unix.listen()
        async with pool_of(house.project, contained()) as pool:
            got = {
                "key": await attempt(pool, "read", house.home / ".ssh" / "id_ed25519"),
                "home": await attempt(pool, "list", house.home),
                "our state": await attempt(pool, "read", house.state / "definitions.db"),
                "our entries": await attempt(pool, "read", house.project / ".mcp-dynaload" / "servers.json"),
                "elsewhere": await attempt(pool, "read", house.elsewhere / "payroll.txt"),
                "passwords": await attempt(pool, "read", "/etc/shadow"),
                "write to the project": await attempt(pool, "write", house.project / "readme.txt"),
                "write elsewhere": await attempt(pool, "write", house.elsewhere / "out" / "new.txt"),
                "write to the system": await attempt(pool, "write", "/usr/new.txt"),
                "network": await attempt(pool, "connect", "127.0.0.1", listening),
                "socket": await attempt(pool, "connect unix", abroad),
                "environment of ours": await attempt(pool, "read", f"/proc/{os.getpid()}/environ"),
                "the project": await attempt(pool, "read", house.project / "readme.txt"),
            }
            processes = (await attempt(pool, "processes")).split()

    assert got == {
        "key": "<FileNotFoundError>",
        "home": "project",
        "our state": "<FileNotFoundError>",
        "our entries": "<FileNotFoundError>",
        "elsewhere": "<FileNotFoundError>",
        "passwords": "<PermissionError>",
        "write to the project": "<OSError>",
        "write elsewhere": "<FileNotFoundError>",
        "write to the system": "<OSError>",
        "network": got["network"],
        "socket": "<FileNotFoundError>",
        "environment of ours": "<FileNotFoundError>",
        "the project": "of the project",
    }
    assert got["network"] in ("<ConnectionRefusedError>", "<OSError>")
    assert len(processes) <= 3
    assert (house.project / "readme.txt").read_text() == "of the project"


async def test_it_has_what_its_entry_names_and_our_own_folders_are_hidden_even_there(
    house: House, listening: int
) -> None:
    reach = contained(network=True, read=("~/.local", "~/notes"), write=(str(house.elsewhere / "out"), "readme.txt"))
    async with pool_of(house.project, reach) as pool:
        got = {
            "note": await attempt(pool, "read", house.home / "notes" / "today.txt"),
            "change a note": await attempt(pool, "write", house.home / "notes" / "today.txt"),
            "write": await attempt(pool, "write", house.elsewhere / "out" / "new.txt"),
            "write in the project": await attempt(pool, "write", house.project / "readme.txt"),
            "beside it": await attempt(pool, "list", house.elsewhere),
            "our state": await attempt(pool, "list", house.state),
        }
        reached = await attempt(pool, "connect", "127.0.0.1", listening)

    assert got == {
        "note": "a note",
        "change a note": "<OSError>",
        "write": "written",
        "write in the project": "written",
        "beside it": "out",
        "our state": "",
    }
    assert reached == "connected"
    assert (house.elsewhere / "out" / "new.txt").read_text() == "was here"
    assert (house.state / "definitions.db").read_text() == "approved"


async def test_its_end_is_the_end_of_all_that_it_started_and_comes_in_order_if_it_takes_it_in_time(
    house: House,
) -> None:
    farewell = house.elsewhere / "out" / "farewell.txt"
    async with pool_of(house.project, contained(str(farewell), write=(str(farewell.parent),))) as pool:
        await attempt(pool, "grandchild", "86399")
        grandchild = await process_with("86399")
        await pool["guest"].stopped()

        await until_gone([grandchild], seconds=1)

    assert farewell.read_text() == "ended in order"


async def test_a_contained_server_that_is_frozen_is_ended_too(house: House) -> None:
    async with pool_of(house.project, contained()) as pool:
        await attempt(pool, "grandchild", "86397")
        grandchild = await process_with("86397")
        server = psutil.Process(grandchild).parent()
        assert server is not None
        server.suspend()

        await pool["guest"].stopped()

        await until_gone([server.pid, grandchild], seconds=1)


async def test_a_sandbox_that_is_killed_leaves_nothing_and_the_next_call_starts_it_anew(house: House) -> None:
    async with pool_of(house.project, contained()) as pool:
        await attempt(pool, "grandchild", "86398")
        grandchild = await process_with("86398")
        connection = pool["guest"].connection
        assert connection is not None
        assert connection.pid is not None
        os.kill(connection.pid, signal.SIGKILL)

        await until_gone([connection.pid, grandchild])
        await until(lambda: not pool.is_connected("guest"))

        assert await attempt(pool, "read", house.project / "readme.txt") == "of the project"


async def refusal(house: House, config: UpstreamConfig) -> str:
    async with pool_of(house.project, config) as pool:
        with pytest.raises(UpstreamError) as error:
            await attempt(pool, "list", "/")
    return str(error.value)


async def test_without_bubblewrap_the_server_is_not_started_and_the_error_says_what_to_do(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(programs))
    missing = await refusal(house, contained())
    (programs / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    (programs / "bwrap").chmod(0o755)
    refused = await refusal(house, contained())

    assert "mcpServers.guest.dynaload.sandbox of servers.json cannot be kept" in missing
    assert "bubblewrap (bwrap) is not installed → install it" in missing
    assert "(bwrap: No permissions to create new namespace) → allow user namespaces" in refused
    assert sandbox_trouble() is not None


async def test_a_place_that_is_not_there_is_named_with_its_key(house: House) -> None:
    said = await refusal(house, contained(read=("~/nowhere",)))

    assert f"mcpServers.guest.dynaload.sandbox.read of servers.json names '{house.home}/nowhere'" in said


async def test_a_program_that_is_not_there_is_told_as_it_is_without_a_sandbox(house: House) -> None:
    said = await refusal(house, replace(contained(), command="no-such-program"))

    assert "the program 'no-such-program' was not found" in said


def bound(folder: Path, command: str, *args: str, home: Path) -> set[str]:
    """Return what a program of a made-up installation gets to read beside the system's folders."""
    written = ProcessCommand(command, args, {"PATH": "/usr/bin"}, folder)
    words = sandbox_arguments(Sandbox(), written, Path(command), Hidden((home,), (home / ".local" / "state",)))
    paths = {path for option, path in pairwise(words) if option == "--ro-bind"}
    return {str(Path(path).relative_to(home)) for path in paths if Path(path).is_relative_to(home)}


def made(path: Path, text: str = "", *, links_to: Path | None = None) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if links_to is not None:
        path.symlink_to(links_to)
    else:
        path.write_text(text)
    return str(path)


def test_interpreters_environments_and_packages_are_shown_whole_and_the_home_around_them_is_not(tmp_path: Path) -> None:
    home = tmp_path / "home"
    node = made(home / ".nvm/v20/bin/node")
    (home / ".nvm/v20/lib/node_modules/x").mkdir(parents=True)
    python = Path(made(home / ".pyenv/3.11/bin/python3.11"))
    made(home / ".pyenv/3.11/lib/python3.11/os.py")
    made(home / "tools/notes/pyvenv.cfg", f"home = {python.parent}\n")
    made(home / "tools/notes/bin/python", links_to=python)
    script = Path(made(home / "tools/notes/bin/notes", f"#!{home}/tools/notes/bin/python\n"))
    linked = made(home / ".local/bin/notes", links_to=script)
    made(home / ".local/lib/python3.11/os.py")
    alone = made(home / "bin/alone")
    package = made(home / "src/server/dist/index.js")
    made(home / "src/server/package.json", "{}")
    folder = home / "project"
    folder.mkdir()

    assert bound(folder, node, package, home=home) == {"project", ".nvm/v20", "src/server"}
    assert bound(folder, linked, home=home) == {"project", ".local/bin/notes", "tools/notes", ".pyenv/3.11"}
    assert bound(folder, alone, home=home) == {"project", "bin/alone"}
    assert bound(home, alone, home=home) == {"bin/alone"}


def test_the_reach_is_told_in_words() -> None:
    assert in_words(Sandbox()) == "no network"
    assert in_words(Sandbox(network=True, read=("~/a", "b"), write=("/c",))) == (
        "the network; may read ~/a, b; may write /c"
    )
