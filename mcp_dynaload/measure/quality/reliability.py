"""Whether probabilities mean what they say: of all tools given 0.3, are three in ten needed?"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.ranking.ranker import Scored

EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Narrow where most tools are: a tool is in the bin whose lower edge it reaches, 1.0 in the last."""


@dataclass(slots=True)
class _Bin:
    tools: int = 0
    probabilities: float = 0.0
    needed: int = 0


@dataclass(slots=True)
class Reliability:
    """The promises of rankings and what was needed, counted."""

    _bins: list[_Bin] = field(default_factory=lambda: [_Bin() for _ in EDGES[1:]])
    _needs_left_out: int = 0

    def add(self, task: Task, ranking: Iterable[Scored]) -> None:
        """Count every ranked tool of a task; optional ones are neither needed nor not."""
        needed = frozenset[str]().union(*task.needs)
        ranked: set[str] = set()
        for scored in ranking:
            ranked.add(scored.name)
            if scored.name in needed or scored.name not in task.optional:
                self._count(scored.probability, scored.name in needed)
        self._needs_left_out += sum(names.isdisjoint(ranked) for names in task.needs)

    def as_json(self) -> Json:
        """Return the bins that have tools, and the mean distance between promise and truth, by tools."""
        tools = sum(found.tools for found in self._bins)
        gap = sum(abs(found.probabilities - found.needed) for found in self._bins)
        return {
            "bins": [
                {
                    "from": lower,
                    "to": upper,
                    "tools": found.tools,
                    "mean_probability": found.probabilities / found.tools,
                    "needed_share": found.needed / found.tools,
                }
                for lower, upper, found in zip(EDGES, EDGES[1:], self._bins, strict=False)
                if found.tools
            ],
            "tools": tools,
            "calibration_error": gap / tools if tools else None,
            "needs_left_out": self._needs_left_out,
        }

    def _count(self, probability: float, is_needed: bool) -> None:
        found = self._bins[min(bisect_right(EDGES, probability), len(EDGES) - 1) - 1]
        found.tools += 1
        found.probabilities += probability
        found.needed += is_needed
