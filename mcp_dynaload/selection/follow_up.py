"""What a short prompt means after those before it: ranked alone and together with them, where none hides the other.

Imports numpy, so it is imported only where an encoder is read.
"""

import math
from dataclasses import dataclass

import numpy as np

from mcp_dynaload.selection.combination import Vector
from mcp_dynaload.selection.policy import CLEAR_PROBABILITY

UNCLEAR_WEIGHT = 0.5
"""What the prompt alone counts, beside what it means together with those before it, if alone it names no tool clearly."""

MAX_GIVEN = 0.9
"""Probability of a tool, given that any is needed, by the subject of the earlier prompts: never surer than this."""

LEAST_AGREEMENT = 1e-3

NEED_ALONE, NEED_TOGETHER, NEED_AGREEMENT, NEED_POINTING, NEED_BIAS = 0.9, 0.1, 0.7, 0.9, 2.5
"""Log-odds that a follow-up needs any tool: by its need alone, by its need together with the prompt before, by the
logarithm of the agreement, for a word that points back ("it"), and in any case. That the prompt before needed a tool
says little: thanks and questions follow, too."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a prompt, with a probability for each tool of the catalog."""

    given: Vector
    """That the tool is needed, given that any is; 0 where nothing speaks for it."""

    need: float
    """That any is."""


def follow_up(alone: Reading, together: Reading, subject: Vector, *, points_back: bool) -> Reading:
    """The reading of a prompt that may lean on those before it.

    `together` is the reading of the prompt with the one before. `subject` is for each tool the share of its upstream in
    what the earlier prompts asked for: what is said now about what was spoken of before.
    """
    meant = alone.given * subject
    agreement = max(LEAST_AGREEMENT, float(meant.sum()) / max(LEAST_AGREEMENT, float(alone.given.sum())))
    leaning = np.maximum(together.given, np.minimum(MAX_GIVEN, meant / agreement))
    odds = (
        NEED_ALONE * _odds(alone.need)
        + NEED_TOGETHER * _odds(together.need)
        + NEED_AGREEMENT * math.log(agreement)
        + NEED_POINTING * points_back
        + NEED_BIAS
    )
    leaning_need = 1 / (1 + math.exp(-odds))
    need = max(alone.need, leaning_need)
    weight = 1.0 if alone.given.max() >= CLEAR_PROBABILITY else UNCLEAR_WEIGHT
    given = np.maximum(weight * alone.need * alone.given, leaning_need * leaning) / need
    return Reading(given.astype(np.float32), need)


def _odds(probability: float) -> float:
    within = min(max(probability, LEAST_AGREEMENT), 1 - LEAST_AGREEMENT)
    return math.log(within / (1 - within))
