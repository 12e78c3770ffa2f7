"""The Python API as a program uses it."""

import json
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from mcp import MCPError
from mcp_types import CallToolResult, TextContent

import mcp_dynaload
from mcp_dynaload import Dynaload, IntegrationMode, LoadingStrategy, WorkflowStep
from mcp_dynaload.api.sessions import TooManySessionsError
from mcp_dynaload.api.status import SystemStatus
from mcp_dynaload.errors import ConfigError, DynaloadError
from tests.api.desks import opened, servers
from tests.faults.scripted import missing_program

TICKETS, INVOICE, ROOM = "desk__search_tickets", "desk__create_invoice", "hall__book_meeting_room"


def text_of(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, TextContent))


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.proves("python-api")
async def test_a_query_loads_what_it_needs_and_tells_what_that_saves() -> None:
    async with opened() as dynaload:
        result = await dynaload.process_query("search the tickets of the account", user_id="ann")

    assert TICKETS in result.tool_names
    assert ROOM not in result.tool_names
    loaded = next(tool for tool in result.tools if tool.name == TICKETS)
    assert (loaded.upstream, loaded.tier, loaded.reason) == ("desk", "task", "needed for the prompt")
    assert result.added[0] == TICKETS
    assert (result.user_id, result.strategy) == ("ann", "balanced")
    assert result.reduction_percentage == pytest.approx(100 * (1 - result.optimized_tokens / result.baseline_tokens))
    assert result.detection_time_ms > 0
    assert result.total_time_ms == pytest.approx(result.detection_time_ms + result.loading_time_ms)
    assert result.confidence > 0.5
    assert json.loads(result.model_dump_json())["tools"][0]["tier"] == "task"


@pytest.mark.proves("fresh-machine")
async def test_while_the_servers_are_listed_for_the_first_time_the_status_says_so_and_nothing_is_unhealthy() -> None:
    async with opened() as dynaload:
        before = await dynaload.get_system_status()
        await dynaload.process_query("book a meeting room")
        after = await dynaload.get_system_status()

    assert (before.integration_health, before.components["catalog"].detail) == (
        "degraded",
        "0 tools; being listed: desk, hall",
    )
    assert after.components["catalog"].detail == "6 tools of 2 servers"


@pytest.mark.proves("fresh-machine")
async def test_a_server_that_could_not_be_listed_is_told_with_the_reason() -> None:
    gone = {"gone": missing_program("gone")}
    async with opened(config=servers(**gone)) as some, opened(config=gone) as none:
        found = await some.process_query("book a meeting room")
        await none.process_query("book a meeting room")
        some_status, none_status = await some.get_system_status(), await none.get_system_status()

    assert ROOM in found.tool_names
    assert some_status.components["catalog"].detail == "6 tools; could not be listed: gone"
    assert none_status.components["catalog"].health == "unhealthy"
    assert ["'no-such-program-gone' was not found" in str(server.error) for server in none_status.upstreams] == [True]


def is_settled(status: SystemStatus) -> bool:
    return status.catalog_tools == 6 and status.components["ranking"].health == "healthy"


async def test_the_same_query_again_is_not_ranked_again_unless_caching_is_off() -> None:
    async with opened() as caching, opened(enable_caching=False) as plain:
        # Once all tools, and then their meanings, are known the same query is ranked anew; nothing signals that.
        while not is_settled(await caching.get_system_status()):  # noqa: ASYNC110
            await anyio.sleep(0.01)
        hits = [(await caching.process_query("create an invoice")).cache_hit for _ in range(2)]
        misses = [(await plain.process_query("create an invoice")).cache_hit for _ in range(2)]

    assert (hits, misses) == ([False, True], [False, False])


async def test_each_query_stands_for_itself_unless_it_continues_a_conversation() -> None:
    async with opened() as dynaload:
        await dynaload.process_query("search the tickets of the account")
        alone = await dynaload.process_query("book a meeting room")
        await dynaload.process_query("search the tickets of the account", session_id="s")
        going_on = await dynaload.process_query("book a meeting room", session_id="s")

    assert TICKETS not in alone.tool_names
    assert {TICKETS, ROOM} <= set(going_on.tool_names)
    assert going_on.session_id == "s"


async def test_a_strategy_counts_for_its_query_alone() -> None:
    async with opened(strategy=LoadingStrategy.CONSERVATIVE) as dynaload:
        first = await dynaload.process_query("create an invoice", strategy=LoadingStrategy.AGGRESSIVE)
        second = await dynaload.process_query("create an invoice")

    assert (first.strategy, second.strategy) == ("aggressive", "conservative")


async def test_commands_act_before_the_query_and_tell_what_they_did() -> None:
    async with opened() as dynaload:
        result = await dynaload.process_query(
            "book a meeting room", user_commands=["/load-category office", "/performance-mode fast", "pin hall__die"]
        )

    assert [(done.command, done.success) for done in result.user_commands] == [
        ("/load-category office", True),
        ("/performance-mode fast", False),
        ("pin hall__die", True),
    ]
    assert "Valid: conservative, balanced, aggressive" in result.user_commands[1].message
    assert {TICKETS, INVOICE, ROOM, "hall__die"} <= set(result.tool_names)


@pytest.mark.proves("first-line-commands")
async def test_a_command_in_the_first_line_of_the_query_is_run_and_is_not_part_of_it() -> None:
    async with opened() as dynaload:
        result = await dynaload.process_query("/load-category office\nbook a meeting room\n/usr/bin is a folder")

    assert [done.command for done in result.user_commands] == ["/load-category office"]
    assert {TICKETS, ROOM} <= set(result.tool_names)
    assert result.query == "book a meeting room\n/usr/bin is a folder"


@pytest.mark.proves("first-line-commands")
@pytest.mark.parametrize("text", ["a line\n{}", "```\n{}\n```", "/etc/hosts\n{}", "  > {}"])
async def test_a_command_anywhere_else_in_the_query_is_not_run(text: str) -> None:
    query = text.format("/performance-mode aggressive")
    async with opened() as dynaload:
        result = await dynaload.process_query(query)

    assert (result.query, result.user_commands, result.strategy) == (query, (), "balanced")


async def test_session_info_says_that_the_program_asks() -> None:
    async with opened() as dynaload:
        await dynaload.process_query("search the tickets of the account", session_id="s")
        told = await dynaload.run_user_command("/session-info", session_id="s")

    assert "the program asks for the tools of each prompt" in told.message


async def test_commands_can_be_switched_off() -> None:
    async with opened(enable_user_controls=False) as dynaload:
        done = await dynaload.run_user_command("/load-category office")

    assert (done.success, done.message) == (False, "Commands are off: enable_user_controls=False.")


@pytest.mark.parametrize(
    "before",
    ["/", "", "/mcp__dynaload__", "/dynaload:", "/mcp__plugin_dynaload_dynaload__", "/plugin:dynaload:dynaload:"],
)
async def test_a_command_is_known_in_each_form_in_which_a_client_writes_it(before: str) -> None:
    async with opened() as dynaload:
        done = await dynaload.run_user_command(f"{before}performance-mode aggressive")

    assert done.success, done.message


async def test_what_one_user_pins_is_not_pinned_for_another() -> None:
    async with opened() as dynaload:
        await dynaload.run_user_command("/pin desk__pid", user_id="ann")
        ann = await dynaload.process_query("thanks", user_id="ann")
        await dynaload.close_session("", user_id="ann")
        again = await dynaload.process_query("thanks", user_id="ann")
        bob = await dynaload.process_query("thanks", user_id="bob")

    assert (ann.tool_names, again.tool_names, bob.tool_names) == (("desk__pid",), ("desk__pid",), ())


async def test_a_tool_is_called_whether_it_is_loaded_or_not() -> None:
    async with opened() as dynaload:
        result = await dynaload.call_tool("desk__echo", {"text": "hello"})
        with pytest.raises(MCPError, match=r"no tool 'desk__ecko'.* Did you mean 'desk__echo'"):
            await dynaload.call_tool("desk__ecko")

    assert "hello" in text_of(result)


@pytest.mark.proves("python-api")
async def test_a_workflow_gets_a_set_for_each_step_and_one_for_all() -> None:
    steps = [
        WorkflowStep(agent_id="support", input_data={"query": "search the tickets of the account", "limit": 3}),
        WorkflowStep(agent_id="office", input_data={"room": "book a meeting room"}),
    ]
    async with opened() as dynaload:
        responses, whole = await dynaload.process_workflow_with_optimization(workflow_steps=steps, user_id="ann")

    assert [response.agent_id for response in responses] == ["support", "office"]
    assert ROOM in responses[1].result.tool_names
    assert ROOM not in responses[0].result.tool_names
    assert whole.tools_by_step == tuple(response.result.tool_names for response in responses)
    assert set(whole.tools) == set(whole.tools_by_step[0]) | set(whole.tools_by_step[1])
    assert max(one.result.optimized_tokens for one in responses) < whole.optimized_tokens


async def test_a_workflow_without_words_is_refused() -> None:
    async with opened() as dynaload:
        with pytest.raises(DynaloadError, match=r"step 1 \('a'\) says nothing: put its task under 'query'"):
            await dynaload.process_workflow_with_optimization([WorkflowStep(agent_id="a", input_data={"n": 1})])
        with pytest.raises(DynaloadError, match="at least one step"):
            await dynaload.process_workflow_with_optimization([])


async def test_the_messages_api_gets_the_loaded_tools_and_the_search() -> None:
    async with opened() as dynaload:
        await dynaload.process_query("search the tickets of the account")
        tools = await dynaload.tools_for_messages_api()

    names = [tool["name"] for tool in tools]
    assert names == sorted(names)
    assert {"find_tools", TICKETS} <= set(names)
    assert ROOM not in names
    assert all(set(tool) == {"name", "description", "input_schema"} for tool in tools)
    assert all(tool["input_schema"]["type"] == "object" for tool in tools)


async def test_the_least_recently_used_session_makes_room_and_a_working_one_does_not() -> None:
    async with opened(max_concurrent_sessions=1) as dynaload:
        await dynaload.process_query("thanks", session_id="one")
        await dynaload.process_query("thanks", session_id="two")
        status = await dynaload.get_system_status()
        async with dynaload.sessions.use("", "two"):
            with pytest.raises(TooManySessionsError, match="all 1 sessions are at work"):
                await dynaload.process_query("thanks", session_id="three")

    assert [session.session_id for session in status.sessions] == ["two"]


async def test_a_conversation_that_made_room_goes_on_with_what_it_had_loaded() -> None:
    async with opened(max_concurrent_sessions=1) as dynaload:
        await dynaload.process_query("book a meeting room", session_id="one")
        await dynaload.process_query("thanks", session_id="two")
        back = await dynaload.process_query("thanks", session_id="one")

    assert ROOM in back.tool_names


async def test_many_queries_at_once_each_get_their_own_answer() -> None:
    answers: dict[int, tuple[str, ...]] = {}
    queries = ["search the tickets of the account", "book a meeting room"]

    async def ask(number: int) -> None:
        result = await dynaload.process_query(queries[number % 2], session_id=f"s{number % 4}" if number > 3 else None)
        answers[number] = result.tool_names

    async with opened() as dynaload, anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(ask, number)

    assert all(((TICKETS, ROOM)[number % 2]) in answers[number] for number in range(12))


async def test_the_status_names_a_server_that_fails_and_why() -> None:
    async with opened(config=servers(broken={"command": "no-such-program-x"})) as dynaload:
        await dynaload.process_query("book a meeting room")
        status = await dynaload.get_system_status()

    upstreams = {upstream.name: upstream for upstream in status.upstreams}
    assert status.integration_health == "degraded"
    assert status.components["upstreams"].health == "degraded"
    assert "broken" in status.components["catalog"].detail
    assert upstreams["broken"].state == "failing"
    assert "no-such-program-x" in str(upstreams["broken"].error)
    assert (upstreams["desk"].tools, upstreams["desk"].error) == (4, None)
    assert status.sessions[0].client == "mcp-dynaload-api"


async def test_the_status_tells_that_the_database_is_gone(tmp_path: Path) -> None:
    async with opened() as dynaload:
        healthy = await dynaload.get_system_status()
        dynaload.configuration.locations.database_file.unlink()
        broken = await dynaload.get_system_status()

    assert healthy.components["store"].health == "healthy"
    assert (broken.components["store"].health, broken.integration_health) == ("unhealthy", "unhealthy")
    assert "moved or removed" in broken.components["store"].detail


async def test_a_mistake_in_a_servers_file_is_an_error_but_in_production(tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    file.write_text(json.dumps({"mcpServers": {**servers(), "odd": {"comand": "x"}}}))

    with pytest.raises(ConfigError, match=r"servers\.json.*odd"):
        async with opened(config=file):
            pass


async def test_wrong_options_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="health_check_interval is 0"):
        async with opened(health_check_interval=0):
            pass
    with pytest.raises(ConfigError, match=r"max_concurrent_sessions"):
        async with opened(max_concurrent_sessions=0):
            pass
    with pytest.raises(ConfigError, match=r"alert_thresholds: 'speed' is none of success_rate_min, "):
        async with opened(alert_thresholds={"speed": 1}):
            pass
    with pytest.raises(ConfigError, match="config is no JSON"):
        async with opened(config={"desk": {"command": object()}}):
            pass


async def test_the_report_tells_what_queries_commands_and_calls_came_to() -> None:
    async with opened() as dynaload, opened(enable_monitoring=False) as silent:
        for one in (dynaload, silent):
            result = await one.process_query("search the tickets of the account", user_commands=["/help"])
            await one.call_tool(TICKETS)
        report, nothing = await dynaload.get_performance_report(), await silent.get_performance_report()

    summary = report.integration_report.performance_summary
    assert report.is_monitoring
    assert (summary.queries, summary.calls, summary.commands) == (1, 1, 1)
    assert summary.average_reduction_percentage == pytest.approx(result.reduction_percentage, abs=15)
    assert report.integration_report.popular_tools == {TICKETS: 1}
    assert report.integration_report.choice_quality.used == 1
    assert (nothing.is_monitoring, nothing.integration_report.performance_summary.queries) == (False, 0)


async def test_testing_leaves_the_users_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with opened() as dynaload:
        await dynaload.process_query("book a meeting room")
        state = dynaload.configuration.locations.state_dir

    assert files_in(tmp_path) == []
    assert not state.exists()


def test_the_package_offers_the_api_by_its_names() -> None:
    assert (mcp_dynaload.Dynaload, LoadingStrategy("balanced")) == (Dynaload, LoadingStrategy.BALANCED)
    assert IntegrationMode("testing") is IntegrationMode.TESTING
    with pytest.raises(AttributeError, match="no attribute 'Dynalode'"):
        mcp_dynaload.__getattr__("Dynalode")


async def test_what_is_closed_says_so() -> None:
    async with opened() as dynaload:
        pass

    with pytest.raises(DynaloadError, match="is closed"):
        await dynaload.process_query("book a meeting room")
    with pytest.raises(DynaloadError, match="is closed"):
        await dynaload.get_system_status()


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"query": None}, "query is None; it must be a text"),
    ({"query": b"x"}, "query is b'x'; it must be a text"),
    ({"query": "x", "session_id": 5}, "session_id is 5; it must be a text"),
    ({"query": "x", "user_id": "\ud800"}, "user_id is .*half of a character"),
    ({"query": "x", "user_commands": "/reset"}, "user_commands is '/reset'; it must be a list of texts"),
    ({"query": "x", "user_commands": [1]}, r"user_commands\[0\] is 1; it must be a text"),
    ({"query": "x", "strategy": "fast"}, "strategy is 'fast'; it must be one of conservative"),
)


async def test_a_wrong_argument_is_told_and_harms_no_conversation() -> None:
    nothing: Any = None
    async with opened() as dynaload:
        for wrong, told in WRONG:
            with pytest.raises(DynaloadError, match=told):
                await dynaload.process_query(**wrong)
        with pytest.raises(DynaloadError, match="command is None"):
            await dynaload.run_user_command(nothing)
        with pytest.raises(DynaloadError, match="line is None"):
            await dynaload.complete_command(nothing)
        with pytest.raises(DynaloadError, match="session_id is 3"):
            await dynaload.clear_session(cast(Any, 3))
        with pytest.raises(DynaloadError, match=r"arguments is \[1\]; it must be a dict"):
            await dynaload.call_tool("desk__pid", cast(Any, [1]))
        with pytest.raises(DynaloadError, match="step 1 is 'x'; it must be a WorkflowStep"):
            await dynaload.process_workflow_with_optimization(cast(Any, ["x"]))

        assert (await dynaload.run_user_command("/help", session_id="other")).success


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"config": 5}, "config is 5; give a servers file"),
        ({"mode": "fast"}, "mode is 'fast'; it must be one of"),
        ({"strategy": "fast"}, "strategy is 'fast'; it must be one of"),
        ({"health_check_interval": "x"}, "health_check_interval is 'x'"),
        ({"metrics_export_interval": float("nan")}, "metrics_export_interval is nan"),
        ({"alert_thresholds": [1]}, r"alert_thresholds is \[1\]"),
    ],
)
async def test_a_wrong_option_is_told_before_anything_is_opened(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(DynaloadError, match=told):
        async with Dynaload.open(**wrong):
            pass
