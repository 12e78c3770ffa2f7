"""The tasks of the bench: what they search for, and which of them a short run plays."""

import json
from pathlib import Path

import pytest

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.claude.tasks import (
    COMPOUND,
    NOTHING,
    SINGLE,
    TRIES,
    TWO,
    BenchData,
    BenchSession,
    check_tools,
    evenly,
    kind_of,
    queries,
    task,
)
from mcp_dynaload.measure.quality.labelled import characters_in_fours, read_catalog


def test_the_searches_are_the_needs_words_the_servers_name_and_the_prompts_words() -> None:
    assert queries("the ships in port", "harbour", "Show me the ships in port tonight") == (
        "ships port",
        "harbour ships port",
        "show ships port tonight",
    )
    assert queries("ships", "harbour", "ships") == ("ships", "harbour ships", "ships")


def test_a_task_searches_with_its_prompts_words_and_may_be_a_subagents() -> None:
    own = task("1", "Count the ships", [[("harbour", "count"), ("harbour", "list")]])
    agents = task("2", "Count the ships", [[("harbour", "count")]], is_agents=True)

    assert own.needs[0].queries == ("count ships", "harbour count ships", "count ships")
    assert len(own.needs[0].queries) == TRIES
    assert (own.agent, own.kind) == (None, SINGLE)
    assert (agents.prompt, agents.agent) == ("Have an agent do this: Count the ships", "Count the ships")
    assert agents.needs[0].queries == own.needs[0].queries


def test_a_kind_says_how_many_things_are_needed() -> None:
    assert [kind_of(needs) for needs in range(5)] == [NOTHING, SINGLE, TWO, COMPOUND, COMPOUND]


def test_a_tool_that_the_catalog_lacks_is_named(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    file.write_text(json.dumps({"harbour": [{"name": "count"}]}))
    sessions = (BenchSession("a", "us", (task("1", "list", [[("harbour", "list")]]),)),)

    with pytest.raises(ConfigError, match="task '1' needs harbour/list, which is not in the catalog"):
        check_tools(BenchData(read_catalog(file, characters_in_fours), sessions))


def test_fewer_sessions_come_from_all_places() -> None:
    sessions = [BenchSession(str(number), "us", ()) for number in range(9)]

    assert [session.name for session in evenly(sessions, 3)] == ["0", "3", "6"]
    assert evenly(sessions, 9) == evenly(sessions, 20) == sessions
