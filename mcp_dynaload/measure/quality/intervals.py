"""How sure a mean is: percentiles and seeded bootstrap intervals."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 1_000
SEED = 20_260_728

Interval = tuple[float, float]


class Bootstrap:
    """The 95% intervals of means and ratios; samples of one size are resampled alike: comparable."""

    def __init__(self) -> None:
        self._draws: dict[int, NDArray[np.intp]] = {}

    def interval(self, values: Sequence[float]) -> Interval:
        """Return the two numbers between which 95% of the means of resampled values lie."""
        import numpy as np  # heavy, and only figures need it

        means = np.array(values)[self._draws_of(len(values))].mean(axis=1).tolist()
        return percentile(means, 2.5), percentile(means, 97.5)

    def ratio_interval(self, values: Sequence[float], others: Sequence[float]) -> Interval:
        """Return the same for the ratio of the sums of values and of their pairs, where these are not all zero."""
        import numpy as np

        draws = self._draws_of(len(values))
        below = np.array(others, dtype=float)[draws].sum(axis=1)
        ratios = np.array(values, dtype=float)[draws].sum(axis=1)[below > 0] / below[below > 0]
        return percentile(ratios.tolist(), 2.5), percentile(ratios.tolist(), 97.5)

    def _draws_of(self, size: int) -> "NDArray[np.intp]":
        """Return a row for each resample."""
        import numpy as np

        if size not in self._draws:
            chance = random.Random(SEED)
            self._draws[size] = np.array([chance.choices(range(size), k=size) for _ in range(RESAMPLES)])
        return self._draws[size]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which `percent` of the values lie, between two of them by proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
