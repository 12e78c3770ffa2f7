"""The need of any tool, by a large catalog and by a small one."""

from dataclasses import replace

import numpy as np
import pytest

from mcp_dynaload.ranking.features import (
    CLEAR_WORDS,
    FITTED,
    JUDGED_NONE,
    MANY_TOOLS,
    NEAR_BY_CHANCE,
    NEED_FEATURES,
    NOT_UNDERSTOOD,
    UNDERSTOOD,
    Observed,
    need_odds,
)


def observed(tools: int) -> Observed:
    ones = np.ones(1, np.float32)
    return Observed(
        clause_odds=ones,
        whole_odds=ones,
        name_coverage=ones,
        rarest=ones,
        likeness=np.full((1, 1), 0.5, np.float32),
        center=0.01 * ones,
        spread=0.08 * ones,
        tools=tools,
        nearest=0.5 * ones,
        upstreams=np.zeros(1, np.intp),
        own_work=np.full(3, 0.3, np.float32),
        judged=0.0,
        said=np.zeros(len(FITTED.need.coefficients) - NEED_FEATURES, np.float32),
        general=0.0,
    )


def test_the_same_evidence_in_a_large_catalog_says_less_for_a_need() -> None:
    small = observed(MANY_TOOLS)

    def odds(tools: int) -> float:
        return need_odds(replace(small, tools=tools), np.ones(1, np.float32), FITTED)

    assert odds(MANY_TOOLS) == odds(MANY_TOOLS // 2)
    assert odds(4 * MANY_TOOLS) == pytest.approx(odds(MANY_TOOLS) - 2 * NEAR_BY_CHANCE)


def test_a_question_in_general_is_held_to_need_nothing_sooner() -> None:
    asked = observed(MANY_TOOLS)

    odds = [need_odds(replace(asked, general=share), np.ones(1, np.float32), FITTED) for share in (0.0, 1.0)]

    assert odds[1] < odds[0] - 0.5


def test_a_prompt_of_which_few_words_are_understood_needs_nothing_sooner() -> None:
    asked = observed(MANY_TOOLS)

    odds = [
        need_odds(replace(asked, understood=share), np.ones(1, np.float32), FITTED) for share in (1.0, UNDERSTOOD, 0.0)
    ]

    assert odds[0] == odds[1] == pytest.approx(odds[2] + NOT_UNDERSTOOD)


def test_that_nothing_is_needed_counts_less_the_further_one_tool_leads() -> None:
    asked = replace(
        observed(MANY_TOOLS),
        clause_odds=np.ones(6, np.float32),
        name_coverage=np.ones(6, np.float32),
        rarest=np.ones(6, np.float32),
    )

    def lost(lead: float) -> float:
        tools = np.array([lead, 0, 0, 0, 0, 0], np.float32)
        unsure, sure = (need_odds(replace(asked, judged=judged), tools, FITTED) for judged in (JUDGED_NONE, -2.5))
        return unsure - sure

    assert lost(6.0) < lost(3.0) < lost(0.0)


def test_words_that_are_hardly_shared_by_chance_count_for_more() -> None:
    def odds(by_words: float) -> float:
        asked = replace(observed(MANY_TOOLS), clause_odds=np.full(1, by_words, np.float32))
        return need_odds(asked, np.ones(1, np.float32), FITTED)

    assert odds(CLEAR_WORDS + 1) - odds(CLEAR_WORDS) > odds(CLEAR_WORDS) - odds(CLEAR_WORDS - 1) > 0
