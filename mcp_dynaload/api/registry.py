"""The catalog as a program sees it: tools with costs, what was used of them, why each is where it is."""

import time

import anyio.to_thread

from mcp_dynaload.api.results import Answer
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.commands.information import Judgement, judgement, reason_of
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.selection.explain import PromptExplained, ToolExplained, explain_prompt
from mcp_dynaload.selection.policy import Strategy


class ToolInfo(Answer):
    """A known tool."""

    name: str
    upstream: str
    description: str
    tokens: int
    categories: tuple[str, ...]
    is_pinned: bool
    """By the servers file or, for the user who asks, by them."""

    is_loaded: bool
    """For the session that asks."""

    is_destructive: bool
    is_read_only: bool


class ToolWhy(Answer):
    """The reason why a tool is loaded or not in a session."""

    name: str
    upstream: str
    tokens: int
    categories: tuple[str, ...]
    is_loaded: bool
    reason: str
    last_prompt: Judgement | None
    """The last prompt's evidence for it; None before the first, and for a tool of which it says nothing."""


class ServerStats(Answer):
    """A server's share of the catalog."""

    upstream: str
    tools: int
    tokens: int


class CategoryStats(Answer):
    """A named group of tools."""

    category: str
    tools: int
    tokens: int


class RegistryStats(Answer):
    """The catalog in numbers."""

    functions: int
    """Tools known."""

    tokens: int
    """The tokens of all their definitions (o200k estimate)."""

    overhead_tokens: int
    """The tokens of our own tool and instructions."""

    version: str
    servers: tuple[ServerStats, ...]
    not_listed_yet: tuple[str, ...]
    categories: tuple[CategoryStats, ...]
    costliest: tuple[ToolInfo, ...]
    """At most ten."""


class Explanation(Answer):
    """The tools that a prompt would load at the start of a session, and why; nothing is changed."""

    query: str
    strategy: Strategy
    reason: str
    need: float
    """Probability that it needs any tool."""

    loaded: tuple[ToolExplained, ...]
    nearest: tuple[ToolExplained, ...]
    baseline_tokens: int
    optimized_tokens: int
    reduction_percentage: float
    detection_time_ms: float
    selection_time_ms: float


def tool_infos(session: Session, query: str = "", limit: int | None = None) -> tuple[ToolInfo, ...]:
    """Return the known tools in name order, or those that fit the words, best first."""
    catalog = session.catalog
    tools = catalog.tools
    if query.strip():
        ranked = session.context().ranker.rank(parse_query(query), limit or len(tools))
        tools = tuple(catalog.tool(scored.name) for scored in ranked)
    of_tool = _categories_by_tool(session.live)
    loaded = {tool.name for tool in session.loaded()}
    return tuple(_info(tool, session, loaded, of_tool) for tool in tools[:limit])


def registry_stats(session: Session) -> RegistryStats:
    """Return the catalog in numbers."""
    live, catalog = session.live, session.catalog
    infos = tool_infos(session)
    return RegistryStats(
        functions=len(catalog.tools),
        tokens=catalog.total_cost,
        overhead_tokens=live.overhead_tokens,
        version=catalog.version,
        servers=tuple(_server(name, live) for name in live.listings.configs),
        not_listed_yet=live.listings.unseen,
        categories=tuple(
            CategoryStats(category=name, tools=len(tools), tokens=sum(catalog.costs[tool] for tool in tools))
            for name, tools in live.categories().items()
        ),
        costliest=tuple(sorted(infos, key=lambda info: (-info.tokens, info.name))[:10]),
    )


async def tool_why(session: Session, tool: Tool) -> ToolWhy:
    """Return the reason why the tool is loaded or not."""
    return ToolWhy(
        name=tool.name,
        upstream=tool.upstream,
        tokens=session.catalog.costs[tool.name],
        categories=_categories_by_tool(session.live).get(tool.name, ()),
        is_loaded=any(tool.name == loaded.name for loaded in session.loaded()),
        reason=reason_of(session, tool.name),
        last_prompt=await judgement(session, tool),
    )


async def explanation(session: Session, query: str, strategy: Strategy | None) -> Explanation:
    """Return the tools that a prompt would load at the start of a session like this one, and why."""
    priors = session.learning.priors.lifts(session.catalog)
    used = strategy or session.state.strategy
    told = await anyio.to_thread.run_sync(explain_prompt, query, used, session.context(), priors, time.perf_counter)
    return _explanation(query, told)


def _explanation(query: str, told: PromptExplained) -> Explanation:
    return Explanation(
        query=query,
        strategy=told.strategy,
        reason=told.reason,
        need=told.need,
        loaded=told.loaded,
        nearest=told.nearest,
        baseline_tokens=told.baseline_tokens,
        optimized_tokens=told.loaded_tokens,
        reduction_percentage=told.reduction * 100,
        detection_time_ms=told.detection_ms,
        selection_time_ms=told.selection_ms,
    )


def _info(tool: Tool, session: Session, loaded: set[str], categories: dict[str, tuple[str, ...]]) -> ToolInfo:
    return ToolInfo(
        name=tool.name,
        upstream=tool.upstream,
        description=tool.description,
        tokens=session.catalog.costs[tool.name],
        categories=categories.get(tool.name, ()),
        is_pinned=tool.pinned or tool.name in session.state.pinned,
        is_loaded=tool.name in loaded,
        is_destructive=tool.is_destructive,
        is_read_only=tool.is_read_only,
    )


def _server(name: str, live: CatalogState) -> ServerStats:
    tools = [tool.name for tool in live.catalog.tools if tool.upstream == name]
    return ServerStats(upstream=name, tools=len(tools), tokens=sum(live.catalog.costs[tool] for tool in tools))


def _categories_by_tool(live: CatalogState) -> dict[str, tuple[str, ...]]:
    of_tool: dict[str, tuple[str, ...]] = {}
    for category, tools in live.categories().items():
        for tool in tools:
            of_tool[tool] = (*of_tool.get(tool, ()), category)
    return of_tool
