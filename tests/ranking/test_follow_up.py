"""Short prompts after others."""

from dataclasses import fields, replace

import numpy as np
import pytest

from mcp_dynaload.ranking.follow_up import Earlier, Reading, follow_up, in_its_course
from mcp_dynaload.ranking.follow_up_form import FollowUpForm

NOTHING = np.zeros(3, np.float32)
NO_FORM = FollowUpForm(**dict.fromkeys((field.name for field in fields(FollowUpForm)), False))


def reading(*given: float, need: float) -> Reading:
    return Reading(np.array(given, np.float32), need)


def earlier(
    *subject: float,
    need: float = 1.0,
    deeds: tuple[bool, ...] = (False, False, False),
    asks_in_general: bool = False,
    **form: bool,
) -> Earlier:
    return Earlier(
        subject=np.array(subject, np.float32),
        subjects=(np.array(subject, np.float32),),
        need=need,
        recent_need=need,
        deeds=np.array(deeds),
        form=replace(NO_FORM, **form),
        asks_in_general=asks_in_general,
    )


@pytest.mark.proves("subject")
def test_what_the_prompt_alone_clearly_means_is_as_likely_whatever_was_said_before() -> None:
    alone = reading(0.6, 0.0, 0.0, need=0.9)

    found = follow_up(alone, reading(0.0, 0.8, 0.0, need=1.0), earlier(0.0, 1.0, 0.0, points_back=True))

    assert found.need >= alone.need
    assert found.need * found.given[0] == pytest.approx(0.9 * 0.6)


def test_an_earlier_prompt_adds_what_the_prompt_alone_does_not_say() -> None:
    alone = reading(0.1, 0.1, 0.0, need=0.5)

    found = follow_up(alone, reading(0.0, 0.0, 0.7, need=1.0), earlier(0.0, 0.5, 0.5, points_back=True))

    assert found.given.argmax() == 2


def test_of_what_the_prompt_may_mean_alone_the_subject_of_the_earlier_ones_is_likelier() -> None:
    alone = reading(0.2, 0.2, 0.2, need=0.9)

    found = follow_up(alone, Reading(NOTHING, 0.9), earlier(0.05, 0.9, 0.05))

    assert found.given[1] > 2 * found.given[0]


def test_of_the_subjects_tools_the_one_whose_verb_is_said_is_likelier() -> None:
    alone = reading(0.1, 0.1, 0.1, need=0.9)

    found = follow_up(alone, Reading(NOTHING, 0.9), earlier(0.0, 0.5, 0.5, deeds=(False, False, True)))

    assert found.given[2] > found.given[1]


@pytest.mark.proves("subject")
def test_a_mere_name_after_a_prompt_that_needs_a_tool_needs_it_more_likely_than_a_sentence() -> None:
    alone = reading(0.01, 0.01, 0.1, need=0.04)
    together = reading(0.4, 0.0, 0.0, need=1.0)

    answer = follow_up(alone, together, earlier(0.5, 0.3, 0.2, is_answer=True))
    sentence = follow_up(alone, together, earlier(0.5, 0.3, 0.2))

    assert sentence.need < 0.5 < answer.need
    assert answer.given.argmax() == 0


@pytest.mark.proves("subject")
@pytest.mark.parametrize(("subject", "goes_on"), [((0.1, 0.1, 0.8), False), ((0.8, 0.1, 0.1), True)])
def test_a_prompt_that_stands_alone_gets_a_need_by_earlier_ones_only_if_it_is_of_their_subject(
    subject: tuple[float, ...], goes_on: bool
) -> None:
    alone = reading(0.4, 0.1, 0.0, need=0.3)

    found = follow_up(alone, reading(0.0, 0.0, 0.7, need=1.0), earlier(*subject, stands_alone=True))

    assert (found.need > alone.need) == goes_on
    assert found.need >= alone.need


def test_a_question_in_general_gets_no_need_by_earlier_ones_even_of_their_subject() -> None:
    alone = reading(0.3, 0.3, 0.0, need=0.2)
    together, subject = Reading(NOTHING, 0.9), (0.5, 0.5, 0.0)

    assert follow_up(alone, together, earlier(*subject)).need > alone.need
    assert follow_up(alone, together, earlier(*subject, asks_in_general=True)).need == alone.need


def test_thanks_after_a_prompt_that_needs_a_tool_need_none() -> None:
    alone = reading(0.01, 0.01, 0.1, need=0.01)

    found = follow_up(alone, reading(0.4, 0.0, 0.0, need=1.0), earlier(1.0, 0.0, 0.0))

    assert found.need < 0.3


def test_what_goes_on_with_work_that_needed_no_tool_needs_one_less_likely() -> None:
    alone = reading(0.1, 0.3, 0.1, need=0.2)
    together = reading(0.4, 0.0, 0.0, need=0.6)

    found = [
        follow_up(alone, together, earlier(0.1, 0.8, 0.1, need=need, points_back=True)).need
        for need in (0.99, 0.5, 0.2, 0.02)
    ]

    assert found[0] == found[1] > found[2] > found[3] >= alone.need


def test_after_prompts_that_needed_no_tool_any_prompt_needs_one_less_likely_and_a_clear_one_as_good_as_ever() -> None:
    unclear, clear = reading(0.3, 0.0, 0.0, need=0.4), reading(0.9, 0.0, 0.0, need=0.99)

    after_own_work = [in_its_course(alone, 0.01).need for alone in (unclear, clear)]

    assert after_own_work[0] < 0.25
    assert after_own_work[1] > 0.96
    assert in_its_course(unclear, 0.99) is unclear
    assert in_its_course(reading(0.3, 0.0, 0.0, need=1e-6), 0.01).need <= 1e-6


@pytest.mark.parametrize("clue", ["names_again", "names_another", "only_reacts", "opens_question", "turns_to_code"])
def test_the_form_of_a_follow_up_tells_of_its_need(clue: str) -> None:
    alone, together = reading(0.1, 0.3, 0.1, need=0.1), reading(0.4, 0.0, 0.0, need=0.9)

    tie = earlier(0.3, 0.4, 0.3)

    without = follow_up(alone, together, tie).need
    with_it = follow_up(alone, together, replace(tie, form=replace(NO_FORM, **{clue: True}))).need

    assert (with_it > without) == clue.startswith("names")
    assert with_it >= alone.need


@pytest.mark.parametrize("given", [(0.0, 0.0, 0.0), (1e-9, 0.0, 0.0)])
def test_a_prompt_for_which_nothing_speaks_has_a_reading(given: tuple[float, ...]) -> None:
    found = follow_up(reading(*given, need=0.001), Reading(NOTHING, 0.001), earlier(1.0, 0.0, 0.0))

    assert np.isfinite(found.given).all()
