"""The outcomes of scenarios: dataclasses that turn to JSON, and the figures of each type."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios import Target

REDUCED = 0.70
"""A scenario that saves this share of the tokens counts as reduced."""


@dataclass(frozen=True, slots=True)
class PromptOutcome:
    """The outcome of one prompt, the user's or a subagent's."""

    prompt: str
    """Its beginning."""

    loaded: tuple[str, ...]
    """Upstream tools whose definitions its first request has."""

    needed: int | None
    """How many labelled tools it needs; None: it is not labelled."""

    missed: tuple[str, ...]
    """Those that were not loaded."""

    tokens: int
    """The tokens of definitions and our own texts, and so far of the plugin's steps and what is beside prompts."""

    reduction: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """The outcome of one scenario."""

    type: ScenarioType
    name: str
    success: bool
    failures: tuple[str, ...]
    """The things that were not as they should be."""

    reduction: float | None
    """Mean over its prompts; None: it has none."""

    prompts: tuple[PromptOutcome, ...]
    hook_milliseconds: tuple[float, ...]
    """The time of every prompt and command."""

    call_milliseconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """The figures of some scenarios."""

    scenarios: int
    succeeded: int
    mean_reduction: float
    share_reduced: float
    """Scenarios that save at least 70%."""

    needed: int
    found: int
    recall: float
    """Share of the labelled tools that were in the first request of their prompt; 1 if none is labelled."""

    p50_milliseconds: float
    p95_milliseconds: float
    target: Target | None
    """The figures that the type is promised to reach."""


@dataclass(frozen=True, slots=True)
class Results:
    """The results that `run_scenarios` returns."""

    success: bool
    """Every scenario succeeded."""

    tools: int
    baseline_tokens: int
    """Tokens if all tools were loaded."""

    types: dict[ScenarioType, ScenarioSummary]
    total: ScenarioSummary
    scenarios: tuple[ScenarioOutcome, ...]


def summary(outcomes: Sequence[ScenarioOutcome], target: Target | None) -> ScenarioSummary:
    """Return the figures of these scenarios."""
    prompts = [prompt for outcome in outcomes for prompt in outcome.prompts]
    saved = [outcome.reduction for outcome in outcomes if outcome.reduction is not None]
    needed = sum(prompt.needed or 0 for prompt in prompts)
    found = needed - sum(len(prompt.missed) for prompt in prompts)
    times = sorted(time for outcome in outcomes for time in outcome.hook_milliseconds)
    return ScenarioSummary(
        scenarios=len(outcomes),
        succeeded=sum(outcome.success for outcome in outcomes),
        mean_reduction=fmean(saved) if saved else 0.0,
        share_reduced=fmean(reduction >= REDUCED for reduction in saved) if saved else 0.0,
        needed=needed,
        found=found,
        recall=found / needed if needed else 1.0,
        p50_milliseconds=_percentile(times, 0.50),
        p95_milliseconds=_percentile(times, 0.95),
        target=target,
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)] if ordered else 0.0
