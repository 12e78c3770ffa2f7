"""A modern server that answers every call with a wish for input."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from mcp_dynaload.errors import UpstreamError, UpstreamTimeoutError
from mcp_dynaload.upstream.input_required import MAX_INPUT_ROUNDS
from tests.upstream.sessions import RecordingHost, pool_of, say

ASKING: Json = {"resultType": "input_required", "inputRequests": {"who": {"method": "elicitation/create"}}}
POLLING: Json = {"resultType": "input_required", "requestState": "working"}
DONE: Json = {"resultType": "complete", "content": [{"type": "text", "text": "done"}]}

SERVER = """
import json, sys
answers = json.loads(sys.argv[1])
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    answer = {"jsonrpc": "2.0", "id": message["id"]}
    match message["method"]:
        case "initialize":
            if sys.argv[2] == "modern":
                answer["error"] = {"code": -32601, "message": "Method not found"}
            else:
                answer["result"] = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {}}
        case "server/discover":
            answer["result"] = {"capabilities": {}, "resultType": "complete"}
        case "tools/call":
            answer["result"] = answers.pop(0) if len(answers) > 1 else answers[0]
        case _:
            answer["result"] = {"resultType": "complete"}
    print(json.dumps(answer), flush=True)
"""


def answering(*answers: Json, seconds: float = 5, is_modern: bool = True) -> UpstreamConfig:
    """Return a server that gives these answers to calls, the last one for ever."""
    return UpstreamConfig(
        name="a",
        transport="stdio",
        command=sys.executable,
        args=("-I", "-S", "-c", SERVER, json.dumps(answers), "modern" if is_modern else ""),
        options=UpstreamOptions(call_timeout_seconds=seconds),
    )


def answerer() -> RecordingHost:
    answers: Mapping[str, Json] = {"elicitation/create": {"action": "decline"}}
    return RecordingHost(answers=dict(answers))


async def test_a_server_that_asks_without_end_is_given_up_by_name(tmp_path: Path) -> None:
    host = answerer()
    async with pool_of(tmp_path, answering(ASKING), host=host) as pool:
        with pytest.raises(
            UpstreamError, match="MCP server 'a' asked for input more than 10 times in one 'tools/call'"
        ):
            await say(pool, "a", "greet")

    assert len(host.asked) == MAX_INPUT_ROUNDS


@pytest.mark.proves("in-words")
@pytest.mark.parametrize(
    "questions",
    [
        [1],
        "who?",
        5,
        {"who": None},
        {"who": {}},
        {"who": {"method": 5}},
        {"who": {"method": "tools/call"}},
        {"who": {"method": "elicitation/create", "params": [1]}},
    ],
)
async def test_what_is_no_question_is_told_and_asked_of_nobody(tmp_path: Path, questions: object) -> None:
    host = answerer()
    async with pool_of(tmp_path, answering({**ASKING, "inputRequests": questions}), host=host) as pool:
        with pytest.raises(UpstreamError, match=r"MCP server 'a' failed at 'tools/call': .*no questions to a client"):
            await say(pool, "a", "greet")

    assert host.asked == []


@pytest.mark.proves("eras")
async def test_a_server_of_the_earlier_revisions_may_use_the_words_of_the_later_one(tmp_path: Path) -> None:
    result = {**ASKING, "content": [{"type": "text", "text": "done"}]}
    async with pool_of(tmp_path, answering(result, is_modern=False)) as pool:
        assert await pool.request("a", "tools/call", {"name": "greet"}) == result


async def test_a_server_may_let_us_ask_again_more_often_than_it_may_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.upstream.input_required.MAX_POLL_SECONDS", 0.01)
    answers = [POLLING] * (2 * MAX_INPUT_ROUNDS)
    async with pool_of(tmp_path, answering(*answers, ASKING, *answers, DONE), host=answerer()) as pool:
        assert await say(pool, "a", "greet") == "done"


async def test_a_server_that_only_wants_to_be_asked_again_is_given_up_after_the_time_of_a_call(tmp_path: Path) -> None:
    async with pool_of(tmp_path, answering(POLLING, seconds=0.3)) as pool:
        with anyio.fail_after(5), pytest.raises(UpstreamTimeoutError, match="MCP server 'a' did not answer"):
            await say(pool, "a", "greet")
        assert pool["a"].connection is not None
