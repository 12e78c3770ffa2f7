"""By what the real client puts beside a call it can be told whether a hook makes it or the model."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.proxy.caller import CLAUDE_CODE, Caller, caller_of
from tests.e2e import noting_server
from tests.e2e.model_api import tool_use
from tests.e2e.model_request import Json
from tests.e2e.stage import Stage

pytestmark = pytest.mark.proves("users-hooks")

TASK = "the task of a subagent"


@contextmanager
def noting(kind: str, notes: Path) -> Generator[Json]:
    """Yield the entry of a server under our name that notes all calls."""
    if kind == "stdio":
        yield {"command": sys.executable, "args": [noting_server.__file__, str(notes)]}
        return
    with noting_server.over_http(notes, kind) as url:
        yield {"type": kind, "url": url}


@pytest.mark.parametrize("transport", ["stdio", "http", "sse"])
def test_calls_of_the_model_and_of_its_subagents_are_marked_and_those_of_hooks_are_not(
    stage: Stage, transport: str
) -> None:
    by_model = tool_use("mcp__dynaload__dynaload_hook", {"event": "UserPromptExpansion", "by": "model"})
    options = {"description": "a task", "subagent_type": "general-purpose", "run_in_background": False}
    claude = stage.claude({"do it": [by_model, tool_use("Agent", {"prompt": TASK, **options})], TASK: [by_model]})
    notes, file = stage.folder / "calls.jsonl", stage.folder / "noting.json"

    with noting(transport, notes) as entry:
        file.write_text(json.dumps({"mcpServers": {"dynaload": entry}}))
        with replace(claude, mcp_config=file).print_session() as session:
            session.ask("do it please")
            session.ask("/mcp__dynaload__help")

    calls = [json.loads(line) for line in notes.read_text().splitlines()]
    told = [
        (call["arguments"]["event"], caller_of(CLAUDE_CODE, call)) for call in calls if "by" not in call["arguments"]
    ]
    models = [caller_of(CLAUDE_CODE, call) for call in calls if "by" in call["arguments"]]
    assert models == [Caller.ANYBODY] * 2
    assert {caller for _, caller in told} == {Caller.USER}
    assert {event for event, _ in told} == {"UserPromptSubmit", "UserPromptExpansion", "PreToolUse", "Stop"}
