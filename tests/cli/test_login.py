"""`login` and `logout`, and what the other commands say of a server that wants a login."""

import json
import os
import sys
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from anyio.streams.text import TextReceiveStream
from typer.testing import CliRunner, Result

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.cli.app import app
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.errors import ConfigError
from tests.logins.authorization import address_after, protected
from tests.programs import PYTHON
from tests.servers_files import places_in, servers, write
from tests.waiting import HANG_SECONDS

BROWSER = """\
#!{python} -IS
import sys, urllib.request
urllib.request.urlopen(sys.argv[1]).read()
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locations:
    """Configure a home of its own, with a browser whose user is logged in and says yes."""
    places = places_in(tmp_path)
    places.project_dir.mkdir()
    browser = tmp_path / "bin" / "xdg-open"
    browser.parent.mkdir()
    browser.write_text(BROWSER.format(python=sys.executable))
    browser.chmod(0o700)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{browser.parent}{os.pathsep}{os.defpath}")
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("MCP_DYNALOAD_CONFIG_DIR", str(places.config_dir))
    monkeypatch.setenv("MCP_DYNALOAD_STATE_DIR", str(places.state_dir))
    monkeypatch.chdir(places.project_dir)
    return places


async def invoked(*line: str) -> Result:
    """Run a command beside the servers of this process."""
    with anyio.fail_after(HANG_SECONDS):
        return await anyio.to_thread.run_sync(lambda: CliRunner().invoke(app, line))


async def said(*line: str) -> str:
    """Run a command that is to work; what it says."""
    done = await invoked(*line)
    assert (done.exception, done.exit_code) == (None, 0), done.output
    return done.output


async def listed() -> Json:
    (server,) = json.loads(await said("list", "--json"))["servers"]
    return server


@pytest.mark.proves("logins")
async def test_a_server_is_added_logged_in_to_by_the_browser_and_logged_out_of(places: Locations) -> None:
    outputs: list[str] = []
    async with protected() as server:
        outputs.append(await said("add", "far", server.url))
        assert "It wants a login: run `mcp-dynaload login far`" in outputs[-1]
        assert (await listed())["state"] == "needs login"
        assert "Login needed: far. Run `mcp-dynaload login far`." in await said("list")
        assert "server far wants a login\n      → run `mcp-dynaload login far`" in (await invoked("doctor")).output
        assert "Login needed: far. Run `mcp-dynaload login far`." in (await invoked("refresh")).output

        outputs.append(await said("login", "--all"))
        assert "far: logged in." in outputs[-1]
        assert "far: 2 tools." in outputs[-1]
        assert ((await listed())["state"], (await listed())["tools"]) == ("used", 2)
        tokens = [*server.issuer.access, *server.issuer.refresh]
        outputs.append(await said("login", "--all"))
        assert "No server wants a login that it does not have." in outputs[-1]

        outputs.append(await said("logout", "far"))
        assert outputs[-1] == "far: forgotten here, and revoked at its server.\n"
        assert server.issuer.access == {} == server.issuer.refresh
        assert await said("logout", "far") == "There is no login to 'far'.\n"

    assert tokens
    assert not any(token in output for token in tokens for output in outputs)
    assert not any(token in places.user_servers_file.read_text() for token in tokens)


async def test_without_a_browser_the_address_is_printed_and_what_it_leads_to_can_be_pasted(places: Locations) -> None:
    async with protected() as server:
        write(places.user_servers_file, servers(far={"type": "http", "url": server.url}))
        command = [PYTHON, "-m", "mcp_dynaload", "login", "far", "--no-browser"]
        with anyio.fail_after(HANG_SECONDS):
            async with await anyio.open_process(command, stderr=None) as process:
                assert process.stdout is not None
                assert process.stdin is not None
                output = ""
                async for text in TextReceiveStream(process.stdout):
                    output += text
                    if "paste" in output:
                        break
                page = next(line for line in output.splitlines() if line.startswith("http"))
                await process.stdin.send(
                    b"http://localhost:1/callback?code=x&state=y\n" + (await address_after(page)).encode() + b"\n"
                )
                async for text in TextReceiveStream(process.stdout):
                    output += text
                assert await process.wait() == 0

    assert "far: logged in." in output


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (["login"], "name one server, or give --all"),
        (["logout"], "name one server, or give --all"),
        (["login", "nowhere"], "there is no server 'nowhere'; behind HTTP are: keyed"),
        (["login", "local"], "'local' is a program of this machine"),
        (["login", "keyed"], "the entry of 'keyed' has an 'Authorization' header"),
    ],
)
async def test_what_cannot_be_logged_in_to_is_said(places: Locations, line: list[str], why: str) -> None:
    keyed = {"type": "http", "url": "https://keyed.example/mcp", "headers": {"authorization": "Bearer ${KEY}"}}
    write(places.user_servers_file, servers(local={"command": "true"}, keyed=keyed))

    done = await invoked(*line)

    assert isinstance(done.exception, ConfigError)
    assert why in str(done.exception)
