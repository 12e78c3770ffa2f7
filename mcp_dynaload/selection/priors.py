"""The evidence of a project's earlier sessions: a bounded lift for each tool, and which tools are its usual ones."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import CLEAR_PROBABILITY, Ranker, Scored
from mcp_dynaload.selection.policy import within_tokens

HALF_LIFE_SESSIONS = 16.0
"""A session counts half as much as one that is so many later."""

HALF_LIFE_SECONDS = 45 * 86_400.0
"""And half as much as one that is so much younger."""

MAX_LIFT = 4.0
"""Log-odds that use alone may add to a tool, at the very most."""

DOUBT = 2.0
"""Sessions that speak against every tool: a single use proves little."""

MISS_WEIGHT = 0.5
"""The extra weight of a call when the tool had to be searched: the words alone do not find it."""

VAIN_WEIGHT = 0.15
"""The weight of a session against a tool that was loaded for it and not called."""

UNMATCHED_PROBABILITY = 0.03
"""The probability of a tool, if any is needed: below it the prompt does not mean the tool, often used or not."""

MAX_NEED_LIFT = 0.15
"""Log-odds that a usual tool which is clearly meant adds to the need of any: more, and chat would load tools."""

EXTRA = 30
"""Tools ranked beyond those asked for, among which a learned one may stand."""

MAX_CORE = 4
"""Learned tools that are loaded from a session's start."""

MAX_CORE_TOKENS = 1_500
"""The tokens that these may cost together."""

MIN_CORE_SHARE = 0.6
"""Share of the last sessions in which such a tool was called."""

MIN_CORE_SESSIONS = 3.0
"""Sessions, the later the more, before there are usual tools."""


@dataclass(frozen=True, slots=True)
class SessionUse:
    """The tools that one session of a project used: advertised names and a time, nothing else."""

    at: float
    """Seconds, by any clock that is the same for all."""

    called: frozenset[str]
    missed: frozenset[str] = frozenset()
    """Those of the called ones that had to be searched."""

    in_vain: frozenset[str] = frozenset()
    """Loaded and not called."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The number of sessions in which something happened to a tool, the older ones counting less."""

    called: float = 0.0
    missed: float = 0.0
    in_vain: float = 0.0

    @property
    def lift(self) -> float:
        """The log-odds that this use adds, from 0 to `MAX_LIFT`."""
        evidence = self.called + MISS_WEIGHT * self.missed
        against = DOUBT + VAIN_WEIGHT * self.in_vain
        return MAX_LIFT * evidence / (evidence + against)


@dataclass(frozen=True, slots=True)
class Priors:
    """The lessons of one project's sessions, as of a time."""

    tools: Mapping[str, ToolUse] = field(default_factory=dict[str, ToolUse])
    sessions: float = 0.0
    """How many there were, the older ones counting less."""

    def lifts(self, catalog: Catalog) -> dict[str, float]:
        """Return log-odds to add by name; a destructive tool is never lifted."""
        known = ((name, use, catalog.get(name)) for name, use in self.tools.items())
        return {name: use.lift for name, use, tool in known if tool and use.called and not tool.is_destructive}

    def core(self, catalog: Catalog) -> tuple[str, ...]:
        """Return the project's usual tools, most used first: few, cheap, and none that may destroy."""
        if self.sessions < MIN_CORE_SESSIONS:
            return ()
        shares = {name: self.tools[name].called / self.sessions for name in self.lifts(catalog)}
        usual = sorted((-share, name) for name, share in shares.items() if share >= MIN_CORE_SHARE)
        unpinned = [name for _, name in usual if (tool := catalog.get(name)) and not tool.pinned]
        return within_tokens(unpinned[:MAX_CORE], catalog.costs, MAX_CORE_TOKENS)


NOTHING_LEARNED = Priors()


def priors_of(sessions: Sequence[SessionUse], now: float) -> Priors:
    """Return what these sessions, latest first, teach now."""
    weights = [_weight(age, now - session.at) for age, session in enumerate(sessions)]
    tools: dict[str, ToolUse] = {}
    for weight, session in zip(weights, sessions, strict=True):
        for name in session.called | session.in_vain:
            tools[name] = _with(tools.get(name, ToolUse()), name, session, weight)
    return Priors(tools, sum(weights))


class LearnedRanker:
    """A ranker that adds what was learned to another's answer: tools in use come forward, none is brought in."""

    def __init__(self, ranker: Ranker, lifts: Mapping[str, float]) -> None:
        self._ranker = ranker
        self._lifts = lifts

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the best `limit` tools; one that the words clearly mean stays before all that they do not."""
        if not self._lifts:
            return self._ranker.rank(query, limit)
        ranked = self._ranker.rank(query, limit + EXTRA)
        need = _lifted_need(ranked, self._lifts)
        floor = min((scored.score for scored in ranked if _is_clear(scored)), default=math.inf)
        lifted = [self._lifted(scored, need, floor) for scored in ranked]
        # Equal ones keep their order, the clear ones before those that were held below them.
        order = sorted(range(len(ranked)), key=lambda n: (-lifted[n].score, not _is_clear(ranked[n]), n))
        return tuple(lifted[n] for n in order[:limit])

    def _lifted(self, scored: Scored, need: float, floor: float) -> Scored:
        lift = self._lifts.get(scored.name, 0.0)
        score = scored.score + lift
        if _is_unmatched(scored):
            score = max(scored.score, min(score, floor))
        return replace(scored, score=score, probability=_lifted_probability(scored, lift), need=need)


def _lifted_need(ranked: Sequence[Scored], lifts: Mapping[str, float]) -> float:
    pointed_at = (lifts.get(scored.name, 0.0) for scored in ranked if scored.terms and _is_clear(scored))
    strongest = max(pointed_at, default=0.0) / MAX_LIFT
    return _moved(ranked[0].need, MAX_NEED_LIFT * strongest) if ranked else 0.0


def _lifted_probability(scored: Scored, lift: float) -> float:
    """Return the probability, lifted within that of any need; of what the prompt does not mean it stays."""
    if not lift or _is_unmatched(scored):
        return scored.probability
    return max(scored.probability, scored.need * _moved(_given_need(scored), lift))


def _given_need(scored: Scored) -> float:
    """Return the probability that the tool is needed if any is."""
    return min(1.0, scored.probability / scored.need) if scored.need else 0.0


def _is_clear(scored: Scored) -> bool:
    return _given_need(scored) >= CLEAR_PROBABILITY


def _is_unmatched(scored: Scored) -> bool:
    return _given_need(scored) < UNMATCHED_PROBABILITY


def _moved(probability: float, by: float) -> float:
    """Return the probability whose log-odds are higher by so much."""
    gain = math.exp(by)
    return gain * probability / (1 + (gain - 1) * probability)


def _weight(sessions_since: int, seconds_since: float) -> float:
    return 0.5 ** (sessions_since / HALF_LIFE_SESSIONS + max(0.0, seconds_since) / HALF_LIFE_SECONDS)


def _with(use: ToolUse, name: str, session: SessionUse, weight: float) -> ToolUse:
    return ToolUse(
        called=use.called + weight * (name in session.called),
        missed=use.missed + weight * (name in session.missed),
        in_vain=use.in_vain + weight * (name in session.in_vain),
    )
