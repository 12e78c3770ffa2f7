"""The reading of a short prompt after earlier ones: ranked alone and together with them, where none hides the other.

Imports numpy, so it is imported only where an encoder is read.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.ranking.features import Vector
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

NEED_ALONE, NEED_TOGETHER, NEED_AGREEMENT, NEED_POINTING, NEED_ANSWER, NEED_BIAS = 0.9, 0.1, 0.7, 1.0, 2.2, 2.6
"""Log-odds that a follow-up needs any tool: by its need alone, by its need together with the prompt before, by the
logarithm of the agreement, for a word that points back ("it"), for hardly any words without one ("September
28th"), and in any case. That the prompt before needed a tool says little: thanks and questions follow, too.
"""

NEED_EARLIER = 1.0
"""The weight, in the log-odds of a follow-up, of those that an earlier prompt needed a tool, where none likely did: who
goes on with code needs no more tools than before."""

COURSE_WEIGHT, MAX_DOUBT = 1 / 3, 3.0
"""The weight of the same log-odds for any prompt of such a conversation; they count down to minus the second number."""


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

    deeds: NDArray[np.bool_]
    """The tools of whose definition the prompt says a verb."""

    points_back: bool
    """Whether it says "it", "that" and the like."""

    is_answer: bool
    """Whether it says hardly any words, and not no: a name or a date that was asked for."""

    stands_alone: bool
    """Whether it says enough words to be understood alone, and points to nothing before it."""

    asks_in_general: bool
    """Whether it asks about things in general, not about what came before."""


def leans_on_nothing(alone: Reading, *, points_back: bool) -> bool:
    """Tell whether a prompt that was read alone is so sure that those before it add nothing."""
    return not points_back and alone.need >= SURE_NEED and float(alone.given.max()) >= SURE_GIVEN


def follow_up(alone: Reading, together: Reading, earlier: Earlier) -> Reading:
    """Return the reading of a prompt that may lean on earlier ones; `together` is its reading with the last of them.

    A short prompt says what to do and leaves out with what: the tools that it may mean alone are weighed by the
    subject of the earlier prompts. One that stands alone needs no more after them than alone, unless most of these
    tools are of that subject; nor does one that asks in general ("what does evicted mean").
    """
    if leans_on_nothing(alone, points_back=earlier.points_back):
        return alone
    meant = alone.given * earlier.subject
    agreement = _agreement(alone, earlier.subject)
    is_of_same_subject = max(_agreement(alone, subject) for subject in earlier.subjects) >= SAME_SUBJECT
    meant = np.where(earlier.deeds, DEED_WEIGHT * meant, meant)
    meant *= float(alone.given.sum()) / max(MIN_AGREEMENT**2, float(meant.sum()))
    leaning = np.maximum(together.given, np.minimum(MAX_GIVEN, meant))
    odds = (
        NEED_ALONE * _odds(alone.need)
        + NEED_TOGETHER * _odds(together.need)
        + NEED_AGREEMENT * math.log(agreement)
        + NEED_POINTING * earlier.points_back
        + NEED_ANSWER * (earlier.is_answer and not earlier.points_back)
        + NEED_EARLIER * min(0.0, _odds(earlier.need))
        + NEED_BIAS
    )
    leaning_need = 1 / (1 + math.exp(-odds))
    if earlier.asks_in_general or (earlier.stands_alone and not is_of_same_subject):
        leaning_need = min(leaning_need, alone.need)
    need = max(alone.need, leaning_need)
    weight = 1.0 if alone.given.max() >= CLEAR_PROBABILITY else UNCLEAR_WEIGHT
    given = np.maximum(weight * alone.need * alone.given, leaning_need * leaning) / need
    return Reading(given.astype(np.float32), need)


def in_its_course(reading: Reading, earlier_need: float) -> Reading:
    """Return the reading of a prompt of a conversation, of whose earlier prompts one needed a tool so likely.

    Where none likely did, this one needs a tool less likely, too; that some did says nothing.
    """
    doubt = max(-MAX_DOUBT, min(0.0, _odds(earlier_need)))
    return replace(reading, need=1 / (1 + math.exp(-(_odds(reading.need) + COURSE_WEIGHT * doubt))))


def _agreement(alone: Reading, subject: Vector) -> float:
    """Return how much of what a prompt may mean alone is of a subject."""
    return max(MIN_AGREEMENT, float((alone.given * subject).sum()) / max(MIN_AGREEMENT, float(alone.given.sum())))


def _odds(probability: float) -> float:
    within = min(max(probability, MIN_AGREEMENT), 1 - MIN_AGREEMENT)
    return math.log(within / (1 - within))
