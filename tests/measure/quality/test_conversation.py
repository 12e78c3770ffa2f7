from mcp_dynaload.measure.quality.conversation import RankedOnce, query_of, session_query, state_before
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.selection.state import initial_state
from tests.builders import a_catalog, developer_tools
from tests.measure.quality.builders import ListeningRanker, a_task

CATALOG = a_catalog(developer_tools())


def test_a_task_without_history_starts_a_session() -> None:
    assert state_before((), CATALOG) == initial_state()


def test_a_session_remembers_what_was_asked_newest_first_and_loads_nothing() -> None:
    state = state_before(("list the issues", "yes", "now the commits"), CATALOG)
    assert state.memory == ("now the commits", "list the issues")
    assert state.first_prompt_seen
    assert state.loaded == frozenset()
    assert state.settled is None


def test_a_session_s_query_has_the_earlier_prompts_as_its_fading_context() -> None:
    state = state_before(("list the issues", "now the commits"), CATALOG)
    query = session_query("/clear\nand close it", state)
    assert query == Query(
        "and close it",
        (("now the commits", 0.4), ("list the issues", 0.4 * 0.4)),
        leans_on_context=True,
        is_short_after_others=True,
    )


def test_a_repeated_prompt_is_not_its_own_context() -> None:
    state = state_before(("list the issues", "now the commits"), CATALOG)
    assert session_query("list the issues", state).context == (("now the commits", 0.4),)


def test_only_the_last_prompts_are_remembered() -> None:
    state = state_before([f"read file {name}" for name in ("one", "two", "three", "four", "five")], CATALOG)
    assert [text for text, _ in session_query("delete them", state).context] == [
        "read file five",
        "read file four",
        "read file three",
    ]


def test_a_prompt_without_content_is_ranked_as_it_is() -> None:
    assert session_query("ok, go on", initial_state()).text == "ok, go on"


def test_a_baseline_gets_the_bare_prompt() -> None:
    task = a_task(prompt="/clear\nand close it", history=["list the issues"])
    state = state_before(task.history, CATALOG)
    assert query_of(task, state, reads_session=False) == Query("/clear\nand close it")
    assert query_of(task, state, reads_session=True) == session_query(task.prompt, state)


def test_the_same_ranking_is_made_once() -> None:
    listening = ListeningRanker()
    ranker = RankedOnce(listening)
    for text, limit in (("a", 5), ("a", 5), ("b", 5), ("a", 6)):
        assert ranker.rank(Query(text), limit) == ()
    assert [query.text for query in listening.asked] == ["a", "b", "a"]
