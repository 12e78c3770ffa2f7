"""`mcp-dynaload tools`: the catalog with what each tool costs."""

import json

import typer

from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.oddities import held_fix, held_in_words, in_json, in_words
from mcp_dynaload.cli.refresh import list_unseen
from mcp_dynaload.proxy.commands.layout import counted


def tools(
    query: str = typer.Argument("", help="Show only the tools that fit these words, best first."),
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    limit: int = typer.Option(20, "--limit", min=1, help="Most tools to show for a query."),
    as_json: JsonOption = False,
) -> None:
    """Show the known tools and the tokens that each definition costs; a server never listed is listed first.

    A server that fails is told and stops nothing.

    Example: mcp-dynaload tools "create an issue"
    """
    from mcp_dynaload.app import open_catalog
    from mcp_dynaload.proxy.denied_tools import denied_in_words
    from mcp_dynaload.ranking.lexical import build_ranker
    from mcp_dynaload.ranking.query import parse_query

    configuration = configuration_of(config, trust, settings)
    wanting = list_unseen(configuration)
    with open_catalog(configuration) as live:
        catalog, unseen, oddities = live.catalog, live.listings.unseen, live.oddities
        held, denied = live.listings.quarantine.held, live.listings.quarantine.access.denied
    names = [tool.name for tool in catalog.tools]
    if query:
        names = [scored.name for scored in build_ranker(catalog).rank(parse_query(query), limit)]
    found = [(tool, catalog.costs[name]) for name in names if (tool := catalog.get(name))]
    if as_json:
        rows = [
            {"name": tool.name, "server": tool.upstream, "tokens": cost, "pinned": tool.pinned} for tool, cost in found
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
            "logins_needed": wanting,
        }
        print(json.dumps(result, indent=2))
        return
    from mcp_dynaload.cli.screen import console, show_table

    shown = [(tool.name, cost, "pinned" if tool.pinned else "", _first_line(tool.description)) for tool, cost in found]
    if shown or not query:
        show_table("", ("tool", "tokens", "", "description"), shown, ("tokens",))
    else:
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


def _first_line(text: str) -> str:
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= 70 else line[:69] + "…"
