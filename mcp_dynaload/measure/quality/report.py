"""The figures of an evaluation, also as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.intervals import Bootstrap, Interval, percentile
from mcp_dynaload.measure.quality.metrics import Path, nested
from mcp_dynaload.measure.quality.reliability import Reliability


@dataclass(frozen=True)
class Report:
    """The figures of one ranker on the tasks and negatives of one catalog."""

    ranker: str
    tasks: int
    negatives: int
    tools: int
    catalog_tokens: int
    samples: Mapping[Path, Sequence[float]]
    """For each metric one value for each task (or each negative)."""

    reliability: Reliability
    rank_ms: Sequence[float]
    """For each task the time from the prompt to the choice."""

    index_ms: float
    intervals: Mapping[Path, Interval]

    @cached_property
    def means(self) -> Mapping[Path, float]:
        """The mean of each metric over all tasks."""
        return {path: fmean(values) for path, values in self.samples.items()}

    @cached_property
    def tails(self) -> Mapping[Path, float]:
        """The figures that are no means: the reduction that all but a tenth of the tasks reach, and times."""
        reductions = {path[:2]: values for path, values in self.samples.items() if path[-1] == "reduction_mean"}
        tails = {(*path, "reduction_p10"): percentile(values, 10) for path, values in reductions.items()}
        if self.rank_ms:
            tails |= {("rank_ms", f"p{percent}"): percentile(self.rank_ms, percent) for percent in (50, 99)}
        return tails

    def as_json(self) -> Json:
        """Return the means where their names say, everything else beside them; only times differ from run to run."""
        return {
            "ranker": self.ranker,
            "tasks": self.tasks,
            "negatives": self.negatives,
            "tools": self.tools,
            "catalog_tokens": self.catalog_tokens,
            **nested({**self.means, **self.tails}),
            "index_ms": self.index_ms,
            "intervals": nested(self.intervals),
            "reliability": self.reliability.as_json(),
        }


def intervals_of(samples: Mapping[Path, Sequence[float]], bootstrap: Bootstrap) -> dict[Path, Interval]:
    """Return a 95% interval for each mean."""
    return {path: bootstrap.interval(values) for path, values in samples.items()}


def mean_of_reports(reports: Iterable[Report]) -> dict[Path, float]:
    """Return each metric's mean over sets, every set counting alike, where all sets have it."""
    means = [report.means for report in reports]
    shared = [path for path in means[0] if all(path in other for other in means)] if means else []
    return {path: fmean(mean[path] for mean in means) for path in shared}
