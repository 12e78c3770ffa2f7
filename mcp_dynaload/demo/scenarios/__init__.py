"""The scenarios of the demo, by type, and what each type is promised to reach."""

from collections.abc import Mapping
from dataclasses import dataclass

from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios.basic import BASIC
from mcp_dynaload.demo.scenarios.complex import COMPLEX
from mcp_dynaload.demo.scenarios.edge import EDGE
from mcp_dynaload.demo.scenarios.interaction import INTERACTION
from mcp_dynaload.demo.scenarios.real_world import REAL_WORLD
from mcp_dynaload.demo.scenarios.steps import Scenario
from mcp_dynaload.demo.scenarios.stress import STRESS

SCENARIOS: Mapping[ScenarioType, tuple[Scenario, ...]] = {
    ScenarioType.BASIC: BASIC,
    ScenarioType.COMPLEX: COMPLEX,
    ScenarioType.INTERACTION: INTERACTION,
    ScenarioType.STRESS: STRESS,
    ScenarioType.REAL_WORLD: REAL_WORLD,
    ScenarioType.EDGE: EDGE,
}


@dataclass(frozen=True, slots=True)
class Target:
    """The figures that a type is promised to reach."""

    mean_reduction: float
    share_reduced: float
    """Scenarios that save at least 70%."""

    latency_ms: float
    """The time of a hook's answer, at the median."""


TARGETS: Mapping[ScenarioType, Target] = {
    ScenarioType.BASIC: Target(0.85, 0.95, 100),
    ScenarioType.COMPLEX: Target(0.65, 0.80, 300),
    ScenarioType.INTERACTION: Target(0.75, 0.90, 200),
    ScenarioType.STRESS: Target(0.70, 0.85, 250),
    ScenarioType.REAL_WORLD: Target(0.70, 0.85, 300),
    ScenarioType.EDGE: Target(0.70, 0.85, 250),
}
