"""The client's own tool search: what it costs a prompt beside our ways, and that `eval` scores as it does."""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import pytest

from mcp_dynaload.catalog.catalog import build_catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.demo.plugin_client import step_tokens
from mcp_dynaload.encoder.tokenizer import count_tokens
from mcp_dynaload.measure.quality.tool_search import ToolSearchRanker
from mcp_dynaload.ranking.query import Query
from tests.e2e.claude import Claude
from tests.e2e.model_api import Step, tool_use
from tests.e2e.model_request import Json, ModelRequest, blocks_in, is_of_mod, normalised_prefix, without_cache_marks
from tests.e2e.stage import FROZEN_LIST_MODEL, Stage
from tests.e2e.test_every_prompt import CLOCK, HISTORY

pytestmark = pytest.mark.proves("native-search")

MAX_RESULTS = 64
"""More than any of these queries finds."""

QUERIES = ("git log history repository files", "timezone git list_tables table", "read text directory")
CLOCK_WORDS = "current time timezone"
CLOCK_TOOLS = "select:mcp__time__get_current_time,mcp__time__convert_time"
"""The tools that our choice loads for `CLOCK`, by the names that the client has without us."""

THANKS = "Thanks, that is all that I wanted to see"

MAX_STEP_TOKENS = 250
"""That the plugin's step may leave in `messages` for two tools: a call, its references, the client's words after it."""

SELECTED = ("time__get_current_time", "time__convert_time")
"""The tools that our choice selects for `CLOCK`."""

MAX_ID_TOKENS = 20
"""By so much the tokens of the two ids in a step may differ from one to the next, which are random."""


def direct(stage: Stage, steps: Sequence[Step]) -> Claude:
    """Return a client that has the servers without us; the model's steps answer `CLOCK`."""
    claude = stage.claude({CLOCK: steps}, model=FROZEN_LIST_MODEL, hooks=False, permissions={"allow": ["mcp__*"]})
    return replace(claude, mcp_config=stage.workplace.servers_file)


def search(query: str, **more: int) -> Json:
    return tool_use("ToolSearch", {"query": query, **more})


def mcp_tools(request: ModelRequest) -> list[Tool]:
    """Return the tools of MCP servers whose definitions are in a request."""
    named = [(definition, str(definition["name"]).split("__", 2)) for definition in request.body["tools"]]
    return [
        Tool(f"{name[1]}__{name[2]}", name[1], {"name": name[2], "description": definition["description"]})
        for definition, name in named
        if name[0] == "mcp"
    ]


def test_the_ranker_finds_what_the_client_finds_in_its_order(stage: Stage) -> None:
    claude = direct(stage, [search(query, max_results=MAX_RESULTS) for query in QUERIES])

    with claude.print_session() as session:
        session.ask(CLOCK)

    requests = claude.api.main(CLOCK)
    tools = mcp_tools(requests[-1])
    ranker = ToolSearchRanker(build_catalog(tools, {tool.name: 1 for tool in tools}))
    for number, query in enumerate(QUERIES):
        before, after = (requests[n].tool_references for n in (number, number + 1))
        found = [name for name in after[len(before) :] if name.startswith("mcp__")]
        assert found == [f"mcp__{scored.name}" for scored in ranker.rank(Query(query), MAX_RESULTS)], query
        assert found


@dataclass(frozen=True, slots=True)
class Cost:
    """The effort until the model has the definitions for a prompt: model requests, and tokens by our tokenizer."""

    requests: int
    """More than the prompt makes without any tool."""

    written: int
    """By the model, to call the search."""

    in_messages: int
    """More than stands there without the way: calls, results, reminders, texts, with all ids and names."""

    definitions: int
    """In the request's `tools`, where the way puts them there."""

    read_again: int
    """The whole context of the requests that are made for the way alone; a prompt cache makes it cheaper."""


def later_prompt(claude: Claude) -> tuple[ModelRequest, list[ModelRequest]]:
    """Play a session of three prompts; the last request of the second one, and those of the third.

    Beside the second one the client announces once which tools it leaves to its search.
    """
    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(THANKS)
        session.ask(CLOCK)
    return claude.api.main(THANKS)[-1], claude.api.main(CLOCK)


def cost_of(claude: Claude, without: Sequence[Json]) -> Cost:
    """Return what a later prompt of a session takes; `without` are its messages where nothing loads a tool."""
    before, (*extra, last) = later_prompt(claude)
    beside = from_the_prompt(last)
    return Cost(
        requests=len(extra),
        written=tokens_in([message for message in beside if is_answer(message) and not is_of_mod(message)]),
        in_messages=tokens_in(beside) - tokens_in(without),
        definitions=sum(definition_tokens(last, name) for name in last.visible_tools - before.visible_tools),
        read_again=sum(count_tokens("".join(normalised_prefix(request))) for request in extra),
    )


def from_the_prompt(request: ModelRequest) -> list[Json]:
    return request.messages[request.prompts()[-1][0] :]


def is_answer(message: Json) -> bool:
    return message["role"] == "assistant"


def tokens_in(messages: Sequence[Json]) -> int:
    """Count the tokens of texts as they are, and of all other blocks as compact JSON."""
    blocks = [without_cache_marks(block) for message in messages for block in blocks_in(message["content"])]
    return sum(count_tokens(block.get("text") or json.dumps(block, separators=(",", ":"))) for block in blocks)


def definition_tokens(request: ModelRequest, name: str) -> int:
    definition = request.tool_definition(name)
    shown = {key: definition[key] for key in ("name", "description", "input_schema")}
    return count_tokens(json.dumps(shown, separators=(",", ":"), ensure_ascii=False))


def test_the_plugins_step_costs_no_request_and_no_definition_in_vain(stage: Stage) -> None:
    without = from_the_prompt(later_prompt(direct(stage, []))[1][-1])
    found = {
        "nothing of ours, the model searches with words": cost_of(direct(stage, [search(CLOCK_WORDS)]), without),
        "nothing of ours, the model selects by name": cost_of(direct(stage, [search(CLOCK_TOOLS)]), without),
        "settings hooks alone": cost_of(stage.claude({}, model=FROZEN_LIST_MODEL), without),
        "the plugin": cost_of(stage.claude({}, model=FROZEN_LIST_MODEL, plugin=True), without),
    }
    for way, cost in found.items():
        print(f"| {way} | {' | '.join(f'{value:,}' for value in astuple(cost))} |")

    words, names, hooks, plugin = found.values()
    assert [cost.requests for cost in found.values()] == [1, 1, 0, 0]
    assert [cost.written for cost in (hooks, plugin)] == [0, 0]
    assert [cost.read_again for cost in (hooks, plugin)] == [0, 0]
    assert plugin.in_messages <= MAX_STEP_TOKENS < hooks.in_messages
    assert plugin.definitions < words.definitions
    assert abs(plugin.in_messages - step_tokens(SELECTED)) <= MAX_ID_TOKENS, "the demo counts a step as it is"
    assert min(words.read_again, names.read_again) > 20 * plugin.in_messages
