"""Whole sessions: how conversations are put together, and what playing them counts."""

from pathlib import Path

from mcp_dynaload.measure.quality.labelled import Task, characters_in_fours, read_catalog
from mcp_dynaload.ranking.features import FITTED
from mcp_dynaload.research.indexed import indexed
from mcp_dynaload.research.sessions import MIN_PROMPTS, Talk, long_sessions, played_session, report, talks_of
from tests.small_bench import WordReader, a_bench

LIST, CREATE = frozenset({"photos__list_photo"}), frozenset({"recipes__create_recipe"})


def a_talk(length: int, name: str = "say") -> Talk:
    prompts = [f"{name} {number}" for number in range(length)]
    return tuple(Task(text, text, (LIST,), history=tuple(prompts[:at])) for at, text in enumerate(prompts))


def test_tasks_are_put_together_by_how_their_conversation_begins_even_if_turns_between_need_nothing() -> None:
    first, last = Task("1", "show photos", (LIST,)), Task("3", "and those", (LIST,), history=("show photos", "thanks"))
    other = Task("2", "make a recipe", (CREATE,))

    assert talks_of((first, other, last)) == [(first, last), (other,)]


def test_long_sessions_have_enough_prompts_and_are_the_same_each_time() -> None:
    talks = [a_talk(5, f"talk {number}") for number in range(12)]

    sessions = list(long_sessions(talks, "a set"))

    assert {len(session) for session in sessions} == {-(-MIN_PROMPTS // 5)}
    assert len(set(sessions)) > 1
    assert sessions == list(long_sessions(talks, "a set"))
    assert {len(session) for session in long_sessions(talks[:2], "a set")} == {2}


def test_a_prompt_has_what_was_loaded_before_it_and_what_it_lacks_is_searched(tmp_path: Path) -> None:
    catalog = read_catalog(a_bench(tmp_path) / "catalogs/dev.json", characters_in_fours).catalog
    lacking = Task("1", "thanks a lot", (LIST, CREATE))
    having = Task("2", "thanks again", (LIST,), history=(lacking.prompt, "nothing to do"))

    played = list(played_session([(lacking, having)], indexed(catalog, FITTED, WordReader())))

    assert [prompt.recall for prompt in played] == [0.0, 1.0]
    assert played[0].listed == 0
    searched = sum(catalog.costs[name] for name in LIST | CREATE) / catalog.total_cost
    assert played[1].listed >= searched


def test_there_are_two_rows_for_each_set(tmp_path: Path) -> None:
    said: list[str] = []

    report(a_bench(tmp_path), ("azure_e2e", "bfcl_multiturn"), WordReader(), said.append)

    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in said[1:]]
    assert rows == [
        ["azure_e2e, one conversation", "2"],
        ["azure_e2e, 24 prompts and more", "20"],
        ["bfcl_multiturn, one conversation", "2"],
        ["bfcl_multiturn, 24 prompts and more", "20"],
    ]
