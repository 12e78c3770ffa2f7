"""The tools that a prompt has at hand without a search, behind us, and those that the peer's search finds for it."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from mcp_dynaload.measure.peers.subjects import OURS, PEER, Bench, Step, server_entry, tokens
from mcp_dynaload.measure.quality.evaluate import evaluate, index
from mcp_dynaload.measure.quality.intervals import Bootstrap
from mcp_dynaload.measure.quality.labelled import NamedCatalog, Task, characters_in_fours
from mcp_dynaload.measure.quality.rankers import DEFAULT, Models, ranker_named
from mcp_dynaload.measure.quality.suite import read_set
from mcp_dynaload.selection.policy import Strategy

SEARCH_TOOL = "search_tools"


@dataclass(frozen=True, slots=True)
class PeerChoice:
    """The means over the tasks."""

    tasks: int
    recall: float
    """The share of the needed tools whose definitions the model has by then."""

    covered: float
    """Tasks of which it has all."""

    tokens: float
    """The tokens of these definitions, a quarter of their characters."""

    searches: float
    """Model requests before the first call: 1 for a search, 0 where something was loaded with the prompt."""

    milliseconds: float
    """Median."""


async def choices(bench: Bench, catalog: Path, tasks: Path, many: int, step: Step) -> dict[str, PeerChoice]:
    """Measure both on so many tasks, evenly drawn; the peer is asked with the prompt's own words.

    Raises:
        ConfigError: A file cannot be read, or a task's tool is not in the catalog.
        DynaloadError: The peer does not start or answer.
    """
    found = read_set(catalog, tasks, None, characters_in_fours)
    needing = [task for task in found.tasks if task.needs]
    drawn = needing[:: max(1, len(needing) // many)][:many]
    step(f"choice: {OURS}")
    return {OURS: _ours(found.known, drawn), PEER: await _peer(bench, found.known, drawn, step)}


def _ours(known: NamedCatalog, tasks: Sequence[Task]) -> PeerChoice:
    indexed = index(ranker_named(DEFAULT), known.catalog, Models())
    report = evaluate(indexed, tasks, [Strategy.BALANCED], Bootstrap())

    def mean(metric: str) -> float:
        return report.means["selection", Strategy.BALANCED.value, metric]

    return PeerChoice(
        tasks=len(tasks),
        recall=mean("recall"),
        covered=mean("covered"),
        tokens=mean("tokens_mean"),
        searches=mean("abstained"),
        milliseconds=median(report.rank_ms),
    )


async def _peer(bench: Bench, known: NamedCatalog, tasks: Sequence[Task], step: Step) -> PeerChoice:
    """Measure the choice of FastMCP itself: one server lists all tools, by the names that we advertise."""
    definitions = [{**tool.definition, "name": tool.name} for tool in known.catalog.tools]
    file = bench.folder / "catalog.json"
    file.write_text(json.dumps(definitions), encoding="utf-8")
    recalls: list[float] = []
    sizes: list[int] = []
    times: list[float] = []
    async with bench.peer(bench.servers("all", {"all": server_entry(file)}), "--search") as wire:
        for number, task in enumerate(tasks):
            step(f"choice: {PEER}, {number + 1} of {len(tasks)}")
            started = time.perf_counter()
            text = await wire.call(SEARCH_TOOL, {"query": task.prompt})
            times.append((time.perf_counter() - started) * 1e3)
            results = json.loads(text)
            names = {result["name"] for result in results}
            recalls.append(fmean(not names.isdisjoint(need) for need in task.needs))
            sizes.append(tokens(results))
    return PeerChoice(
        tasks=len(tasks),
        recall=fmean(recalls),
        covered=fmean(recall == 1 for recall in recalls),
        tokens=fmean(sizes),
        searches=1.0,
        milliseconds=median(times),
    )
