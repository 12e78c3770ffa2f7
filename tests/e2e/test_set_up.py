"""A newcomer's set-up: ten servers, two with a login, wired and answering in the real client, and taken back."""

import json
import os
import stat
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import anyio.from_thread
import pytest

from tests.e2e.claude import Claude
from tests.e2e.model_api import tool_use
from tests.e2e.model_request import Json
from tests.e2e.names import CURRENT_TIME
from tests.e2e.stage import NPM_BIN, Stage
from tests.e2e.test_every_prompt import CLOCK
from tests.e2e.test_wired_by_init import client_with, dynaload, servers_of
from tests.logins.authorization import ProtectedServer, protected

MAX_COMMANDS = 10
LOGGED_IN = "Read what the near server has to say"
READ = "mcp__dynaload__near__read"

BROWSER = """\
#!{python}
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=20).read()
"""
"""A browser whose user is logged in and says yes to everything."""


@pytest.mark.proves("logins", "init")
def test_ten_servers_two_with_a_login_are_wired_and_answer_after_few_commands_which_one_takes_back(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    with anyio.from_thread.start_blocking_portal() as portal, ExitStack() as stack:
        far, near = (stack.enter_context(portal.wrap_async_context_manager(protected())) for _ in range(2))
        servers = servers_of(stage) | remote(far=far, near=near)
        servers["other-time"] = servers["time"]
        assert len(servers) == 10
        claude = client_with(stage, servers, {LOGGED_IN: [tool_use(READ, {})]})
        before = files(claude)
        began, commands = time.monotonic(), list[tuple[str, ...]]()

        def run(*arguments: str) -> str:
            commands.append(arguments)
            return dynaload(claude, *arguments, environment=at_a_screen(claude, stage.folder))

        wired = run("init", "--yes")
        logged_in = run("login", "--all")
        run("preflight")
        with claude.print_session() as session:
            session.ask(CLOCK)
            session.ask(LOGGED_IN)
        seconds = time.monotonic() - began

        assert "mcp-dynaload login --all" in wired
        assert {line for line in logged_in.splitlines() if "logged in." in line} == {
            "far: logged in.",
            "near: logged in.",
        }
        asked, answered = claude.api.main(CLOCK)
        assert CURRENT_TIME in asked.visible_tools
        assert "Asia/Tokyo" in answered.last_result
        assert "done: read" in claude.api.main(LOGGED_IN)[-1].last_result
        run("logout", "--all")
        run("uninstall")
        assert far.issuer.access == near.issuer.access == {}

    assert files(claude) == before
    assert len(commands) <= MAX_COMMANDS
    with capsys.disabled():
        print(f"\nten servers wired and answering after 3 commands and 2 prompts, in {seconds:.1f} s")


def remote(**servers: ProtectedServer) -> Json:
    """Return entries of servers behind HTTP, as `claude mcp add` writes them."""
    return {name: {"type": "http", "url": server.url} for name, server in servers.items()}


def at_a_screen(claude: Claude, folder: Path) -> dict[str, str]:
    """Return the environment of a user who has a browser."""
    programs = folder / "browser"
    if not programs.exists():
        programs.mkdir()
        browser = programs / "xdg-open"
        browser.write_text(BROWSER.format(python=sys.executable))
        browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    path = os.pathsep.join([str(programs), str(NPM_BIN), claude.environment["PATH"]])
    return claude.environment | {"PATH": path, "DISPLAY": ":0"}


def files(claude: Claude) -> Json:
    """Return the user's files that we may have touched, but for what the client writes there of its own."""
    settings = claude.home / ".claude" / "settings.json"
    own = json.loads((claude.home / ".claude.json").read_text())
    return {
        "settings": settings.read_text(),
        "servers": own["mcpServers"],
        "skills": _names(claude.home / ".claude/skills"),
    }


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
