"""The bench's model: what it does in each set-up until a task's tools are called, and when it gives up."""

from collections.abc import Sequence

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.claude.model_api import Block
from mcp_dynaload.measure.claude.model_request import ModelRequest
from mcp_dynaload.measure.claude.scripted_model import Progress, ScriptedModel
from mcp_dynaload.measure.claude.tasks import BenchTask, TaskNeed
from mcp_dynaload.measure.claude.ways import CompressedTools, GroupedTools, SearchedTools, ToolsByName, Way, direct_name

SHIPS, CREW = ("harbour", "list_ships"), ("harbour", "list_crew")
NAMES = {key: direct_name(key) for key in (SHIPS, CREW)}
TOOL_SEARCH: Json = {"name": "ToolSearch"}
REFUSED = "<tool_use_error>Error: No such tool available</tool_use_error>"


def arguments(server: str, tool: str) -> Json:
    return {"of": tool}


def need(*keys: tuple[str, str]) -> TaskNeed:
    return TaskNeed(keys, ("first words", "second words", "third words"))


def request(*tools: Json, said: Sequence[Json] = (), agent: bool = False) -> ModelRequest:
    asked = {"role": "user", "content": "please"}
    headers = {"x-claude-code-agent-id": "1"} if agent else {}
    return ModelRequest(0, 0.0, {"tools": list(tools), "messages": [asked, *said]}, headers)


def result(text: str, call: Block | None = None) -> list[Json]:
    called = {"id": "1", **(call or {"type": "tool_use", "name": "x", "input": {}})}
    answer = {"type": "tool_result", "tool_use_id": "1", "content": text}
    return [{"role": "assistant", "content": [called]}, {"role": "user", "content": [answer]}]


def started(way: Way, *needs: TaskNeed, agent: str | None = None) -> tuple[ScriptedModel, Progress]:
    model = ScriptedModel(way)
    return model, model.begin(BenchTask("1", "single", "please", needs, agent))


def kinds(progress: Progress) -> list[str]:
    return [step.kind for step in progress.steps]


def test_a_tool_in_the_list_is_called_at_once_and_the_next_one_after_its_result() -> None:
    model, progress = started(ToolsByName(NAMES, arguments), need(SHIPS), need(CREW))
    listed = [{"name": name} for name in NAMES.values()]

    for said in ([], result("two ships"), result("nobody")):
        model.answer(request(*listed, said=said))

    calls = [step.blocks[0].get("name") for step in progress.steps]
    assert calls == [NAMES[SHIPS], NAMES[CREW], None]
    assert kinds(progress) == ["call", "call", "answer"]
    assert (progress.at_once, progress.missed) == (2, 0)


def test_a_tool_that_no_search_finds_is_given_up_after_three() -> None:
    model, progress = started(ToolsByName(NAMES, arguments), need(SHIPS))

    for _ in range(4):
        model.answer(request(TOOL_SEARCH))

    assert kinds(progress) == ["search", "search", "search", "answer"]
    assert [step.blocks[0]["input"]["query"] for step in progress.steps[:3]] == list(need(SHIPS).queries)
    assert (progress.at_once, progress.missed) == (0, 1)


def test_a_call_that_the_client_refuses_has_not_reached_the_tool() -> None:
    model, progress = started(ToolsByName(NAMES, arguments), need(SHIPS))

    model.answer(request({"name": NAMES[SHIPS]}))
    for _ in range(3):
        model.answer(request({"name": NAMES[SHIPS]}, said=result(REFUSED)))

    assert kinds(progress) == ["call", "call", "call", "answer"]
    assert progress.missed == 1


def test_what_stands_beside_the_prompt_is_selected_by_its_name() -> None:
    model, progress = started(ToolsByName(NAMES, arguments), need(CREW, SHIPS))
    definition = f'<function>{{"name": "{NAMES[SHIPS]}"}}</function>'
    text = f"<functions>\n{definition}\n</functions>"

    model.answer(request(TOOL_SEARCH, said=[{"role": "system", "content": text}]))

    assert kinds(progress) == ["select"]
    assert progress.steps[0].blocks[0]["input"]["query"] == f"select:{NAMES[SHIPS]}"


def test_fastmcp_is_searched_and_called_through_its_two_tools() -> None:
    listed = [{"name": "mcp__tools__search_tools"}, {"name": "mcp__tools__call_tool"}]
    model, progress = started(SearchedTools(arguments), need(SHIPS))

    (search,) = model.answer(request(*listed))
    (call,) = model.answer(request(*listed, said=result('[{"name": "harbour_list_ships"}]', search)))

    assert search["input"] == {"query": "first words"}
    assert call["input"] == {"name": "harbour_list_ships", "arguments": {"of": "list_ships"}}
    assert kinds(progress) == ["search", "call"]


def test_dynamic_mcp_shows_a_server_before_its_tool_is_called() -> None:
    listed = [{"name": "mcp__tools__get_dynamic_tools"}, {"name": "mcp__tools__call_dynamic_tool"}]
    model, progress = started(GroupedTools(arguments), need(SHIPS))

    (shown,) = model.answer(request(*listed))
    (call,) = model.answer(request(*listed, said=result("its tools", shown)))

    assert shown["input"] == {"group": "harbour"}
    assert call["input"] == {"group": "harbour", "name": "list_ships", "args": {"of": "list_ships"}}
    assert kinds(progress) == ["search", "call"]


def test_mcp_compressor_shows_the_schema_of_a_tool_that_it_names_before_that_is_called() -> None:
    about = {"name": "mcp__tools__harbour_get_tool_schema", "description": "<tool>list_ships(of): The ships</tool>"}
    listed = [about, {"name": "mcp__tools__harbour_invoke_tool"}]
    model, progress = started(CompressedTools(arguments), need(SHIPS))

    (shown,) = model.answer(request(*listed))
    (call,) = model.answer(request(*listed, said=result("its schema", shown)))

    assert (shown["name"], shown["input"]) == (about["name"], {"tool_name": "list_ships"})
    assert call["name"] == "mcp__tools__harbour_invoke_tool"
    assert call["input"] == {"tool_name": "list_ships", "tool_input": {"of": "list_ships"}}
    assert kinds(progress) == ["search", "call"]


def test_a_tool_that_mcp_compressor_does_not_name_is_never_reached() -> None:
    about = {"name": "mcp__tools__harbour_get_tool_schema", "description": "<tool>list_shipsheds(of): Sheds</tool>"}
    model, progress = started(CompressedTools(arguments), need(SHIPS))

    model.answer(request(about))

    assert kinds(progress) == ["answer"]
    assert (progress.at_once, progress.missed) == (0, 1)


def test_a_task_for_a_subagent_is_handed_out_and_done_there() -> None:
    model, progress = started(ToolsByName(NAMES, arguments), need(SHIPS), agent="list the ships")
    ships = {"name": NAMES[SHIPS]}

    (agent,) = model.answer(request(ships))
    model.answer(request(ships, agent=True))
    model.answer(request(ships, said=result("two ships"), agent=True))
    model.answer(request(ships, said=result("done")))

    assert agent["input"]["prompt"] == "list the ships"
    assert kinds(progress) == ["agent", "call", "answer", "answer"]
    assert (progress.at_once, progress.missed) == (1, 0)


def test_a_task_whose_subagent_never_asks_has_not_reached_its_tool() -> None:
    model, progress = started(ToolsByName(NAMES, arguments), need(SHIPS), agent="list the ships")

    model.answer(request({"name": NAMES[SHIPS]}))
    model.answer(request({"name": NAMES[SHIPS]}, said=result("there is no such agent")))

    assert kinds(progress) == ["agent", "answer"]
    assert (progress.at_once, progress.missed) == (None, 1)


def test_what_a_search_has_found_is_called_and_was_not_there_at_once() -> None:
    model, progress = started(ToolsByName(NAMES, arguments), need(SHIPS))
    deferred = {"name": NAMES[SHIPS], "defer_loading": True}
    found = {"type": "tool_result", "tool_use_id": "1"} | {
        "content": [{"type": "tool_reference", "tool_name": NAMES[SHIPS]}]
    }

    (search,) = model.answer(request(TOOL_SEARCH, deferred))
    said = [{"role": "assistant", "content": [{"id": "1", **search}]}, {"role": "user", "content": [found]}]
    model.answer(request(TOOL_SEARCH, deferred, said=said))
    model.answer(request(TOOL_SEARCH, deferred, said=[*said, *result("two ships")]))

    assert kinds(progress) == ["search", "call", "answer"]
    assert (progress.at_once, progress.missed) == (0, 0)
