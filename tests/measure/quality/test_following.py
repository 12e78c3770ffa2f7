import pytest

from mcp_dynaload.measure.quality.following import conversations, following, learned_followers
from mcp_dynaload.measure.quality.labelled import Task
from tests.measure.quality.builders import ListeningRanker, a_priced_catalog, a_task, advertised

CATALOG = a_priced_catalog(log=10, diff=20, commit=40)


def a_talk(*turns: tuple[str, str]) -> list[Task]:
    """Return one task for each prompt and the tool that it needs."""
    prompts = [prompt for prompt, _ in turns]
    return [a_task(tool, prompt=prompt, history=prompts[:place]) for place, (prompt, tool) in enumerate(turns)]


def review(number: int) -> list[Task]:
    """Return tasks that look at the log, then at the difference."""
    return a_talk((f"what happened in week {number}", "log"), (f"and how does week {number} differ", "diff"))


def test_tasks_that_continue_each_other_are_one_conversation() -> None:
    first, second = review(1), review(2)

    assert conversations([first[0], second[0], first[1], second[1]]) == [tuple(first), tuple(second)]


def test_what_came_once_is_not_usual() -> None:
    log, diff = advertised("log", "diff")

    assert learned_followers([tuple(review(1))]) == {}
    assert learned_followers([tuple(review(1)), tuple(review(2))]) == {log: (diff,)}


def test_the_follower_is_loaded_ahead_and_its_price_told() -> None:
    """Use a ranker that finds nothing, so that every listed tool was searched or loaded ahead."""
    found = following(ListeningRanker(), CATALOG, [task for number in range(4) for task in review(number)])

    assert found is not None
    assert (found.conversations, found.turns) == (2, 2)
    assert (found.predicted, found.right_first, found.called_ahead) == (1.0, 1.0, 1.0)
    assert (found.tools_ahead, found.tokens_ahead) == (1.0, 20.0)
    assert (found.recall, found.recall_without) == (1.0, 0.0)


def test_a_turn_that_goes_another_way_was_paid_for_in_vain() -> None:
    other = a_talk(("what happened in week 9", "log"), ("keep that", "commit"))
    tasks = [*review(0), *review(1), *review(2), *other]

    found = following(ListeningRanker(), CATALOG, tasks)

    assert found is not None
    assert (found.right_first, found.called_ahead, found.recall) == pytest.approx((0.5, 0.5, 0.5))


def test_single_tasks_are_no_conversations() -> None:
    assert following(ListeningRanker(), CATALOG, [a_task("log"), a_task("diff", prompt="show the difference")]) is None
