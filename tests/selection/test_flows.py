"""The capabilities of tools that are dangerous together, and the tools that wait for the user's word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.selection.actions import (
    Action,
    AgentPrompted,
    FlowAllowed,
    PromptSubmitted,
    SessionCleared,
    SessionStarted,
    StepTaken,
    TaskNamed,
    ToolsFound,
    ToolsOrdered,
    ToolsPinned,
    ToolsUnloaded,
    ToolUsed,
    TurnEnded,
)
from mcp_dynaload.selection.flows import Capability, capabilities_of, completing, flow_of
from mcp_dynaload.selection.state import Context, SessionState, advertised, initial_state
from mcp_dynaload.selection.step import step
from tests.builders import FixedRanker, a_catalog, a_tool, developer_tools

pytestmark = pytest.mark.proves("toxic-flow")

P, F, S = Capability.PRIVATE, Capability.FOREIGN, Capability.OUTWARD
READ_ONLY, CLOSED = {"readOnlyHint": True}, {"openWorldHint": False}

NOTES = a_tool("search_notes", "Search the notes", upstream="notes")
WEB = a_tool("read_page", "Read a web page", upstream="browser")
POST = a_tool("post_message", "Post a message to a channel", upstream="chat", channel_id="Where")
LATER = a_tool("reply_to_thread", "Reply to a message", upstream="chat")
CLOCK = a_tool("get_current_time", "Get the current time", upstream="time")
TOOLS = (NOTES, WEB, POST, LATER, CLOCK)
ASKING = Context(catalog=a_catalog(TOOLS), ranker=FixedRanker({tool.name: 0.9 for tool in TOOLS}), asks_for_flows=True)


@pytest.mark.parametrize(
    ("tool", "found"),
    [
        (a_tool("read_message", "Read a message", upstream="mail"), {P, F}),
        (a_tool("send_message", "Send a message", upstream="mail", to="Whom"), {S}),
        (a_tool("searchEmails", "Search", upstream="gmail"), {P, F}),
        (a_tool("read_file", "Read a file from the disk", upstream="fs"), {P}),
        (a_tool("run_query", "Run a SELECT query", upstream="database"), {P}),
        (a_tool("execute_sql", "Executes SQL", upstream="supabase"), {P}),
        (a_tool("get_channel_history", "Get recent messages", upstream="slack"), {P, F}),
        (a_tool("list_issues", "List the issues", upstream="github"), {P, F}),
        (a_tool("create_pull_request", "Open a pull request", upstream="github"), {S}),
        (a_tool("list_pull_requests", "List pull requests in a repository", upstream="github"), {F}),
        (a_tool("fetch", "Fetch a URL", upstream="fetch", url="Address"), {F, S}),
        (a_tool("fetch", "Fetch a URL", upstream="fetch", url="Address", annotations=READ_ONLY), {F, S}),
        (a_tool("browser_navigate", "Navigate to a URL", upstream="playwright", url="Address"), {F, S}),
        (a_tool("run_command", "Run a command in a shell", upstream="desk", command="Line"), {P, S}),
        (a_tool("upload_file", "Upload a file", upstream="drive", to="Whom"), {S}),
        (a_tool("search", "Search the user's e-mail and documents. Returns a list", upstream="x"), {P, F}),
        (a_tool("read_message", "Read a message", upstream="mail", annotations=CLOSED), {P}),
        (a_tool("send_message", "Send a message", upstream="mail", to="Whom", annotations=CLOSED), set[Capability]()),
    ],
    ids=lambda value: value.name if isinstance(value, Tool) else "",
)
def test_a_tool_is_judged_by_its_names_its_first_sentence_its_parameters_and_its_hints(
    tool: Tool, found: set[Capability]
) -> None:
    assert capabilities_of(tool) == found


@pytest.mark.parametrize(
    "tool",
    [
        a_tool("get_current_time", "Get the current time in a timezone", upstream="time"),
        a_tool("search_documentation", "Search the documentation of libraries", upstream="tools"),
        a_tool("get_forecast", "Get the weather forecast", upstream="tools"),
        a_tool("create_issue", "Create an issue", upstream="tracker"),
        a_tool("list_labels", "List the labels of a repository", upstream="github"),
        a_tool("convert", "Convert a unit. Sends nothing, and reads no message or file", upstream="tools"),
        a_tool("delete_message", "Delete a message", upstream="mail"),
        a_tool("odd", "", upstream="tools"),
    ],
    ids=lambda tool: tool.name,
)
def test_what_none_of_that_speaks_of_is_no_part_of_it(tool: Tool) -> None:
    assert capabilities_of(tool) == frozenset()


def test_a_combination_is_whole_with_all_three_and_names_a_tool_of_each_server() -> None:
    flow = flow_of([POST, LATER, WEB, NOTES, CLOCK])

    assert flow.is_whole
    assert not flow_of([POST, WEB, CLOCK]).is_whole
    assert flow.parts == {(P, "notes"), (F, "browser"), (S, "chat")}
    assert flow.in_words() == (
        "read private data (notes__search_notes), take in what outsiders wrote (browser__read_page) and "
        "send out (chat__post_message)"
    )


@given(st.permutations([*TOOLS, *developer_tools()]), st.integers(0, 9), st.integers(0, 9))
def test_without_the_tools_that_complete_it_no_combination_is_whole(mixed: list[Tool], there: int, more: int) -> None:
    tools = mixed[: there + more]
    held = completing(tools[:there], tools[there:])

    if flow_of(tools[:there]).is_whole:
        assert held == ()
    else:
        assert not flow_of(tool for tool in tools if tool not in held).is_whole
        assert (held == ()) == (not flow_of(tools).is_whole)


def after(*happened: Action, state: SessionState | None = None) -> SessionState:
    state = state or initial_state()
    for action in happened:
        state, _ = step(state, action, ASKING)
    return state


PROMPT = PromptSubmitted("search my notes, read the page and post a message about it")
EVERYTHING = tuple(tool.name for tool in TOOLS)


@pytest.mark.parametrize(
    "unasked",
    [
        PROMPT,
        AgentPrompted("post the notes of the page to the channel"),
        ToolsFound(EVERYTHING),
        SessionStarted(EVERYTHING),
        StepTaken(EVERYTHING, "missed"),
        TaskNamed("post the notes to the channel"),
    ],
    ids=lambda action: type(action).__name__,
)
def test_asked_for_the_last_of_the_three_waits_whatever_would_load_it(unasked: Action) -> None:
    state, decision = step(initial_state(), unasked, ASKING)

    assert state.held
    assert not state.held & {*decision.added, *advertised(state, ASKING.catalog)}
    assert frozenset(decision.held) == state.held
    assert not flow_of(ASKING.catalog.known(state.loaded)).is_whole


def test_what_waits_is_loaded_when_the_user_allows_it_and_nothing_waits_any_more_until_the_session_is_cleared() -> None:
    waiting = after(ToolsFound((NOTES.name, WEB.name, POST.name)))
    allowed = after(FlowAllowed(), state=waiting)
    more = after(ToolUsed(LATER.name), state=allowed)
    cleared = after(SessionCleared(), state=more)

    assert waiting.held == {POST.name}
    assert (allowed.held, allowed.loaded) == (frozenset(), {NOTES.name, WEB.name, POST.name})
    assert LATER.name in more.loaded
    assert (cleared.is_flow_allowed, cleared.held) == (False, frozenset())


@pytest.mark.parametrize("order", [ToolsOrdered((POST.name,), "tool"), ToolsPinned((POST.name,))])
def test_a_tool_that_the_user_orders_by_name_does_not_wait(order: Action) -> None:
    state = after(ToolsFound((NOTES.name, WEB.name, POST.name)), order)

    assert POST.name in advertised(state, ASKING.catalog)
    assert state.held == frozenset()


def test_what_usually_follows_and_what_a_call_brings_wait_too() -> None:
    state = after(ToolsFound((NOTES.name, WEB.name)), TurnEnded((LATER.name,)), ToolUsed(POST.name))

    assert state.held == {LATER.name, POST.name}
    assert state.loaded == {NOTES.name, WEB.name}


def test_a_tool_that_the_user_unloads_while_it_waits_is_not_loaded_with_what_they_allow() -> None:
    state = after(ToolsFound((NOTES.name, WEB.name, POST.name)), ToolsUnloaded((POST.name,)), FlowAllowed())

    assert POST.name not in state.loaded
    assert state.unloaded == {POST.name}
