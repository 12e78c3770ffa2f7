"""The worth of learning on projects made of labelled tasks."""

from dataclasses import astuple

import pytest

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.labelled import Task, characters_in_fours, definition_text
from mcp_dynaload.measure.quality.replay import (
    PROJECTS,
    PROMPTS,
    SESSIONS,
    Effect,
    Replay,
    effect_of,
    learn,
    projects_of,
    replay,
)
from mcp_dynaload.ranking.lexical import build_ranker
from tests.builders import a_tool

SERVERS = ("github", "gitlab", "linear", "notion")
NOUNS = ("issue", "comment", "project", "page", "label", "member", "report", "webhook")
VERBS = {"create": "Create a new {}", "list": "List every {}", "update": "Change an existing {}"}
FILLER = "Needs a token with the scope for this. Fails with a helpful message when the workspace is not known. " * 6
ASKS = {
    "create": ("add a {}", "please make a new {} for the release", "create the {} we talked about"),
    "list": ("show me each {}", "which {} is there, list all", "list every {} of this week"),
    "update": ("change the {}", "edit that {} and set its title", "update the {} with the new text"),
}


def a_crowded_catalog() -> Catalog:
    """Return ten servers that can do the same, so that words alone cannot tell whose tool is meant."""
    tools = [
        a_tool(f"{verb}_{noun}", f"{text.format(noun)}. {FILLER}", upstream=server, title="Title", body="Text")
        for server in SERVERS
        for noun in NOUNS
        for verb, text in VERBS.items()
    ]
    return build_catalog(tools, {tool.name: characters_in_fours(definition_text(tool)) for tool in tools})


def tasks_over_two_servers() -> list[Task]:
    """Return prompts that do not name the server: the user knows which one this project uses."""
    return [
        Task(f"{server}/{verb}_{noun}/{number}", ask.format(noun), (frozenset({f"{server}__{verb}_{noun}"}),))
        for server, nouns in (("linear", NOUNS[:4]), ("notion", NOUNS[4:]))
        for noun in nouns
        for verb, asks in ASKS.items()
        for number, ask in enumerate(asks)
    ] + [Task("thanks", "thanks, that is all", ())]


CATALOG, TASKS = a_crowded_catalog(), tasks_over_two_servers()


@pytest.fixture(scope="module")
def played() -> Replay:
    return replay(build_ranker(CATALOG), CATALOG, TASKS, reads_session=True)


@pytest.mark.proves("learned-replay")
def test_after_twenty_sessions_a_third_of_the_gap_in_recall_is_closed_with_fewer_tokens(played: Replay) -> None:
    same_budget, listed = ("recall_at_tokens", "2000"), ("balanced", "recall")

    assert played.cold[same_budget] < played.oracle[same_budget]
    assert played.gap_closed(same_budget) >= 1 / 3
    assert played.learned[listed] > played.cold[listed]
    assert played.learned["balanced", "tokens"] < played.cold["balanced", "tokens"]


def test_prompts_that_need_nothing_still_get_nothing(played: Replay) -> None:
    assert played.learned["balanced", "abstained_negatives"] == played.cold["balanced", "abstained_negatives"] == 1.0


def test_every_measured_prompt_counts_and_the_figures_say_the_share_of_the_gap(played: Replay) -> None:
    found = played.as_json()

    assert found["prompts"] == played.prompts == PROJECTS * SESSIONS * PROMPTS
    cold, learned, best = (found[arm]["recall_at_tokens"]["2000"] for arm in ("cold", "learned", "oracle"))
    assert found["gap_closed"]["recall_at_tokens"]["2000"] == pytest.approx((learned - cold) / (best - cold))


def test_where_nothing_is_lacking_the_gap_is_closed() -> None:
    path = ("recall_at_tokens", "2000")

    assert Replay(1, {path: 1.0}, {path: 1.0}, {path: 1.0}).gap_closed(path) == 1.0


def test_no_measured_prompt_was_learned_from_and_projects_are_the_same_each_time() -> None:
    projects = projects_of(TASKS)

    assert projects == projects_of(TASKS)
    for project in projects:
        learned, measured = (
            {task.id for session in part for task in session} for part in (project.learned, project.measured)
        )
        assert not learned & measured
        assert [len(session) for session in project.learned] == [PROMPTS] * SESSIONS


def test_what_a_session_had_to_search_is_learned_as_missed() -> None:
    task = Task("hard", "qwertz", (frozenset({"linear__create_issue"}),))

    use = learn([(task,)], build_ranker(CATALOG), CATALOG).tools["linear__create_issue"]

    assert use.missed == use.called > 0


def test_without_two_tasks_for_a_tool_there_is_nothing_to_replay() -> None:
    with pytest.raises(ConfigError, match="no tool is needed by two tasks"):
        projects_of(TASKS[:1])


@pytest.mark.proves("learned-past")
def test_the_effect_on_real_sessions_counts_what_was_listed_in_time_without_and_with_what_was_learned() -> None:
    project, ranker = projects_of(TASKS)[0], build_ranker(CATALOG)
    priors = learn(project.learned, ranker, CATALOG)

    effect = effect_of(priors, project.measured, ranker, CATALOG)

    assert (effect.prompts, effect.called) == (SESSIONS * PROMPTS, SESSIONS * PROMPTS)
    assert effect.listed_cold < effect.listed_learned <= effect.called
    assert effect.tokens_learned < effect.tokens_cold
    assert effect_of(priors, [], ranker, CATALOG) == Effect()
    assert effect + effect == Effect(*(2 * value for value in astuple(effect)))
