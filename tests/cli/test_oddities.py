"""Commands and journal say which definitions of which server were repaired or left out, and why."""

import json
import sys
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from tests.cli.conftest import Shell
from tests.e2e import odd_server
from tests.e2e.odd_kinds import usual

pytestmark = pytest.mark.proves("odd-definitions")

HINT = {**usual("tools", "hinted"), "annotations": {"readOnlyHint": "yes"}}
SHAPELESS = {**usual("tools", "shapeless\n[red]"), "inputSchema": None}
REPAIRED = "tool 'hinted' repaired: annotations.readOnlyHint is 'yes', not true or false"
LEFT_OUT = "tool 'shapeless\\n[red]' left out: inputSchema is null, not an object"
NAMELESS = "prompt without a name left out: name is no text"


def write_odd_server(shell: Shell, *tools: Json) -> None:
    lists: Path = shell.folder / "lists.json"
    prompts = [{"name": None}, usual("prompts", "good")]
    lists.write_text(json.dumps([{"tools": [usual("tools", "good"), *tools], "prompts": prompts}]))
    shell.write_servers({"odd": {"command": sys.executable, "args": [odd_server.__file__, str(lists)]}})


def journalled(shell: Shell) -> list[Json]:
    done = shell.run("audit", "--kind", "listing_mended", "--json")
    return json.loads(done.stdout)["entries"]


def test_doctor_and_tools_name_the_element_the_key_the_reason_and_what_was_done(shell: Shell) -> None:
    write_odd_server(shell, HINT, SHAPELESS)

    words, findings = shell.run("doctor").stdout, json.loads(shell.run("doctor", "--json").stdout)
    listed = json.loads(shell.run("tools", "--json").stdout)

    (note,) = [finding["what"] for finding in findings if "definitions" in finding["what"]]
    head = "server odd: definitions that Claude Code would not take as they are: 1 repaired, 2 left out"
    assert note.split("\n") == [head, f"  {NAMELESS}", f"  {LEFT_OUT}", f"  {REPAIRED}"]
    assert "tool 'shapeless\\n[red]' left out" in words
    assert "'shapeless\\n[red]' left out: inputSchema is null" in shell.run("tools").stdout
    assert listed["mended"] == {"odd": {"repaired": 1, "left_out": 2, "elements": [NAMELESS, LEFT_OUT, REPAIRED]}}
    assert [tool["name"] for tool in listed["tools"]] == ["odd__good", "odd__hinted"]


def test_the_journal_has_it_once_for_each_change_and_not_for_each_start(shell: Shell) -> None:
    write_odd_server(shell, HINT, SHAPELESS)
    shell.run("refresh")
    for _ in range(2):
        assert shell.run("serve", stdin="").returncode == 0
    (entry,) = journalled(shell)
    write_odd_server(shell, HINT)
    shell.run("refresh")
    shell.run("serve", stdin="")

    _, other = journalled(shell)

    assert (entry["upstream"], entry["detail"]) == ("odd", "1 repaired, 2 left out")
    assert entry["elements"] == [NAMELESS, LEFT_OUT, REPAIRED]
    assert (other["repaired"], other["left_out"]) == (1, 1)
