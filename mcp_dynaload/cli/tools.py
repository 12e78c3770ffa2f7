"""`mcp-dynaload tools`: the catalog with what each tool costs."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.completion import complete_server
from mcp_dynaload.cli.oddities import held_fix, held_in_words, in_json, in_words
from mcp_dynaload.cli.refresh import list_unseen
from mcp_dynaload.cli.tool_details import detail_lines, details
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.proxy.commands.layout import counted

if TYPE_CHECKING:
    from mcp_dynaload.catalog.catalog import Catalog
    from mcp_dynaload.catalog.tool import Tool

DEFAULT_LIMIT = 20
"""Tools that are shown for some words."""


def tools(
    query: str = typer.Argument("", help="Show only the tools that fit these words, best first."),
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help=f"Most tools to show; for words {DEFAULT_LIMIT} without it, else all."),
    ] = None,
    server: Annotated[
        str, typer.Option("--server", metavar="NAME", help="Only tools of this server.", autocompletion=complete_server)
    ] = "",
    with_details: Annotated[
        bool, typer.Option("--details", help="With the whole description, the parameters and what its server says.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the known tools and the tokens that each definition costs; a server never listed is listed first.

    Words that are a tool's name show that tool alone. A server that fails is told and stops nothing.

    Example: mcp-dynaload tools git__log --details
    """
    from mcp_dynaload.configuration import offered_view, open_catalog
    from mcp_dynaload.proxy.denied_tools import denied_in_words, denied_there

    configuration = configuration_of(config, trust, settings)
    if server and server not in configuration.configs:
        known = ", ".join(configuration.configs) or "none"
        raise ConfigError(f"no server is called {server!r}; configured are: {known}")
    wanting = list_unseen(configuration, server)
    with open_catalog(configuration) as live:
        catalog, oddities = live.catalog, live.oddities
        unseen = [name for name in live.listings.unseen if server in ("", name)]
        held, denied = live.listings.quarantine.held, live.listings.quarantine.access.denied
        not_shown = offered_view(configuration, live).denied
    found = [(tool, catalog.costs[tool.name]) for tool in _wanted(catalog, query, server, limit)]
    if as_json:
        rows = [
            {"name": tool.name, "server": tool.upstream, "tokens": cost, "pinned": tool.pinned}
            | (details(tool) if with_details else {})
            for tool, cost in found
        ]
        changed = {name: one.counts for name, one in sorted(held.items())}
        odd = {name: in_json(found) for name, found in sorted(oddities.items())}
        result = {
            "tools": rows,
            "total_tokens": catalog.total_cost,
            "not_listed_yet": unseen,
            "mended": odd,
            "held": changed,
            "denied": denied,
            "denied_by_client": {name: str(rule) for name, rule in not_shown.items()},
            "logins_needed": wanting,
        }
        print(json.dumps(result, indent=2))
        return
    from mcp_dynaload.cli.screen import console, show_table

    shown = [(tool.name, cost, "pinned" if tool.pinned else "", _first_line(tool.description)) for tool, cost in found]
    if with_details:
        for tool, cost in found:
            console.print("\n".join(detail_lines(tool, cost)) + "\n", markup=False, highlight=False)
    elif shown or not query:
        show_table("", ("tool", "tokens", "", "description"), shown, ("tokens",))
    if query and not shown:
        console.print(f"No tool fits {query!r}: try other words, or none for all tools.", markup=False)
    many = counted(len(catalog.tools), "tool")
    console.print(f"\n{many}, {catalog.total_cost:,} tokens (o200k estimate) if all were loaded")
    if failed := ", ".join(name for name in unseen if name not in wanting):
        console.print(f"Could not be listed: {failed}. Run `mcp-dynaload doctor`.", markup=False)
    for name, odd in sorted(oddities.items()):
        console.print(f"\n{in_words(name, odd)}", markup=False, highlight=False)
    for name, one in sorted(held.items()):
        console.print(f"\n{held_in_words(name, one)}: {held_fix(name)}", markup=False, highlight=False)
    for name, rules in denied.items():
        console.print(f"\n{denied_in_words(name, rules)}", markup=False, highlight=False)
    if not_shown:
        console.print(f"\nNot shown to a model: {denied_there(not_shown)}", markup=False, highlight=False)


def _wanted(catalog: "Catalog", query: str, server: str, limit: int | None) -> "list[Tool]":
    """Return the tools to show: the one of that name, those that fit the words, or all; of one server or all."""
    from mcp_dynaload.ranking.lexical import build_ranker
    from mcp_dynaload.ranking.query import parse_query

    if not query:
        return [tool for tool in catalog.tools if server in ("", tool.upstream)][:limit]
    if (named := catalog.get(query.strip())) is not None:
        return [named] if server in ("", named.upstream) else []
    ranked = build_ranker(catalog).rank(parse_query(query), len(catalog.tools) if server else limit or DEFAULT_LIMIT)
    found = [tool for scored in ranked if (tool := catalog.get(scored.name))]
    return [tool for tool in found if server in ("", tool.upstream)][: limit or DEFAULT_LIMIT]


def _first_line(text: str) -> str:
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= 70 else line[:69] + "…"
