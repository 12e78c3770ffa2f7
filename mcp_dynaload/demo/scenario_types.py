"""The groups of scenarios, as they are named on the command line."""

from enum import StrEnum


class ScenarioType(StrEnum):
    """The subject of a group of scenarios."""

    BASIC = "basic_optimization"
    COMPLEX = "complex_workflows"
    INTERACTION = "user_interaction"
    STRESS = "performance_stress"
    REAL_WORLD = "real_world_use_cases"
    EDGE = "edge_case_handling"
