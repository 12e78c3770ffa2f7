"""Looking at what servers changed, and answering, at the shell."""

import io
import json
import sys
from contextlib import closing
from typing import Any

import pytest

from mcp_dynaload.cli import quarantine as command
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.quarantine import Quarantine
from mcp_dynaload.store.journal import SqliteJournal, Wanted
from mcp_dynaload.store.sqlite_definitions import SqliteDefinitions
from mcp_dynaload.upstream.listing import Listing
from tests.cli.conftest import Shell
from tests.faults.scripted import config, entry, tool

pytestmark = pytest.mark.proves("pinning")


@pytest.fixture
def changed(shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Return a home in which the server `mail` has changed a tool and added another."""
    monkeypatch.setenv("MCP_DYNALOAD_STATE_DIR", str(shell.state_dir))
    monkeypatch.setenv("MCP_DYNALOAD_CONFIG_DIR", str(shell.servers_file.parent))
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(shell.project))
    with closing(SqliteDefinitions(shell.state_dir / "definitions.db")) as definitions:
        gate = Quarantine(definitions, Masker(), "enforce", shell.project)
        gate.configure([config("mail")])
        gate.admit("mail", Listing(tools=(tool("send", "Send a letter"),)))
        gate.admit("mail", Listing(tools=(tool("send", "Send a letter to \x1b[31mme"), tool("burn", "Burn it"))))
    return shell


def test_the_list_says_how_many_and_what_to_do_and_show_tells_the_words(
    changed: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    command.list_servers()
    listed = capsys.readouterr().out
    command.show(["mail"])
    shown = capsys.readouterr().out
    command.show(server="mail", names=["burn"], as_json=True)
    told: list[Any] = json.loads(capsys.readouterr().out)

    assert "1 changed, 1 new" in listed
    assert "mcp-dynaload quarantine show mail" in listed
    assert "    description: Send a letter{+ to \\x1b[31mme+}" in shown.splitlines()
    assert "Use them: mcp-dynaload quarantine approve mail" in shown
    assert [one["name"] for group in told[0]["groups"] for one in group["definitions"]] == ["burn"]
    assert told[0]["groups"][0]["differences"][0] == {
        "field": "description",
        "pieces": [{"op": "added", "text": "Burn it"}],
    }


def test_a_whole_server_is_approved_by_one_command_which_is_journalled(
    changed: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    command.reject(["mail", "burn"], yes=True)
    command.approve(["mail"], yes=True)
    command.list_servers()
    told = capsys.readouterr().out
    with closing(SqliteJournal(changed.state_dir / "journal.db", 1, 100)) as journal:
        written = [json.loads(one.row.fact) for one in journal.read(Wanted(kinds=("definitions_judged",)))]

    assert "1 definition of mail rejected." in told
    assert "2 definitions of mail approved." in told
    assert told.endswith("Nothing is held back: every server offers what you have approved.\n")
    assert [(one["upstream"], one["outcome"], len(one["elements"])) for one in written] == [
        ("mail", "rejected", 1),
        ("mail", "approved", 2),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "name the server"),
        (["other"], "nothing of 'other' is held back"),
        (["mail", "nothing"], "nothing of 'mail' nothing is held back"),
        (["mail"], "nobody can be asked here"),
    ],
)
def test_what_cannot_be_approved_is_explained(
    changed: Shell, monkeypatch: pytest.MonkeyPatch, names: list[str], message: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # no terminal

    with pytest.raises(ConfigError, match=message):
        command.approve(names)


def test_a_server_or_definition_of_which_nothing_can_be_shown_is_told(changed: Shell) -> None:
    with pytest.raises(ConfigError, match="no server is called 'nope'; configured are: "):
        command.show(["nope"])
    with pytest.raises(ConfigError, match="nothing of 'mail' called nope is held back"):
        command.show(["mail", "nope"])


def test_refresh_and_tools_tell_of_what_is_held_back_in_a_line(shell: Shell) -> None:
    file = shell.folder / "lists.json"
    shell.write_servers({"mail": entry("mail", offers_file=str(file))})
    file.write_text(json.dumps({"tools": [tool("send")]}))
    first = shell.run("refresh")
    file.write_text(json.dumps({"tools": [tool("send"), tool("burn", "Burn it")]}))
    refreshed = shell.run("refresh")
    told = json.loads(shell.run("tools", "--json").stdout)

    line = "server mail: definitions differ from those that you approved: 1 new; not used until you have looked"
    assert (first.returncode, first.stderr.count("quarantine")) == (0, 0)
    assert f"{line}: mcp-dynaload quarantine show mail" in refreshed.stderr
    assert [one["name"] for one in told["tools"]] == ["mail__send"]
    assert told["held"] == {"mail": "1 new"}
