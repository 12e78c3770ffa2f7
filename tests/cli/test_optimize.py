"""`mcp-dynaload optimize`: what a prompt would load."""

import json
from typing import Any

import pytest

from mcp_dynaload.api.results import QueryResult
from tests.cli.conftest import Shell


def test_it_is_in_the_help(shell: Shell) -> None:
    assert "\n│ optimize " in shell.run("--help").stdout


def test_where_no_server_can_be_listed_it_says_why(shell: Shell) -> None:
    shell.write_servers({"broken": {"command": "no-such-program-here"}})

    done = shell.run("optimize", "create a note")

    assert done.returncode == 2
    assert "MCP server 'broken' did not start: the program 'no-such-program-here' was not found" in done.stderr
    assert "no tool is known, so there is nothing to choose from" in done.stderr


@pytest.fixture
def stocked(shell: Shell, notes_server: dict[str, Any]) -> Shell:
    shell.write_servers(notes_server)
    assert shell.run("refresh").returncode == 0
    return shell


def test_it_tells_what_is_loaded_what_that_saves_and_why(stocked: Shell) -> None:
    prompt = "search the notes in the knowledge base"
    plain = json.loads(stocked.run("optimize", prompt, "--json").stdout)
    told = json.loads(stocked.run("optimize", prompt, "--json", "--explain", "--strategy", "aggressive").stdout)
    shown = stocked.run("optimize", prompt, "--explain")

    assert list(plain) == [
        *QueryResult.model_fields,
        "catalog_tools",
        "not_listed_yet",
        "denied_by_client",
    ]
    assert (plain["strategy"], plain["reason"], plain["catalog_tools"]) == ("balanced", "needed for the prompt", 12)
    assert plain["reduction_percentage"] == round(100 - 100 * plain["optimized_tokens"] / plain["baseline_tokens"], 2)
    assert [tool["name"] for tool in plain["tools"]] == sorted(plain["added"])
    assert told["strategy"] == "aggressive"
    explained = {tool["name"]: tool for tool in told["explained"]}
    assert [name for name, tool in explained.items() if tool["is_loaded"]] == told["added"]
    best = explained[told["added"][0]]
    assert list(best) == ["name", "is_loaded", "reason", "terms", "score", "prior", "probability", "tokens"]
    assert "search" in best["terms"]
    assert best["reason"] == "needed"
    assert shown.returncode == 0
    assert best["name"] in shown.stdout
    assert "below the bound" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100


def test_a_prompt_that_needs_nothing_loads_nothing(stocked: Shell) -> None:
    told = json.loads(stocked.run("optimize", "thanks!", "--json", "--explain").stdout)

    assert (told["tools"], told["explained"], told["reason"]) == ([], [], "no content of its own")
