"""How property tests draw their examples: the same ones each time, or ever new and many more, to hunt for faults."""

import os

from hypothesis import HealthCheck, settings

HUNTS = bool(os.environ.get("MCP_DYNALOAD_HUNT"))
"""`make hunt` sets it. Whoever changes a line elsewhere is not told of a fault that was there before."""

MORE = 20
"""How many times as many examples a hunt tries."""

USUAL_EXAMPLES = 100


def examples(usual: int) -> int:
    """Return how many examples a test tries that tries so many otherwise."""
    return usual * MORE if HUNTS else usual


def draw_as_wanted() -> None:
    """Have all property tests draw so; those that name a number name it with `examples`."""
    settings.register_profile(
        "ours",
        deadline=None,
        derandomize=not HUNTS,
        max_examples=examples(USUAL_EXAMPLES),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("ours")
