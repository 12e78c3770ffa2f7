"""The choice on our own short follow-ups and changes of subject, over catalogs of the size that people have.

`python -m mcp_dynaload.research.follow_ups BENCH` prints a table; `BENCH` has the crawl that `needing.jsonl` is over.
`follow_ups.jsonl` has, after the id of a prompt of that file, what is said next, and whose tools it needs, if any.
"""

import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import fmean

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.measure.quality.conversation import session_query, state_before
from mcp_dynaload.measure.quality.evaluate import Indexed
from mcp_dynaload.measure.quality.labelled import NamedCatalog, characters_in_fours, read_catalog
from mcp_dynaload.ranking.features import FITTED
from mcp_dynaload.ranking.hybrid import Reader
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.research.indexed import indexed
from mcp_dynaload.research.samples import Own, Remembering, packaged_own
from mcp_dynaload.selection.choose import choose
from mcp_dynaload.selection.policy import BOUNDS, Strategy

MIN_TOOLS = 80
MAX_OF_SERVER = 25
"""Servers that the catalog is filled with have no more tools than this: so no catalog is larger than 150 tools for
that."""

GOES_ON, NEEDS_NOTHING, OTHER_SUBJECT = "goes on and needs a tool", "needs nothing", "needs a tool of another server"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A prompt after another one."""

    after: str
    """The id of the prompt before it."""

    query: str
    server: str | None
    """The server of which it needs a tool."""


def packaged_follow_ups() -> list[FollowUp]:
    """Return those that travel with the sources."""
    lines = files("mcp_dynaload").joinpath("research/follow_ups.jsonl").read_text("utf-8").split("\n")
    return [FollowUp(**json.loads(line)) for line in lines if line]


def report(
    crawl: NamedCatalog, own: Own, follow_ups: Sequence[FollowUp], reader: Reader, say: Callable[[str], object]
) -> None:
    """Print, for each kind, how many get what they need: a tool of the server, or nothing."""
    right: defaultdict[str, list[bool]] = defaultdict(list)
    for kind, is_right in _answered(crawl, own, follow_ups, reader):
        right[kind].append(is_right)
    say("| after a prompt that needs a tool | prompts | right |\n|---|--:|--:|")
    for kind, found in right.items():
        say(f"| {kind} | {len(found)} | {fmean(found):.3f} |")


def _answered(
    crawl: NamedCatalog, own: Own, follow_ups: Sequence[FollowUp], reader: Reader
) -> Iterator[tuple[str, bool]]:
    for one, first, ours, query in conversations(crawl, own, follow_ups, reader):
        chosen = choose(query, ours.catalog, ours.ranker, BOUNDS[Strategy.BALANCED])
        loaded = {tool.upstream for name in chosen.names if (tool := ours.catalog.get(name))}
        kind = NEEDS_NOTHING if one.server is None else GOES_ON if one.server == first else OTHER_SUBJECT
        yield kind, one.server in loaded if one.server else not loaded


def conversations(
    crawl: NamedCatalog, own: Own, follow_ups: Sequence[FollowUp], reader: Reader
) -> Iterator[tuple[FollowUp, str, Indexed, Query]]:
    """Yield each follow-up, the server of the prompt before, a ranker over both servers and others, and the query."""
    before = {line.id: line for line in own.needing.lines}
    known = {reference.server for line in own.needing.lines for reference in line.tools}
    tools: defaultdict[str, list[Tool]] = defaultdict(list)
    for tool in crawl.catalog.tools:
        if tool.upstream in known:
            tools[tool.upstream].append(tool)
    groups: defaultdict[tuple[str, str], list[FollowUp]] = defaultdict(list)
    for one in follow_ups:
        first = before[one.after].tools[0].server
        groups[first, one.server or first].append(one)
    for (first, second), ones in groups.items():
        ours = indexed(_around({first, second}, tools, crawl.catalog.costs), FITTED, reader)
        for one in ones:
            yield one, first, ours, session_query(one.query, state_before((before[one.after].query,), ours.catalog))


def _around(servers: set[str], tools: Mapping[str, Sequence[Tool]], costs: Mapping[str, int]) -> Catalog:
    """Return a catalog of these servers and of small ones by chance."""
    kept = [tool for server in sorted(servers) for tool in tools[server]]
    others = [name for name in sorted(tools) if name not in servers and len(tools[name]) <= MAX_OF_SERVER]
    random.Random("".join(sorted(servers))).shuffle(others)
    for other in others:
        if len(kept) >= MIN_TOOLS:
            break
        kept += tools[other]
    return build_catalog(kept, costs)


def main(arguments: Sequence[str]) -> None:
    """Measure with the encoder of the package."""
    from mcp_dynaload.encoder.sentence_encoder import read_encoder  # heavy

    if len(arguments) != 1:
        sys.exit("name one folder with catalogs/: python -m mcp_dynaload.research.follow_ups BENCH")
    own = packaged_own()
    crawl = read_catalog(Path(arguments[0]) / "catalogs" / f"{own.needing.catalog}.json", characters_in_fours)
    report(crawl, own, packaged_follow_ups(), Remembering(read_encoder()), print)


if __name__ == "__main__":
    main(sys.argv[1:])
