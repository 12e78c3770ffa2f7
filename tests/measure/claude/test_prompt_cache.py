"""The arithmetic of the modelled prompt cache: which part of a request is read, which is written, what that costs."""

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.encoder.tokenizer import count_tokens
from mcp_dynaload.measure.claude.model_request import ModelRequest
from mcp_dynaload.measure.claude.prompt_cache import (
    IDLE_SECONDS,
    Input,
    Part,
    PromptCache,
    definition_text,
    parts_of,
)

SYSTEM = Part("system", 1_000, is_marked=True)
PROMPT = Part("prompt", 10, is_marked=False)
MORE = Part("more", 20, is_marked=False)
TOOL: Json = {"name": "mcp__a__find", "description": "Find a ship", "input_schema": {"type": "object"}}


def request(**body: object) -> ModelRequest:
    return ModelRequest(0, 0.0, dict(body), {})


def test_a_first_request_is_written_and_the_next_reads_what_it_began_with() -> None:
    cache = PromptCache()

    first = cache.ask([SYSTEM, PROMPT], 0.0)
    second = cache.ask([SYSTEM, PROMPT, MORE], 2.0)

    assert first == Input(read=0, written=1_010, definitions=0)
    assert second == Input(read=1_010, written=20, definitions=0)
    assert first.units == 1_010 * 1.25
    assert second.units == 1_010 * 0.1 + 20 * 1.25


def test_only_a_prefix_that_ended_at_a_mark_or_a_request_is_read() -> None:
    cache = PromptCache()
    tool = Part("tool", 50, is_marked=False)

    cache.ask([tool, SYSTEM, PROMPT], 0.0)

    assert cache.ask([tool, SYSTEM, MORE], 1.0).read == 1_050
    assert cache.ask([tool, MORE], 2.0).read == 0, "nothing was kept that ends with the tool"


def test_a_change_before_the_mark_writes_everything_again() -> None:
    cache = PromptCache()
    cache.ask([SYSTEM, PROMPT], 0.0)

    assert cache.ask([Part("a new tool", 5, is_marked=False), SYSTEM, PROMPT], 1.0).read == 0


def test_an_entry_lives_five_minutes_from_its_last_use() -> None:
    cache = PromptCache()
    cache.ask([SYSTEM], 0.0)

    assert cache.ask([SYSTEM], IDLE_SECONDS - 1).read == 1_000
    assert cache.ask([SYSTEM], 2 * IDLE_SECONDS - 2).read == 1_000
    assert cache.ask([SYSTEM], 3 * IDLE_SECONDS - 2).read == 0


def test_a_deferred_definition_counts_once_where_a_search_has_shown_it() -> None:
    reference = {"type": "tool_reference", "tool_name": TOOL["name"]}
    found = {"type": "tool_result", "tool_use_id": "1", "content": [reference]}
    asked = {"role": "user", "content": "find the ship"}
    deferred = TOOL | {"defer_loading": True}

    before = parts_of(request(tools=[deferred], messages=[asked]))
    after = parts_of(request(tools=[deferred], messages=[asked, *[{"role": "user", "content": [found]}] * 2]))

    assert [part.definition_tokens for part in before] == [0]
    assert [part.definition_tokens for part in after] == [0, count_tokens(definition_text(TOOL)), 0]


def test_definitions_count_wherever_the_model_reads_them() -> None:
    loaded = TOOL | {"cache_control": {"type": "ephemeral"}}
    text = "Connected just now:\n<functions>\n<function>{}</function>\n</functions>"
    search = {"type": "tool_use", "id": "7", "name": "mcp__tools__search_tools", "input": {"query": "ship"}}
    result = {"type": "tool_result", "tool_use_id": "7", "content": '[{"name": "find"}]'}
    messages = [
        {"role": "system", "content": text},
        {"role": "assistant", "content": [search]},
        {"role": "user", "content": [result]},
    ]

    tool, beside, call, answer = parts_of(request(tools=[loaded], messages=messages))

    assert tool.is_marked
    assert tool.definition_tokens == tool.tokens > 0
    assert 0 < beside.definition_tokens < beside.tokens
    assert call.definition_tokens == 0
    assert answer.definition_tokens == answer.tokens > 0
