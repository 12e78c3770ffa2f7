"""One query in one session: commands, choice, the list read, and the result of it all."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from mcp_types import Prompt, PromptReference

from mcp_dynaload.api.connection import Connected
from mcp_dynaload.api.results import CommandOutcome, LoadedTool, QueryResult
from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.proxy.commands.table import COMMANDS, run_command, text_command, written_name
from mcp_dynaload.proxy.prompt_serving import serve_prompt
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.ranking.cleaning import split_command
from mcp_dynaload.selection.actions import PromptSubmitted, StrategyChosen
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.state import Decision
from mcp_dynaload.selection.tiers import Tier, tiers_of

ALREADY = "loaded before"


async def run_query(
    session: Session, query: str, strategy: Strategy | None, commands: Sequence[CommandOutcome]
) -> QueryResult:
    """Have the tools for a query loaded; a strategy given counts for it alone."""
    async with _with_strategy(session, strategy) as used:
        served = await serve_prompt(session, PromptSubmitted(query), is_first=not session.state.first_prompt_seen)
        decision, told = served.decision, served.event
        tools, detection_ms = loaded_tools(session, decision), told.detection_ms + told.selection_ms
        baseline, optimized = tokens(session, [tool.name for tool in tools])
        return QueryResult(
            query=query,
            user_id=session.client.user or None,
            session_id=session.id,
            strategy=used,
            tools=tools,
            added=decision.added,
            reason=decision.reason,
            baseline_tokens=baseline,
            optimized_tokens=optimized,
            reduction_percentage=reduction(baseline, optimized) * 100,
            detection_time_ms=detection_ms,
            loading_time_ms=told.total_ms - detection_ms,
            total_time_ms=told.total_ms,
            cache_hit=told.cache_hit is True,
            confidence=_confidence(decision),
            user_commands=tuple(commands),
        )


async def run_text_command(session: Session, line: str) -> CommandOutcome:
    """Run a command that was written as text: `/load-category git`, with or without the slash."""
    first, *words = line.split() or [""]
    result = await run_command(session, written_name(first), words)
    return CommandOutcome(command=line, success=result.success, message=result.text)


async def completions(connected: Connected, line: str) -> tuple[str, ...]:
    """Return completions of a half-written command's last word; none for a line that is no command."""
    name, *words = line.removeprefix("/").split(" ")
    if not words:
        return tuple(f"/{command}" for command in COMMANDS if command.startswith(name))
    if name == "call":
        tools = connected.session.catalog.tools
        return tuple(tool.name for tool in tools if len(words) == 1 and tool.name.startswith(words[0]))
    arguments = [
        argument for prompt in await _prompts(connected) if prompt.name == name for argument in prompt.arguments or ()
    ]
    if len(words) > len(arguments):
        return ()
    ref = PromptReference(name=name)
    found = await connected.client.complete(ref, {"name": arguments[len(words) - 1].name, "value": words[-1]})
    return tuple(found.completion.values)


async def _prompts(connected: Connected) -> Sequence[Prompt]:
    return (await connected.client.list_prompts()).prompts


def split_own_command(text: str) -> tuple[tuple[str, ...], str]:
    """Return the command of ours with which a query begins, if it does, and the query without it."""
    line, rest = split_command(text)
    return ((line,), rest) if text_command(line) else ((), text)


def tokens(session: Session, names: Sequence[str]) -> tuple[int, int]:
    """Return the tokens of all definitions, and of the named ones together with what we add ourselves."""
    catalog = session.live.catalog
    return catalog.total_cost, session.live.overhead_tokens + sum(catalog.costs[name] for name in names)


def loaded_tools(session: Session, decision: Decision) -> tuple[LoadedTool, ...]:
    """Return the tools that the session has loaded now, in name order."""
    catalog = session.catalog
    tiers = tiers_of(session.state, catalog, session.learning.core(catalog))
    probabilities = {scored.name: scored.probability for scored in decision.ranked}
    return tuple(
        LoadedTool(
            name=tool.name,
            upstream=tool.upstream,
            description=tool.description,
            tokens=catalog.costs[tool.name],
            tier=Tier.CORE if tool.name in tiers.core else Tier.TASK,
            probability=probabilities.get(tool.name),
            reason="pinned" if tool.pinned else session.history.reason(tool.name) or ALREADY,
        )
        for tool in session.loaded()
    )


@asynccontextmanager
async def _with_strategy(session: Session, strategy: Strategy | None) -> AsyncGenerator[Strategy]:
    before = session.state.strategy
    if strategy is None or strategy is before:
        yield before
        return
    await session.decide(StrategyChosen(strategy))
    try:
        yield strategy
    finally:
        await session.decide(StrategyChosen(before))


def _confidence(decision: Decision) -> float:
    if not decision.ranked:
        return 0.0
    need = decision.ranked[0].need
    return need if decision.added else 1 - need
