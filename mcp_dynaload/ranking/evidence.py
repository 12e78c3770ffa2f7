"""From what matched to how probable it is that a tool is needed."""

import math
from dataclasses import dataclass

MAX_NAME_MASS = 2.0
MAX_TEXT_MASS = 2.5

NO_EVIDENCE = -8.2
"""Log-odds of a tool of which nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The evidence for and against one tool; rarity of a term runs from 0 (in every tool) to 1 (in hardly any)."""

    relative_score: float
    """BM25 score as a share of the best tool's."""

    name_coverage: float
    """Share of the tool's name, by rarity, that the query says."""

    name_mass: float
    """Summed rarity of the terms of the tool's name that the query says."""

    query_coverage: float
    """Share of the query, by rarity, that the definition says."""

    text_mass: float
    """Summed rarity of the query's terms that only the rest of the definition says, each as far as it is prominent."""

    rarest: float
    """Rarity of the rarest matched term."""

    upstream: float
    """How far the query or its context names the upstream."""

    coding: float
    """Share of the query's terms that are about code, which the client's own tools work on."""


def log_odds(evidence: Evidence) -> float:
    """Return log-odds that the tool is needed, by a logistic regression (`research.fit`, rounded)."""
    name_mass = min(evidence.name_mass, MAX_NAME_MASS)
    return (
        NO_EVIDENCE
        + 2.7 * evidence.relative_score
        + 1.9 * evidence.name_coverage
        + 1.1 * name_mass
        + 1.6 * name_mass * evidence.query_coverage
        + 0.9 * min(evidence.text_mass, MAX_TEXT_MASS)
        + 2.1 * evidence.rarest
        + 1.6 * evidence.upstream
        - 14.1 * evidence.coding
    )


def probability(odds: float) -> float:
    """Return the probability with these log-odds."""
    return 1 / (1 + math.exp(-odds))
