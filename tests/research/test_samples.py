"""The samples that the models are fitted to."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from mcp_dynaload.research.fit import fit_tool
from mcp_dynaload.research.samples import (
    ABOUT_SERVICES,
    NOTHING_WEIGHT,
    ORDERS,
    ORDERS_FROM,
    PARTS_OF_CATALOG,
    WEIGHTS,
    Sample,
    packaged_own,
    read_samples,
)
from mcp_dynaload.research.training.examples import KEPT_BACK
from tests.small_bench import LABELLED, THINGS, WORK, WordReader, a_bench, our_own


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    folder = a_bench(tmp_path_factory.mktemp("bench"))
    return list(read_samples(folder, WordReader(), our_own(folder)))


def whole(samples: list[Sample], source: str) -> list[Sample]:
    return [sample for sample in samples if sample.is_whole and sample.source == source]


def test_each_task_is_looked_at_over_its_whole_catalog_once(samples: list[Sample]) -> None:
    assert {name: len(whole(samples, name)) for name in WEIGHTS} == dict.fromkeys(WEIGHTS, 2)
    # The encoder was trained on the others.
    assert len(whole(samples, "needing")) == len(THINGS) / KEPT_BACK


def test_prompts_that_need_nothing_are_looked_at_over_every_catalog_and_part_and_our_own_over_one_of_them(
    samples: list[Sample],
) -> None:
    by_us = {"own_work", "need_labelled", ABOUT_SERVICES}
    counts = Counter(sample.prompt for sample in samples if sample.source in {"chat", *by_us})

    # "thanks a lot" has no content of its own: the product never asks a ranker for it.
    ours = (*WORK, *(line.query for line in LABELLED if not line.needs))
    expected = {prompt: 2 for prompt in ours if prompt != "thanks a lot"}
    assert counts == expected | {"tell me a joke about goats": 2 * (1 + PARTS_OF_CATALOG)}
    assert all(not sample.needed.any() for sample in samples if sample.source in by_us)
    # There are few servers where these are asked.
    assert not any(sample.is_whole for sample in samples if sample.source == ABOUT_SERVICES)


def test_there_are_many_further_prompts_of_many_kinds_and_none_twice() -> None:
    own = packaged_own()
    written = Counter(line.query.lower().strip(" .!?") for line in own.labelled)
    kinds = {needs: Counter(line.kind for line in own.labelled if line.needs == needs) for needs in (False, True)}

    assert kinds[False].total() >= 4_000
    assert len(kinds[False]) >= 15
    assert kinds[False][ABOUT_SERVICES] >= 250
    assert kinds[True].total() >= 2_000
    assert max(written.values()) == 1
    assert written.keys().isdisjoint({text.lower().strip(" .!?") for text in own.work})


def test_over_parts_of_a_catalog_a_prompt_counts_less(samples: list[Sample]) -> None:
    assert {s.weight for s in samples if s.source == "chat"} == {NOTHING_WEIGHT, 0.3 * NOTHING_WEIGHT}


def test_what_a_licence_forbids_is_measured_and_not_trained_on(samples: list[Sample]) -> None:
    for name in WEIGHTS:
        assert sorted(sample.may_train for sample in whole(samples, name)) == [False, True]


def test_the_needed_tool_is_marked_among_the_candidates(samples: list[Sample]) -> None:
    for sample in (sample for name in (*WEIGHTS, "needing") for sample in whole(samples, name)):
        assert sample.needed.sum() == 1
        assert sample.needs == (frozenset(np.flatnonzero(sample.needed)),)
        assert len(sample.needed) == len(sample.costs) == sample.observed.likeness.shape[1]


def test_no_text_of_our_own_work_is_compared_with_itself(samples: list[Sample]) -> None:
    nearest = [sample.observed.own_work[0] for sample in samples if sample.source == "own_work"]

    assert max(nearest) < 0.999


def test_short_orders_are_of_one_tool_and_leave_the_model_of_tools_as_it_is(samples: list[Sample]) -> None:
    orders = packaged_own().needing.lines[ORDERS_FROM:]
    assert len(orders) >= 200
    assert all(len(line.tools) == 1 and len(line.query) < 80 for line in orders)

    misleading = [replace(sample, source=ORDERS, needed=~sample.needed) for sample in whole(samples, "needing")]
    assert fit_tool([*samples, *misleading]) == fit_tool(samples)
