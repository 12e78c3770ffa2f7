"""`mcp-dynaload optimize`: what a prompt would load, and why."""

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.catalog.cost import less_or_more
from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.refresh import list_unseen
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.selection.policy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp_dynaload.api.results import LoadedTool, QueryResult
    from mcp_dynaload.catalog.catalog import Catalog
    from mcp_dynaload.catalog.deny_rules import DenyRule
    from mcp_dynaload.configuration import Configuration
    from mcp_dynaload.proxy.catalog_view import CatalogView
    from mcp_dynaload.selection.explain import PromptExplained, ToolExplained

DOCTOR = "`mcp-dynaload doctor` says why"

MAX_WIDTH = 100
"""Columns of a table."""

MAX_NAME_WIDTH = 40
"""Columns of a tool's name in it; the rest of a longer one goes to the next line."""

MAX_TERMS = 4
"""Terms shown of a tool, the strongest."""


def optimize(
    prompt: Annotated[str, typer.Argument(help="A prompt as you would type it.")],
    strategy: Annotated[Strategy | None, typer.Option("--strategy", help="Instead of the one in the settings.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell for the loaded and the nearest other tools why.")
    ] = False,
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which tools a prompt would load and what that saves. Only a server never listed is started, to be listed.

    With --explain: the terms matched, score, prior, probability, cost and reason of each loaded tool and the
    nearest others.

    Example: mcp-dynaload optimize "merge the pull request" --explain
    """
    configuration = configuration_of(config, trust, settings)
    wanting = list_unseen(configuration)
    chosen = strategy or Strategy(configuration.settings.default_loading_strategy)
    told = _explained(configuration, prompt, chosen)
    if as_json:
        print(json.dumps(_as_json(prompt, told, explain), indent=2))
    else:
        _show(told, tuple(name for name in told.unseen if name not in wanting), explain)


@dataclass(frozen=True, slots=True)
class _Told:
    """The tools that a prompt would load, the catalog they are of, and what is missing in it."""

    prompt: "PromptExplained"
    catalog: "Catalog"
    unseen: tuple[str, ...]
    """Servers that could not be listed."""

    denied: "Mapping[str, DenyRule]"
    """The tools that Claude Code's rules deny, each with the rule."""


def _explained(configuration: "Configuration", prompt: str, strategy: Strategy) -> _Told:
    from mcp_dynaload.configuration import offered_view, open_catalog
    from mcp_dynaload.proxy.learning import stored_priors
    from mcp_dynaload.selection.explain import explain_prompt
    from mcp_dynaload.selection.narrowing import narrowed_catalog
    from mcp_dynaload.selection.priors import LearnedRanker
    from mcp_dynaload.selection.state import Context
    from mcp_dynaload.store.backends import open_usage
    from mcp_dynaload.store.usage import project_of

    url, file = configuration.settings.store_url, configuration.locations.database_file
    with open_catalog(configuration) as live, open_usage(url, file) as memory:
        view = offered_view(configuration, live)
        if not view.catalog.tools:
            raise ConfigError(f"no tool is known{_among(view)}, so there is nothing to choose from: {DOCTOR}")
        live.index_now()
        project, is_learning = project_of(live.listings.project_dir), configuration.settings.metrics_collection_enabled
        pinned = frozenset(memory.pins(project) or ())
        catalog = narrowed_catalog(view.catalog, lambda tool: True, pinned.__contains__)
        priors = stored_priors(memory, project).lifts(catalog) if is_learning else {}
        context = Context(
            catalog=catalog,
            ranker=LearnedRanker(view.ranker(live.index.ranker), priors),
            overhead_tokens=live.overhead_tokens,
        )
        explained = explain_prompt(prompt, strategy, context, priors, time.perf_counter)
        return _Told(explained, catalog, tuple(filter(view.has, live.listings.unseen)), view.denied)


def _among(view: "CatalogView") -> str:
    profile = f" in profile {view.chosen.name!r}" if view.chosen.is_any else ""
    return f"{profile} that Claude Code's rules do not deny" if view.denied else profile


def _as_json(prompt: str, told: _Told, explain: bool) -> dict[str, object]:
    """Return the fields of the Python API's result, and those that only this command knows."""
    explained = told.prompt
    result = _result(prompt, told).model_dump(mode="json")
    whole: dict[str, object] = {
        **result,
        "catalog_tools": explained.tools,
        "not_listed_yet": list(told.unseen),
        "denied_by_client": {name: str(rule) for name, rule in told.denied.items()},
    }
    if explain:
        whole["explained"] = [_rounded(tool) for tool in (*explained.loaded, *explained.nearest)]
    return whole


def _result(prompt: str, told: _Told) -> "QueryResult":
    from mcp_dynaload.api.results import QueryResult
    from mcp_dynaload.selection.choice import Verdict

    explained = told.prompt
    milliseconds = round(explained.detection_ms + explained.selection_ms, 3)
    return QueryResult(
        query=prompt,
        user_id=None,
        session_id="",
        strategy=explained.strategy,
        tools=tuple(_loaded(tool, told.catalog) for tool in sorted(explained.loaded, key=lambda tool: tool.name)),
        added=tuple(tool.name for tool in explained.loaded if tool.reason != Verdict.PINNED),
        reason=explained.reason,
        baseline_tokens=explained.baseline_tokens,
        optimized_tokens=explained.loaded_tokens,
        reduction_percentage=round(explained.reduction * 100, 2),
        detection_time_ms=milliseconds,
        loading_time_ms=0.0,  # nothing is listed: no client waits
        total_time_ms=milliseconds,
        cache_hit=False,
        confidence=round(explained.need if explained.loaded else 1 - explained.need, 4),
    )


def _loaded(tool: "ToolExplained", catalog: "Catalog") -> "LoadedTool":
    from mcp_dynaload.api.results import LoadedTool
    from mcp_dynaload.selection.choice import Verdict
    from mcp_dynaload.selection.tiers import Tier

    known = catalog.tool(tool.name)
    return LoadedTool(
        name=tool.name,
        upstream=known.upstream,
        description=known.description,
        tokens=tool.tokens,
        tier=Tier.CORE if tool.reason == Verdict.PINNED else Tier.TASK,
        probability=round(tool.probability, 4),
        reason=tool.reason,
    )


def _rounded(tool: "ToolExplained") -> dict[str, object]:
    values = asdict(tool)
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def _show(told: _Told, unseen: tuple[str, ...], explain: bool) -> None:
    from mcp_dynaload.cli.screen import console
    from mcp_dynaload.proxy.denied_tools import denied_there

    explained = told.prompt
    console.print(
        f"{len(explained.loaded)} of {explained.tools:,} tools, strategy {explained.strategy}: {explained.reason}"
    )
    console.print(
        f"{explained.loaded_tokens:,} tokens instead of {explained.baseline_tokens:,} "
        f"(o200k estimate, our own tools included): {less_or_more(explained.reduction)}"
    )
    console.print(f"detection {explained.detection_ms:.1f} ms, selection {explained.selection_ms:.1f} ms")
    loaded = sorted(explained.loaded, key=lambda tool: -tool.probability)
    tools = (*loaded, *explained.nearest) if explain else (*loaded,)
    if tools:
        console.print()
        _show_tools(tools, explain)
    if told.denied:
        console.print(f"\nLeft out: {denied_there(told.denied)}.", markup=False, highlight=False)
    if unseen:
        console.print(f"\nCould not be listed: {', '.join(unseen)}. Run `mcp-dynaload doctor`.", markup=False)


def _show_tools(tools: "tuple[ToolExplained, ...]", explain: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from mcp_dynaload.cli.screen import console, plain

    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    longest = max(len(tool.name) for tool in tools)
    table.add_column("tool", overflow="fold", min_width=min(longest, MAX_NAME_WIDTH))
    for number in ("tokens", "prob.", "score", "prior") if explain else ("tokens", "prob."):
        table.add_column(number, justify="right", no_wrap=True)
    for text in ("terms", "why") if explain else ():
        table.add_column(text, overflow="fold")
    for tool in tools:
        numbers = [f"{tool.tokens:,}", f"{tool.probability:.3f}"]
        why = [f"{tool.score:.1f}", f"{tool.prior:.1f}", " ".join(tool.terms[:MAX_TERMS]), tool.reason]
        cells = ("+" if tool.is_loaded else "-", tool.name, *numbers, *(why if explain else ()))
        table.add_row(*map(plain, cells))
    Console(highlight=False, width=MAX_WIDTH if not console.is_terminal else min(MAX_WIDTH, console.width)).print(table)
