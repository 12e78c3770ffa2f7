"""The verdict on each ranked tool, and the reason that is given."""

from dataclasses import dataclass

import pytest

from mcp_dynaload.catalog.catalog import build_catalog
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.selection.choice import Choice, Verdict
from mcp_dynaload.selection.choose import choose
from mcp_dynaload.selection.loading import worth_their_room
from mcp_dynaload.selection.policy import (
    BOUNDS,
    LARGE_CATALOG_TOOLS,
    MAX_LOADED_OF_LARGE,
    MAX_LOADED_PER_PROMPT,
    MAX_REPEATING,
    REPEATING_NEED,
    VERY_LARGE_CATALOG_TOOLS,
    Strategy,
)
from tests.builders import FixedRanker, a_catalog, a_tool

BALANCED = BOUNDS[Strategy.BALANCED]


def verdicts(choice: Choice) -> dict[str, Verdict]:
    return {one.scored.name: one.verdict for one in choice.judged}


def test_chosen_are_the_first_until_few_are_left_out_the_others_are_below_the_bound() -> None:
    catalog = a_catalog([a_tool("a"), a_tool("b"), a_tool("c")])

    choice = choose(Query("x"), catalog, FixedRanker({"git__a": 0.9, "git__b": 0.5, "git__c": 0.01}), BALANCED)

    assert choice.names == ("git__a", "git__b")
    assert verdicts(choice) == {
        "git__a": Verdict.CHOSEN,
        "git__b": Verdict.CHOSEN,
        "git__c": Verdict.BELOW_BOUND,
    }


def test_unlikely_tools_are_not_loaded_however_many_there_are() -> None:
    crowd = {f"git__t{number}": 0.005 for number in range(8)}
    catalog = a_catalog([a_tool("a"), a_tool("b"), *(a_tool(name.removeprefix("git__")) for name in crowd)])
    ranker = FixedRanker({"git__a": 0.3, "git__b": 0.008, **crowd})

    assert choose(Query("x"), catalog, ranker, BALANCED).names == ("git__a", "git__b")


def test_a_dear_tool_must_be_likelier_than_a_cheap_one_unless_it_is_the_likeliest() -> None:
    probabilities = {"git__a": 0.09, "git__b": 0.03, "git__c": 0.03}
    tools = [a_tool(name) for name in "abc"]

    choices = [
        choose(Query("x"), build_catalog(tools, costs), FixedRanker(probabilities), BALANCED)
        for costs in ({"git__a": 100, "git__b": 700, "git__c": 900}, {"git__a": 4_000, "git__b": 700, "git__c": 900})
    ]

    assert [choice.names for choice in choices] == [("git__a", "git__b"), ("git__a", "git__b")]
    assert verdicts(choices[0])["git__c"] is Verdict.TOO_DEAR


def test_a_need_is_asked_for_what_is_probable_not_only_for_what_is_cheap_enough_to_come() -> None:
    ranker = FixedRanker({"git__a": 0.09, "git__b": 0.01, "git__c": 0.01}, need=0.15)
    tools = [a_tool(name) for name in "abc"]

    names = [
        choose(
            Query("x"), build_catalog(tools, {"git__a": 100, "git__b": rest, "git__c": rest}), ranker, BALANCED
        ).names
        for rest in (10, 2_000)
    ]

    assert names[0][0] == "git__a"
    assert names[1] == ()


def test_where_nothing_has_enough_evidence_no_tool_seems_needed() -> None:
    catalog = a_catalog([a_tool("a")])

    choice = choose(Query("x"), catalog, FixedRanker({"git__a": 0.001}), BALANCED)

    assert (choice.names, verdicts(choice)) == ((), {"git__a": Verdict.NO_NEED})


def test_a_pinned_tool_is_there_anyway() -> None:
    catalog = a_catalog([a_tool("a"), a_tool("b", pinned=True)])

    wanted = choose(Query("x"), catalog, FixedRanker({"git__a": 0.9, "git__b": 0.9}), BALANCED)
    unwanted = choose(Query("x"), catalog, FixedRanker({"git__b": 0.001}), BALANCED)

    assert wanted.names == ("git__a",)
    assert verdicts(wanted)["git__b"] == verdicts(unwanted)["git__b"] == Verdict.PINNED


def test_more_tools_than_one_prompt_may_bring_find_no_room() -> None:
    tools = [a_tool(f"t{number:02}") for number in range(MAX_LOADED_PER_PROMPT + 2)]
    ranker = FixedRanker({tool.name: 0.9 for tool in tools})

    choice = choose(Query("x"), a_catalog(tools), ranker, BALANCED)

    assert len(choice.names) == MAX_LOADED_PER_PROMPT
    assert list(verdicts(choice).values())[-2:] == [Verdict.NO_ROOM] * 2


def test_the_surer_the_need_the_more_of_what_is_wanted_is_loaded() -> None:
    upstreams = ("a", "a", "a", "a", "b", "b", "b", "c", "c", "c")
    tools = [a_tool(f"t{number}", upstream=upstream) for number, upstream in enumerate(upstreams)]

    def chosen(need: float, tokens: int = 400) -> Choice:
        ranker = FixedRanker({tool.name: 0.5 for tool in tools}, need=need)
        return choose(Query("x"), build_catalog(tools, {tool.name: tokens for tool in tools}), ranker, BALANCED)

    names = tuple(tool.name for tool in tools)
    assert chosen(0.55).names == chosen(0.6).names == names[:2]
    assert list(verdicts(chosen(0.55)).values())[-1] is Verdict.UNSURE
    assert 2 < len(chosen(0.9).names) < len(names)
    assert chosen(0.99).names == chosen(0.55, tokens=90).names == names


def test_of_servers_that_repeat_the_client_an_unsure_need_brings_a_few_of_a_large_catalog() -> None:
    wanted = [a_tool(f"t{number}") for number in range(MAX_REPEATING + 2)] + [a_tool("other", upstream="mail")]
    named = {tool.name: 0.5 for tool in wanted}

    def loaded(need: float, catalog_tools: int) -> Choice:
        further = [a_tool(f"u{number}") for number in range(catalog_tools - len(wanted))]
        catalog = build_catalog([*wanted, *further], {tool.name: 10 for tool in (*wanted, *further)})
        ranker = FixedRanker(named, need=need, repeating={name for name in named if name.startswith("git__")})
        return choose(Query("x"), catalog, ranker, BALANCED)

    large = LARGE_CATALOG_TOOLS + 1
    kept = tuple(f"git__t{number}" for number in range(MAX_REPEATING))
    assert loaded(0.9, large).names == (*kept, "mail__other")
    assert list(verdicts(loaded(0.9, large)).values())[MAX_REPEATING:-1] == [Verdict.REPEATS_CLIENT] * 2
    assert loaded(REPEATING_NEED, large).names == loaded(0.9, LARGE_CATALOG_TOOLS).names == tuple(named)


def test_of_what_is_spread_over_many_servers_less_is_loaded_than_of_what_is_of_one() -> None:
    def loaded(upstreams: int) -> int:
        tools = [a_tool(f"t{number}", upstream=f"u{number % upstreams}") for number in range(8)]
        catalog = build_catalog(tools, {tool.name: 400 for tool in tools})
        ranker = FixedRanker({tool.name: 0.5 for tool in tools}, need=0.75)
        return len(choose(Query("x"), catalog, ranker, BALANCED).names)

    assert (loaded(1), loaded(4)) == (8, 2)


def test_of_a_large_catalog_a_prompt_that_is_sure_to_need_tools_brings_the_more_of_them_and_leaves_less_out() -> None:
    wanted = [a_tool(f"t{number:03}") for number in range(50)]
    tools = [*wanted, *(a_tool(f"u{number:03}") for number in range(VERY_LARGE_CATALOG_TOOLS - 80))]
    catalog = build_catalog(tools, {tool.name: 10 for tool in tools})

    def loaded(need: float, *likely: float) -> int:
        probabilities = {tool.name: likely[number] for number, tool in enumerate(wanted[: len(likely)])}
        return len(choose(Query("x"), catalog, FixedRanker(probabilities, need=need), BALANCED).names)

    flat, tailed = (0.1,) * 50, (0.9, 0.02)
    assert loaded(0.99, *flat) < loaded(0.999, *flat) == MAX_LOADED_OF_LARGE
    assert (loaded(0.99, *tailed), loaded(0.999, *tailed)) == (1, 2)


def test_where_few_may_come_a_dear_tool_that_is_nearly_as_likely_as_any_is_among_them() -> None:
    best, second, _, dear = tools = [a_tool("t", upstream=upstream) for upstream in ("u1", "u2", "u3", "u4")]
    catalog = build_catalog(tools, {tool.name: 2_000 if tool is dear else 400 for tool in tools})

    @dataclass(frozen=True)
    class HoldingDearToolsBack:
        probability: float

        def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
            ranked = zip(tools, (0.5, 0.3, 0.29, self.probability), strict=True)
            return tuple(Scored(tool.name, 0.0, probability, ("said",), 0.6) for tool, probability in ranked)

    def chosen(probability: float) -> tuple[str, ...]:
        return choose(Query("x"), catalog, HoldingDearToolsBack(probability), BALANCED).names

    assert chosen(0.4) == (best.name, second.name)
    assert chosen(0.47) == (best.name, dear.name)


def test_a_tool_that_the_tokens_do_not_pay_for_is_left_out_a_cheaper_one_is_not() -> None:
    tools = [a_tool("cheap"), a_tool("dear")]
    catalog = build_catalog(tools, {"git__cheap": 10, "git__dear": BALANCED.prompt_tokens + 1})

    choice = choose(Query("x"), catalog, FixedRanker({"git__dear": 0.9, "git__cheap": 0.8}), BALANCED)

    assert choice.names == ("git__cheap",)
    assert verdicts(choice) == {"git__dear": Verdict.NO_TOKENS, "git__cheap": Verdict.CHOSEN}


def test_a_need_that_is_not_sure_brings_the_best_of_what_is_wanted() -> None:
    tools = [a_tool(f"t{number}") for number in range(4)]
    catalog = build_catalog(tools, {tool.name: 2_400 for tool in tools})

    def loaded(need: float) -> int:
        ranker = FixedRanker({tool.name: 0.2 for tool in tools}, need=need)
        return len(choose(Query("x"), catalog, ranker, BALANCED).names)

    assert [loaded(need) for need in (0.5, 0.58, 0.68, 0.8, 1.0)] == [0, 2, 3, 4, 4]


def test_a_tool_that_may_destroy_needs_clear_words_and_a_withheld_one_is_never_loaded() -> None:
    destructive = {"destructiveHint": True}
    catalog = a_catalog([a_tool("drop_table", annotations=destructive), a_tool("list"), a_tool("old")])
    ranker = FixedRanker({"git__old": 0.9, "git__list": 0.8, "git__drop_table": 0.7}, terms=("tabl",))

    choice = choose(Query("x"), catalog, ranker, BALANCED, withheld=frozenset({"git__old"}))

    assert choice.names == ("git__list",)
    assert [scored.name for scored in choice.ranked] == ["git__list"]
    assert verdicts(choice) == {
        "git__old": Verdict.WITHHELD,
        "git__list": Verdict.CHOSEN,
        "git__drop_table": Verdict.UNCLEAR,
    }


def test_the_fuller_a_session_the_likelier_a_tool_must_be_to_be_worth_its_room() -> None:
    catalog = a_catalog([a_tool("likely"), a_tool("unlikely")], cost=100)
    choice = choose(Query("x"), catalog, FixedRanker({"git__likely": 0.5, "git__unlikely": 0.1}), BALANCED)

    def kept(used: int, left: int) -> tuple[str, ...]:
        return worth_their_room(choice, catalog.costs, used, left, search_tokens=1_000)

    assert kept(0, 1_000) == ("git__likely", "git__unlikely")
    assert kept(500, 500) == ("git__likely",)
    assert kept(900, 100) == ("git__likely",), "the best one as long as it fits"
    assert kept(950, 50) == ()
    assert kept(1_000, 0) == ()


LONG = "tell the team in the channel that the release of the payments service slipped to friday because a test failed"


@pytest.mark.parametrize(
    ("prompt", "cost", "used", "kept"),
    [
        ("list branches", 10, 0, ("best", "near", "far")),
        ("list branches", 10, 200, ("best",)),
        ("list branches", 1, 200, ("best", "near", "far")),
        ("list branches", 1, 700, ("best",)),
        (LONG, 10, 300, ("best", "near", "far")),
        (LONG, 10, 500, ("best", "near")),
        (LONG, 10, 700, ("best",)),
    ],
)
def test_the_fuller_a_session_the_nearer_a_tool_must_be_to_the_best_one(
    prompt: str, cost: int, used: int, kept: tuple[str, ...]
) -> None:
    """Take a short prompt for one thing: what else it brings must be likely, if it takes room and some is used."""
    catalog = a_catalog([a_tool("best"), a_tool("near"), a_tool("far")], cost=cost)
    ranker = FixedRanker({"git__best": 0.8, "git__near": 0.3, "git__far": 0.06})
    choice = choose(Query(prompt), catalog, ranker, BALANCED)

    found = worth_their_room(choice, catalog.costs, used, 1_000 - used, search_tokens=100_000)

    assert found == tuple(f"git__{name}" for name in kept)


def test_a_short_prompt_without_a_clear_best_tool_keeps_those_behind_it() -> None:
    catalog = a_catalog([a_tool("best"), a_tool("far")], cost=10)
    choice = choose(Query("list branches"), catalog, FixedRanker({"git__best": 0.3, "git__far": 0.03}), BALANCED)

    assert worth_their_room(choice, catalog.costs, 200, 800, search_tokens=100_000) == ("git__best", "git__far")


@pytest.mark.parametrize(
    ("name", "said", "is_loaded"),
    [
        ("remove_image", ("delet",), True),
        ("delete_image", ("remov",), True),
        ("execute_statement", ("delet",), True),
        ("execute_statement", ("ada",), False),
        ("delete_image", ("show",), False),
    ],
)
def test_a_tool_that_may_destroy_is_told_by_any_verb_that_means_the_same(
    name: str, said: tuple[str, ...], is_loaded: bool
) -> None:
    tool = a_tool(name, annotations={"destructiveHint": True})
    ranker = FixedRanker({tool.name: 0.9}, terms=said)

    choice = choose(Query("anything"), a_catalog([tool]), ranker, BALANCED)

    assert (tool.name in choice.names) is is_loaded
