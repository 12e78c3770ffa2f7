"""A part of the catalog, and the ranking of its tools alone."""

import pytest

from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.selection.actions import ProfileChosen, PromptSubmitted
from mcp_dynaload.selection.narrowing import NarrowedRanker, narrowed_catalog
from mcp_dynaload.selection.state import advertised, initial_state
from mcp_dynaload.selection.step import step
from tests.builders import a_catalog, a_context, developer_tools
from tests.selection.test_priors import ASKED, Given, scored

pytestmark = pytest.mark.proves("profiles")

WHOLE = a_catalog(developer_tools())
SERVERS = sorted({tool.upstream for tool in WHOLE.tools})
INSIDE = SERVERS[0]
PINNED = next(tool.name for tool in WHOLE.tools if tool.upstream == INSIDE)
PART = narrowed_catalog(WHOLE, lambda tool: tool.upstream == INSIDE, lambda name: name == PINNED)
OTHERS = [tool.name for tool in WHOLE.tools if tool.upstream != INSIDE]
THEIRS = [tool.name for tool in WHOLE.tools if tool.upstream == INSIDE]


def ranked(*found: Scored, limit: int = 10) -> tuple[Scored, ...]:
    return NarrowedRanker(Given(found), PART, len(WHOLE.tools)).rank(ASKED, limit)


def test_a_part_has_the_tools_of_its_servers_at_their_cost_and_its_pins() -> None:
    assert [tool.name for tool in PART.tools] == THEIRS
    assert PART.costs == {name: WHOLE.costs[name] for name in THEIRS}
    assert [tool.name for tool in PART.tools if tool.pinned] == [PINNED]


def test_only_its_tools_are_ranked_however_far_behind_the_others_they_are() -> None:
    found = ranked(*(scored(name, 9, 0.9) for name in OTHERS), scored(THEIRS[0], 1, 0.4), limit=1)
    assert [one.name for one in found] == [THEIRS[0]]


def test_a_prompt_needs_no_more_than_all_of_its_tools_together() -> None:
    outside = scored(OTHERS[0], 9, 0.9, need=0.95)
    (weak,) = ranked(outside, scored(THEIRS[0], 1, 0.03, need=0.95))
    (strong,) = ranked(outside, scored(THEIRS[0], 1, 0.96, need=0.95))
    assert (weak.need, strong.need) == (0.03, 0.95)


def test_what_was_listed_stays_when_the_profile_changes_and_its_pins_come() -> None:
    context = a_context(PART)
    state, decision = step(initial_state(), ProfileChosen((THEIRS[1], OTHERS[0])), context)

    assert decision.added == (PINNED,)
    assert set(advertised(state, PART)) == {PINNED, THEIRS[1]}
    assert set(advertised(state, WHOLE)) == {OTHERS[0], THEIRS[1]}
    assert step(state, PromptSubmitted("go on"), context)[0].loaded >= state.loaded
