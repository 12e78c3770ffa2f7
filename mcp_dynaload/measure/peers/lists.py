"""The cost of a server's long list for us: reading it, and looking at it as the client will; nothing of it waits."""

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from mcp_dynaload.catalog.json_schema import DIALECT
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.peers.subjects import Step
from mcp_dynaload.proxy.definition_repair import RepairCache
from mcp_dynaload.upstream.era import Era
from mcp_dynaload.upstream.list_reading import read_listing
from mcp_dynaload.upstream.listing import Listing

TOOLS = 2_000
ROUNDS = 25


@dataclass(frozen=True, slots=True)
class ListCost:
    """The medians, in milliseconds."""

    tools: int
    bytes_each: int
    """The size of a definition, on average."""

    dumps_ms: float
    """Writing the list as JSON: the yardstick, as machines differ."""

    read_ms: float
    """Taking it over from the server's answer, which is parsed already."""

    first_ms: float
    """Looking at it when the server has not listed the same before."""

    again_ms: float
    """Looking at it when the server has."""


async def list_cost(step: Step) -> ListCost:
    """Measure the cost of a list of `TOOLS` tools."""
    step(f"a list of {TOOLS:,} tools")
    tools = [definition(number) for number in range(TOOLS)]
    dumped, read, first, again = (list[float]() for _ in range(4))
    for _ in range(ROUNDS):  # all take their turn: what disturbs the machine disturbs all
        with _timed(dumped):
            text = json.dumps(tools)
        page, known = json.loads(text), RepairCache()
        with _timed(read):
            listing = await _listing(page)
        for times in (first, again):
            with _timed(times):
                known.accept("it", listing)
    size = len(json.dumps(tools)) // TOOLS
    return ListCost(TOOLS, size, *map(median, (dumped, read, first, again)))


def definition(number: int) -> Json:
    """Return a definition of usual length and form."""
    return {
        "name": f"find_records_{number}",
        "description": f"Find the records of store {number} that match a query. " + "Says which they are. " * 10,
        "inputSchema": {
            "$schema": DIALECT,
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "Words that the record must contain", "minLength": 1},
                "kind": {"type": "string", "enum": ["open", "closed", "all"], "default": "all"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "At most so many"},
                "since": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}], "default": None},
                "fields": {"type": "array", "items": {"type": "string"}, "description": "What to tell of each"},
                "filter": {
                    "type": "object",
                    "properties": {"owner": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
                    "additionalProperties": False,
                },
            },
            "required": ["query", "kind"],
            "additionalProperties": False,
        },
        "annotations": {"readOnlyHint": True},
    }


async def _listing(page: list[Json]) -> Listing:
    async def request(method: str, params: Json) -> Json:
        return {"tools": page}

    return await read_listing(Era("2025-11-25", {"name": "it", "version": "1"}, {"tools": {}}, ""), request)


@contextmanager
def _timed(times: list[float]) -> Generator[None]:
    started = time.perf_counter()
    yield
    times.append((time.perf_counter() - started) * 1e3)
