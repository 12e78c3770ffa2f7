import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp import types as mcp_types

from mcp_dynaload.demo import SERVERS
from mcp_dynaload.demo.serve import build
from tests.demo.calls import CALLS


@dataclass(frozen=True, slots=True)
class Step:
    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    server: str
    steps: tuple[Step, ...]
    expected: str


def _rows() -> Iterator[Row]:
    for server, table in CALLS.items():
        for line in table.replace("\n    ", " ").strip().splitlines():
            calls, _, expected = line.partition(" => ")
            steps = (call.strip().partition(" ") for call in calls.split(" ;; "))
            yield Row(server, tuple(Step(tool, json.loads(text)) for tool, _, text in steps), expected)


ROWS = list(_rows())


def _text(result: mcp_types.CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, mcp_types.TextContent)
    return block.text


async def _tools(server: str, workspace: Path) -> list[mcp_types.Tool]:
    async with Client(build(server, workspace)) as client:
        return (await client.list_tools()).tools


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.server}-{'-'.join(step.tool for step in row.steps)}")
async def test_every_tool_does_its_work(row: Row, tmp_path: Path) -> None:
    async with Client(build(row.server, tmp_path)) as client:
        results = [await client.call_tool(step.tool, step.arguments) for step in row.steps]

    assert [_text(result) for result in results if result.is_error] == []
    assert row.expected in _text(results[-1])


def test_the_table_has_a_row_for_every_server_and_at_least_a_hundred_rows() -> None:
    assert tuple(CALLS) == SERVERS
    assert len(ROWS) >= 100


@pytest.mark.parametrize("server", SERVERS)
async def test_the_table_calls_exactly_the_tools_of(server: str, tmp_path: Path) -> None:
    tools = await _tools(server, tmp_path)

    assert {tool.name for tool in tools} == {step.tool for row in ROWS if row.server == server for step in row.steps}


@pytest.mark.parametrize("server", SERVERS)
async def test_every_tool_and_parameter_is_described_and_annotated_in(server: str, tmp_path: Path) -> None:
    for tool in await _tools(server, tmp_path):
        assert tool.description
        assert "Args:" not in tool.description
        undescribed = [name for name, field in tool.input_schema["properties"].items() if not field.get("description")]
        assert undescribed == [], tool.name
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is not None
        assert tool.annotations.read_only_hint or tool.annotations.destructive_hint is not None


async def test_all_servers_together_have_a_hundred_tools_of_every_kind(tmp_path: Path) -> None:
    tools = [tool for server in SERVERS for tool in await _tools(server, tmp_path)]
    hints = [tool.annotations for tool in tools if tool.annotations]

    assert len(tools) >= 100
    assert sum(hint.read_only_hint is True for hint in hints) >= 50
    assert sum(hint.destructive_hint is True for hint in hints) >= 10
    assert sum(tool.output_schema is not None for tool in tools) >= 20


@pytest.mark.parametrize("server", SERVERS)
async def test_instructions_come_with(server: str, tmp_path: Path) -> None:
    async with Client(build(server, tmp_path), mode="legacy") as client:
        assert client.instructions


async def test_structured_results_follow_the_output_schema(tmp_path: Path) -> None:
    async with Client(build("git", tmp_path)) as client:
        result = await client.call_tool("repo_status", {})

    assert result.structured_content == {
        "branch": "main",
        "staged": [],
        "changed": ["shop/shipping.py"],
        "untracked": ["todo.txt"],
    }


@pytest.mark.parametrize(
    ("server", "tool", "arguments", "expected"),
    [
        ("issues", "get_issue", {}, "issueKey: Missing required argument"),
        ("issues", "search_issues", {"limit": 0}, "limit: Input should be greater than or equal to 1"),
        ("issues", "search_issues", {"colour": "red"}, "colour: Unexpected keyword argument"),
        ("issues", "get_issue", {"issueKey": "BIRD-999"}, "There is no issue 'BIRD-999'"),
        ("calendar", "list-events", {"first_day": "2026-03-05", "calendar": "work"}, "'team' or 'personal'"),
        ("calendar", "move-event", {"event_id": "ev1", "start": "noon"}, "'noon' is not a time"),
        ("containers", "container_start", {"name": "db"}, "is running; this needs one that is created or exited"),
        ("containers", "container_remove", {"name": "db"}, "stop it first or pass force=true"),
        ("containers", "image_remove", {"name": "redis:7"}, "is used by cache"),
        ("database", "run_query", {"sql": "DELETE FROM orders"}, "attempt to write a readonly database"),
        ("database", "describe_table", {"table": "x'; DROP"}, "is not a name"),
        ("mail", "send_message", {"to": ["nobody"], "subject": "a", "body": "b"}, "Not an email address: nobody"),
        ("mail", "send_message", {"to": ["a@b"], "subject": "a\nBcc: c@d", "body": "b"}, "linefeed"),
        ("monitoring", "silence_alert", {"name": "nope", "reason": "x"}, "Known: payments-errors"),
        ("git", "switch_branch", {"name": "--orphan"}, "give its name, not an option"),
        ("git", "delete_branch", {"name": "fix/rounding"}, "not fully merged"),
        ("ci", "run_pipeline", {"pipeline": "deploy"}, "Pipelines: build, test, smoke"),
        ("browser", "browser_snapshot", {}, "No page is open"),
        ("knowledge", "find_connection", {"source_id": "books", "target_id": "vat"}, "Nothing connects"),
    ],
)
async def test_a_call_that_cannot_be_done_is_an_error_result_that_says_why(
    server: str, tool: str, arguments: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    async with Client(build(server, tmp_path)) as client:
        result = await client.call_tool(tool, arguments)

    assert result.is_error
    assert expected in _text(result)


@pytest.mark.parametrize(
    ("server", "tool", "arguments"),
    [
        ("files", "view_file", {"path": "../tracker/tracker.sqlite"}),
        ("files", "save_file", {"path": "/etc/demo", "content": "x"}),
        ("files", "rename_path", {"source": "todo.txt", "destination": "../../todo.txt"}),
        ("files", "view_file", {"path": "link/secret.txt"}),
        ("git", "stage_files", {"paths": ["../secret.txt"]}),
        ("browser", "browser_navigate", {"url": "http://other.example/"}),
        ("database", "execute_statement", {"sql": "ATTACH DATABASE 'outside.sqlite' AS other"}),
        ("database", "execute_statement", {"sql": "VACUUM INTO 'outside.sqlite'"}),
    ],
)
async def test_nothing_outside_the_workspace_is_reached(
    server: str, tool: str, arguments: dict[str, Any], tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    (tmp_path / "secret.txt").write_text("secret")
    demo = build(server, workspace)
    if server == "files":
        (workspace / "project/link").symlink_to(tmp_path)

    async with Client(demo) as client:
        result = await client.call_tool(tool, arguments)

    assert result.is_error
    assert any(
        reason in _text(result)
        for reason in ("outside the workspace", "no network", "not authorized", "authorization denied")
    )


async def test_an_unknown_tool_is_a_protocol_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    async with Client(build("calendar", tmp_path)) as client:
        with pytest.raises(MCPError, match=r"Unknown tool 'x'.*list-events"):
            await client.call_tool("x", {})


async def test_a_merge_conflict_leaves_the_branch_as_it_was(tmp_path: Path) -> None:
    async with Client(build("git", tmp_path)) as client:
        (tmp_path / "project/shop/pricing.py").write_text("VAT = 0.2\n")
        await client.call_tool("stage_files", {"paths": ["shop/pricing.py"]})
        await client.call_tool("commit_staged", {"message": "Other VAT"})
        result = await client.call_tool("merge_branch", {"source": "fix/rounding"})
        status = await client.call_tool("repo_status", {})

    assert result.is_error
    assert "shop/pricing.py" in _text(result)
    assert status.structured_content is not None
    assert status.structured_content["changed"] == ["shop/shipping.py"]


async def test_the_database_offers_its_schema_as_a_resource_and_a_template(tmp_path: Path) -> None:
    async with Client(build("database", tmp_path)) as client:
        (resource,) = (await client.list_resources()).resources
        (template,) = (await client.list_resource_templates()).resource_templates
        whole = await client.read_resource(str(resource.uri))
        table = await client.read_resource(template.uri_template.replace("{table}", "products"))
        with pytest.raises(MCPError, match="no table 'nothing'"):
            await client.read_resource("schema://shop/tables/nothing")

    assert "CREATE TABLE customers" in whole.contents[0].model_dump()["text"]
    assert table.contents[0].model_dump()["text"].startswith("CREATE TABLE products")


async def test_the_knowledge_base_offers_prompts(tmp_path: Path) -> None:
    async with Client(build("knowledge", tmp_path)) as client:
        prompts = (await client.list_prompts()).prompts
        prompt = await client.get_prompt("meeting_minutes", {"topic": "the broker"})
        with pytest.raises(MCPError, match="needs the argument 'subject'"):
            await client.get_prompt("explain_decision", {})

    assert [prompt.name for prompt in prompts] == ["meeting_minutes", "explain_decision"]
    assert "about the broker" in prompt.messages[0].model_dump()["content"]["text"]


def test_every_server_module_is_in_the_list_of_servers() -> None:
    folder = Path(str(importlib.import_module("mcp_dynaload.demo.servers").__file__)).parent

    assert sorted(file.stem for file in folder.glob("[!_]*.py")) == list(SERVERS)
