import json

import pytest

from mcp_dynaload.cli.demo_scenarios import show
from mcp_dynaload.demo.outcome import PromptOutcome, ScenarioOutcome
from mcp_dynaload.demo.run import results
from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios import SCENARIOS
from tests.cli.conftest import Shell

MIN_SUCCESS = 0.85
MIN_RECALL = 0.85
"""Less than measured, by more than a busy machine costs: what falls below is a regression."""


@pytest.mark.proves("demo")
def test_the_demo_loads_and_calls_for_real(shell: Shell) -> None:
    done = shell.run("demo", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    walked = json.loads(done.stdout)
    calls = [call for prompt in walked["prompts"] for call in prompt["calls"]]
    assert (walked["servers"], walked["tools"]) == (11, 149)
    assert len(calls) > 15
    assert all(call["works"] for call in calls)
    assert "git__diff_working_tree" in walked["prompts"][0]["loaded"]


@pytest.mark.proves("demo-scenarios")
def test_scenarios_are_played_through_the_real_proxy(shell: Shell) -> None:
    types = (ScenarioType.INTERACTION, ScenarioType.EDGE)
    done = shell.run("demo", "--scenario-types", *types, "--json", seconds=300)
    told = json.loads(done.stdout)
    scenarios, total = told["scenarios"], told["total"]

    assert told["success"] == (done.returncode == 0) == all(played["success"] for played in scenarios)
    assert [(one["type"], one["name"]) for one in scenarios] == [
        (kind, scenario.name) for kind in types for scenario in SCENARIOS[kind]
    ]
    assert [one["name"] for one in scenarios if one["success"] != (not one["failures"])] == []
    assert [one["name"] for one in scenarios if not one["hook_milliseconds"] and not one["call_milliseconds"]] == []
    assert total["recall"] >= MIN_RECALL
    assert total["succeeded"] / total["scenarios"] >= MIN_SUCCESS
    for kind, figures in told["types"].items():
        assert figures["mean_reduction"] >= figures["target"]["mean_reduction"], kind
        assert 0 < figures["p50_milliseconds"] < figures["target"]["latency_ms"], kind


def test_the_table_shows_targets_failures_and_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    prompt = PromptOutcome("any mail?", ("git__repo_status",), 2, ("mail.list_messages",), 900, 0.9, 12.0)
    failed = ScenarioOutcome(ScenarioType.BASIC, "mail", False, ("did not load it",), 0.9, (prompt,), (12.0,), ())

    show(results([failed], {"git__repo_status": 100, "mail__list_messages": 8900}))

    shown = capsys.readouterr().out
    rows = [line.split() for line in shown.splitlines()]
    assert "2 tools: 9,000 tokens" in shown
    assert ["basic_optimization", "1", "0%", "90.0%", "100%", "0.500", "12", "12"] in rows
    assert ["promised", "85.0%", "95%", "<", "100"] in rows
    assert "basic_optimization “mail”: did not load it" in shown
    assert "1 of 2 needed tools were loaded; missed: mail.list_messages." in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--scenario-types", "basic"), "'basic_optimization'"),
        (("basic_optimization",), "write --scenario-types basic_optimization"),
        (("--comprehensive", "edge_case_handling"), "write --scenario-types edge_case_handling"),
    ],
)
def test_a_wrong_type_is_told_with_the_valid_ones(shell: Shell, arguments: tuple[str, ...], told: str) -> None:
    done = shell.run("demo", *arguments)

    assert done.returncode == 2
    assert told in done.stderr
