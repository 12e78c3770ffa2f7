"""The cost of tool definitions for the model in tokens, and the two baselines that a reduction is measured against."""

import json
from collections.abc import Callable, Iterable

from mcp_dynaload.catalog.names import Registration
from mcp_dynaload.catalog.tool import Json

CLIENT_PREFIX = Registration().prefix
"""The text that Claude Code puts in front of our names where nothing else is known."""

MAX_DESCRIPTION_LENGTH = 2_048
"""The client cuts descriptions and server instructions here (characters)."""

SEARCH_REQUEST_TOKENS = 120
"""Assumed for a `ToolSearch` call and its answer without the definitions: JSON, a result block, a sentence."""

Count = Callable[[str], int]
"""Tokens of a text."""


def wire_text(name: str, description: str, input_schema: Json, prefix: str = CLIENT_PREFIX) -> str:
    """Return the definition as the model gets it: full prefixed name, cut description, schema, compact JSON."""
    definition: Json = {
        "name": prefix + name,
        "description": description[:MAX_DESCRIPTION_LENGTH],
        "input_schema": input_schema,
    }
    return json.dumps(definition, separators=(",", ":"), ensure_ascii=False)


def native_deferral(
    names: Iterable[str],
    instructions: Iterable[str],
    discovered_costs: Iterable[int],
    count: Count,
    prefix: str = CLIENT_PREFIX,
) -> int:
    """Return baseline two, an estimate: the client's own deferred tools with its built-in tool search.

    `count`(all full names, one per line) + Σ `count`(instructions of each server, cut at 2,048 characters)
    + Σ over discovered tools (definition + `SEARCH_REQUEST_TOKENS`).
    The built-in search tool's own definition and the price of reading the whole context once more for each search
    request are left out, so the estimate is low.
    """
    listed = count("\n".join(prefix + name for name in names))
    introduced = sum(count(text[:MAX_DESCRIPTION_LENGTH]) for text in instructions)
    return listed + introduced + sum(cost + SEARCH_REQUEST_TOKENS for cost in discovered_costs)


def reduction(baseline_tokens: int, used_tokens: int) -> float:
    """Share of the baseline that is saved: 0.95 means that 95% fewer tokens are used; negative if more are."""
    return 1 - used_tokens / baseline_tokens if baseline_tokens else 0.0


def less_or_more(saved: float) -> str:
    """Return the share that is saved in words: `83.1% less`, or `24.0% more` where it is negative."""
    return f"{abs(saved):.1%} {'less' if saved >= 0 else 'more'}"
