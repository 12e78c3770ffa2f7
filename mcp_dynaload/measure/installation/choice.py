"""How the choice does on an installation's own catalog: found by their words, loaded for them, fast, and few."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mcp.shared.exceptions import MCPError

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.api.results import QueryResult
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.selection.policy import Strategy

USER = "mcp-dynaload validate"
"""The name of the user as whom validating runs, so that nothing is learned as the real one's."""

MAX_SAMPLED = 60
FOUND = 10

NEEDLESS = (
    "thanks",
    "yes, go on",
    "perfect, thank you",
    "rename this variable to total",
    "why does this function return None?",
    "explain what a decorator is",
    "make the comment above shorter",
    "what do you think of this approach?",
    "add type hints to this function",
    "use a list comprehension here instead",
    "fix the typo in that docstring",
    "hello",
    "write a regex for an ISO date",
    "how does a hash map work?",
    "undo that last edit please",
    "can you simplify the if statement?",
    "what is the difference between a list and a tuple?",
    "stop",
    "looks good to me",
    "translate this sentence into French: good morning",
)
"""Prompts for which no server's tool is needed, whatever the servers are."""


@dataclass(slots=True)
class ChoiceFigures:
    """The figures of choices and calls."""

    sampled: int = 0
    found: int = 0
    """Tools among the ten best for a search with their own description."""

    loaded: int = 0
    """Tools loaded for a prompt that is the first sentence of their description."""

    detection_ms: list[float] = field(default_factory=list[float])
    loading_ms: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """By the tiers that have listed tools: `task`, `core+task` …"""

    total_ms: list[float] = field(default_factory=list[float])
    cache_ms: list[float] = field(default_factory=list[float])
    reductions: list[float] = field(default_factory=list[float])
    """Percent."""

    needless_loaded: list[str] = field(default_factory=list[str])
    errors: list[str] = field(default_factory=list[str])
    operations: int = 0


async def measure_choice(dynaload: Dynaload, done: Callable[[str], None]) -> ChoiceFigures:
    """Type prompts made of the catalog's own descriptions, with each strategy and with a tool pinned."""
    figures = ChoiceFigures()
    async with dynaload.session(USER) as session:
        tools = sample(session.catalog.tools)
    figures.sampled = len(tools)
    for number, tool in enumerate(tools):
        strategy = list(Strategy)[number % len(Strategy)]
        await _type(dynaload, figures, first_sentence(tool), strategy, tool.name)
        async with dynaload.session(USER) as session:
            figures.found += tool.name in await _best(session, tool.description)
        done(tool.name)
    await _with_core(dynaload, figures, tools, done)
    for prompt in NEEDLESS:
        result = await _type(dynaload, figures, prompt, Strategy.BALANCED)
        if result is not None and result.added:
            figures.needless_loaded.append(prompt)
    done("prompts that need nothing")
    await _cache(dynaload, figures)
    done("cache")
    return figures


def sample(tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    """Return tools that say what they do, evenly over the catalog."""
    speaking = [tool for tool in tools if len(first_sentence(tool).split()) > 2]
    step = max(1, -(-len(speaking) // MAX_SAMPLED))
    return tuple(speaking[::step])


def first_sentence(tool: Tool) -> str:
    """Return what a user might say who wants the tool."""
    return tool.description.strip().split("\n")[0].split(". ")[0].strip(" .")


async def _with_core(
    dynaload: Dynaload, figures: ChoiceFigures, tools: tuple[Tool, ...], done: Callable[[str], None]
) -> None:
    """Repeat the choices with a pinned tool in the list from the start."""
    for tool in tools[:10]:
        await dynaload.run_user_command(f"/pin {tool.name}", user_id=USER)
        await _type(dynaload, figures, f"and {first_sentence(tool)}", Strategy.BALANCED)
        await dynaload.run_user_command(f"/unpin {tool.name}", user_id=USER)
        done(f"{tool.name}, pinned")


async def _type(
    dynaload: Dynaload, figures: ChoiceFigures, prompt: str, strategy: Strategy, wanted: str = ""
) -> QueryResult | None:
    figures.operations += 1
    try:
        result = await dynaload.process_query(prompt, user_id=USER, strategy=strategy)
    except (DynaloadError, MCPError) as error:
        figures.errors.append(f"{prompt!r}: {error}")
        return None
    figures.loaded += bool(wanted) and wanted in result.tool_names
    figures.detection_ms.append(result.detection_time_ms)
    figures.total_ms.append(result.total_time_ms)
    tiers = "+".join(sorted({tool.tier for tool in result.tools})) or "none"
    figures.loading_ms.setdefault(tiers, []).append(result.loading_time_ms)
    if wanted:
        figures.reductions.append(result.reduction_percentage)
    return result


async def _best(session: Session, words: str) -> tuple[str, ...]:
    return tuple(scored.name for scored in session.context().ranker.rank(parse_query(words), FOUND))


async def _cache(dynaload: Dynaload, figures: ChoiceFigures) -> None:
    """Measure a hit, and each command of the cache."""
    for _ in range(5):
        for command in ("/cache-clear", "/cache-disable", "/cache-enable"):
            started = time.perf_counter()
            await dynaload.run_user_command(command, user_id=USER)
            figures.cache_ms.append((time.perf_counter() - started) * 1000)
        await dynaload.process_query(NEEDLESS[4], user_id=USER)
        kept = await dynaload.process_query(NEEDLESS[4], user_id=USER)
        if kept.cache_hit:
            figures.cache_ms.append(kept.detection_time_ms)
