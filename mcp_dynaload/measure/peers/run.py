"""One run of all that is measured beside the peer."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.measure.peers.choice import PeerChoice, choices
from mcp_dynaload.measure.peers.choice_times import ChoiceTimes, choice_times
from mcp_dynaload.measure.peers.growth import Growth, growth
from mcp_dynaload.measure.peers.lists import ListCost, list_cost
from mcp_dynaload.measure.peers.speed import CallSpeed, Start, calls, starts
from mcp_dynaload.measure.peers.subjects import DIRECT, OURS, PEER, Bench, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPlan:
    """The things to measure, and how much of each."""

    peer_python: str
    dynamic_mcp: str | None
    compressor: str | None
    """Programs of further peers; None: they are left out."""

    calls: int
    servers: int
    labelled: tuple[Path, Path] | None
    """A catalog and its tasks; None: the choice is not compared."""

    prompts: int
    timed_catalog: Path | None
    """A catalog among whose tools the time of a choice is measured, for the tasks of `labelled`; None: it is not."""

    grows: bool
    """Whether it is measured how calls and lists grow."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures, by subject."""

    calls: Mapping[str, CallSpeed]
    starts: Mapping[str, Start]
    choices: Mapping[str, PeerChoice]
    times: Mapping[str, ChoiceTimes]
    """The time of a choice of ours, by what else the machine does."""

    servers: int
    listing: ListCost
    """The cost of a long list, ours alone."""

    growth: Growth | None

    def ratios(self) -> dict[str, float]:
        """Return ours against the peer's or a yardstick, in words; less time and memory is better, more rate."""
        added = {name: self.calls[name].p50_ms - self.calls[DIRECT].p50_ms for name in (OURS, PEER)}
        ours, peer = self.calls[OURS], self.calls[PEER]
        mine, theirs = self.starts[OURS], self.starts[PEER]
        return {
            "latency added to a call, ours / FastMCP's": added[OURS] / added[PEER],
            "calls per second, one at a time": ours.per_second / peer.per_second,
            "calls per second, 16 at a time": ours.at_once_per_second / peer.at_once_per_second,
            "time to the first list": mine.list_ms / theirs.list_ms,
            "tokens of the first list": mine.tokens / theirs.tokens,
            "looking at a list, beside writing it as JSON": self.listing.first_ms / self.listing.dumps_ms,
        }


async def run(plan: BenchPlan, step: Step) -> Figures:
    """Measure.

    Raises:
        ConfigError: A file of labelled prompts cannot be used.
        DynaloadError: A measured process does not start or answer.
    """
    with tempfile.TemporaryDirectory(prefix="mcp-dynaload-bench-") as place:
        bench = Bench(Path(place), plan.peer_python, plan.dynamic_mcp, plan.compressor)
        compared = await choices(bench, *plan.labelled, plan.prompts, step) if plan.labelled else {}
        timed, labelled = plan.timed_catalog, plan.labelled
        return Figures(
            calls=await calls(bench, plan.calls, step),
            starts=await starts(bench, plan.servers, step),
            choices=compared,
            times=await choice_times(bench, timed, labelled[1], step) if timed and labelled else {},
            servers=plan.servers,
            listing=await list_cost(step),
            growth=await growth(bench, step) if plan.grows else None,
        )
