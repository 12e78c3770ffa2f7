"""The reading of a short prompt after earlier ones: ranked alone and together with them, where none hides the other.

Imports numpy, so it is imported only where an encoder is read.
"""

import math
import operator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.ranking.features import Vector
from mcp_dynaload.ranking.follow_up_form import FollowUpForm
from mcp_dynaload.ranking.ranker import CLEAR_PROBABILITY

UNCLEAR_WEIGHT = 0.5
"""The weight of the prompt alone beside its meaning after earlier ones, if alone it names no tool clearly."""

MAX_GIVEN = 0.9
"""Probability of a tool, given that any is needed, by the subject of the earlier prompts: never surer than this."""

DEED_WEIGHT = 2.0
"""How much likelier a tool of the subject is if its definition has the verb that is said."""

MIN_AGREEMENT = 1e-3

SAME_SUBJECT = 0.5
"""The agreement with the subject of the earlier prompts from which on a prompt that stands alone goes on with it: of
prompts that need nothing, after one that needs a tool by chance, 2% have as much over 24 servers."""

SURE_NEED, SURE_GIVEN = 0.8, 0.4
"""A prompt that points to nothing before it and is so sure alone leans on nothing: more would only take room."""

LEAST_AGREEMENT = 0.05
"""An agreement with the subject of the earlier prompts that is less tells no more."""

COURSE_WEIGHT, MAX_DOUBT = 1 / 3, 3.0
"""The weight, for any prompt, of the log-odds that an earlier one needed a tool, where none likely did; these count
down to minus the second number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a prompt, with a probability for each tool of the catalog."""

    given: Vector
    """That the tool is needed, given that any is; 0 where nothing speaks for it."""

    need: float
    """That any is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The tie of a prompt with those before it."""

    subject: Vector
    """For each tool the share of its upstream in what the earlier prompts asked for."""

    subjects: tuple[Vector, ...]
    """The same of each of them, the newest first."""

    need: float
    """That any of them needed a tool."""

    recent_need: float
    """The same of the last of them, back to one that is understood alone."""

    deeds: NDArray[np.bool_]
    """The tools of whose definition the prompt says a verb."""

    form: FollowUpForm

    asks_in_general: bool
    """Whether it asks about things in general, not about what came before."""


class Clues(NamedTuple):
    """The clues by which a follow-up may need any tool; as weights, the log-odds that each of them is worth."""

    alone: float
    """The log-odds that it needs one alone."""

    together: float
    """The same, read together with the prompt before."""

    earlier: float
    """The log-odds that an earlier prompt needed one, where none likely did: who goes on with code needs no more tools
    than before."""

    agreement: float
    """The logarithm of the agreement with the subject of the earlier prompts."""

    points_back: float
    is_answer: float
    """Hardly any words, without one that points back ("September 28th")."""

    names_again: float
    names_another: float
    """Another thing, by how likely the prompt before needed a tool: the same is asked of it."""

    only_reacts: float
    opens_question: float
    turns_to_code: float
    always: float = 1.0


WEIGHTS = Clues(
    alone=0.58,
    together=0.16,
    earlier=1.0,
    agreement=0.26,
    points_back=1.1,
    is_answer=1.5,
    names_again=0.7,
    names_another=3.5,
    only_reacts=-2.7,
    opens_question=-1.4,
    turns_to_code=-2.85,
    always=0.64,
)
"""Near to what `research/fit_follow_ups.py` prints, which another draw of unrelated prompts moves by some tenths, but
for `earlier` and `names_again`, of which it tells nothing. That the prompt before needed a tool is no clue: thanks and
questions follow, too."""


def leans_on_nothing(alone: Reading, *, points_back: bool) -> bool:
    """Tell whether a prompt that was read alone is so sure that those before it add nothing."""
    return not points_back and alone.need >= SURE_NEED and float(alone.given.max()) >= SURE_GIVEN


def follow_up(alone: Reading, together: Reading, earlier: Earlier) -> Reading:
    """Return the reading of a prompt that may lean on earlier ones; `together` is its reading with the last of them.

    A short prompt says what to do and leaves out with what: the tools that it may mean alone are weighed by the
    subject of the earlier prompts. One that stands alone needs no more after them than alone, unless most of these
    tools are of that subject; nor does one that asks in general ("what does evicted mean").
    """
    if leans_on_nothing(alone, points_back=earlier.form.points_back):
        return alone
    meant = alone.given * earlier.subject
    meant = np.where(earlier.deeds, DEED_WEIGHT * meant, meant)
    meant *= float(alone.given.sum()) / max(MIN_AGREEMENT**2, float(meant.sum()))
    leaning = np.maximum(together.given, np.minimum(MAX_GIVEN, meant))
    odds = sum(map(operator.mul, WEIGHTS, clues(alone, together, earlier)))
    leaning_need = 1 / (1 + math.exp(-odds))
    need = alone.need if stays_alone(alone, earlier) else max(alone.need, leaning_need)
    leaning_need = min(need, leaning_need)
    weight = 1.0 if alone.given.max() >= CLEAR_PROBABILITY else UNCLEAR_WEIGHT
    given = np.maximum(weight * alone.need * alone.given, leaning_need * leaning) / need
    return Reading(given.astype(np.float32), need)


def clues(alone: Reading, together: Reading, earlier: Earlier) -> Clues:
    """Return the clues of a prompt that may lean on earlier ones."""
    form = earlier.form
    return Clues(
        alone=_odds(alone.need),
        together=_odds(together.need),
        earlier=min(0.0, _odds(earlier.need)),
        agreement=math.log(max(LEAST_AGREEMENT, _agreement(alone, earlier.subject))),
        points_back=form.points_back,
        is_answer=form.is_answer and not form.points_back,
        names_again=form.names_again,
        names_another=earlier.recent_need * form.names_another,
        only_reacts=form.only_reacts,
        opens_question=form.opens_question,
        turns_to_code=form.turns_to_code,
    )


def stays_alone(alone: Reading, earlier: Earlier) -> bool:
    """Tell whether a prompt needs no more after the earlier ones than alone."""
    if earlier.asks_in_general or not earlier.form.stands_alone:
        return earlier.asks_in_general
    return max(_agreement(alone, subject) for subject in earlier.subjects) < SAME_SUBJECT


def in_its_course(reading: Reading, earlier_need: float) -> Reading:
    """Return the reading of a prompt of a conversation, of whose earlier prompts one needed a tool so likely.

    Where none likely did, this one needs a tool less likely, too; that some did says nothing.
    """
    doubt = max(-MAX_DOUBT, min(0.0, _odds(earlier_need)))
    if not doubt or reading.need < MIN_AGREEMENT:
        return reading
    return replace(reading, need=1 / (1 + math.exp(-(_odds(reading.need) + COURSE_WEIGHT * doubt))))


def _agreement(alone: Reading, subject: Vector) -> float:
    """Return how much of what a prompt may mean alone is of a subject."""
    return max(MIN_AGREEMENT, float((alone.given * subject).sum()) / max(MIN_AGREEMENT, float(alone.given.sum())))


def _odds(probability: float) -> float:
    within = min(max(probability, MIN_AGREEMENT), 1 - MIN_AGREEMENT)
    return math.log(within / (1 - within))
