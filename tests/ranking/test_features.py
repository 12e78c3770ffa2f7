"""The need of any tool, by a large catalog and by a small one."""

from dataclasses import replace

import numpy as np
import pytest

from mcp_dynaload.ranking.features import FITTED, MANY_TOOLS, NEAR_BY_CHANCE, NEED_FEATURES, Observed, need_odds


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
