"""`mcp-dynaload demo`: what the proxy does, on servers that travel with it."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from mcp_dynaload.demo.drive import Outcome
    from mcp_dynaload.runtime import Configuration


EXPLANATION = """\
Tokens are o200k estimates for one request: definitions as the model gets them; ours with our own tool, our
instructions and what is put beside the prompt. "Native tool search" is an estimate of Claude Code's own deferred
tools: all names, all servers' instructions, and for each needed tool its definition and a search request.
Claude's tokenizer is not public: trust the ratios."""


def demo() -> None:
    """Type a dozen prompts into the proxy in front of embedded servers, and make real calls. Needs no network.

    Exit status 1 if a call fails. Example: mcp-dynaload demo
    """
    with tempfile.TemporaryDirectory(prefix="mcp-dynaload-demo-") as folder:
        if not _run(Path(folder)):
            raise typer.Exit(1)


def _run(folder: Path) -> bool:
    import anyio

    from mcp_dynaload.cli.refresh import fill_cache
    from mcp_dynaload.cli.screen import console
    from mcp_dynaload.logs import set_up_logs
    from mcp_dynaload.runtime import read_configuration

    servers_file = _write_servers(folder)
    environ = {**os.environ, **_places(folder)}
    configuration = read_configuration(environ, explicit=(servers_file,))
    set_up_logs("info", configuration.locations.logs_dir, to_stderr=False)
    listed = fill_cache(configuration)
    if listed.errors:
        console.print("\n".join(listed.errors.values()), style="red", markup=False)
        return False
    outcomes = anyio.run(_drive, servers_file, environ)
    _show_loaded(configuration, outcomes)
    return _show_calls(outcomes)


def _places(folder: Path) -> dict[str, str]:
    """Keep the demo away from the person's own files; `sdk` is a client that takes over a list at once."""
    return {
        "MCP_DYNALOAD_CONFIG_DIR": str(folder / "config"),
        "MCP_DYNALOAD_STATE_DIR": str(folder / "state"),
        "CLAUDE_PROJECT_DIR": str(folder),
        "CLAUDE_CODE_SESSION_ID": "",
        "CLAUDE_CODE_ENTRYPOINT": "sdk",
        "MCP_DYNALOAD_LOG_LEVEL": "error",
    }


def _write_servers(folder: Path) -> Path:
    from mcp_dynaload.demo import embedded_servers

    workspace = folder / "workspace"
    workspace.mkdir()
    path = folder / "servers.json"
    path.write_text(json.dumps({"mcpServers": embedded_servers(workspace)}), encoding="utf-8")
    return path


async def _drive(servers_file: Path, environ: dict[str, str]) -> "list[Outcome]":
    from mcp import StdioServerParameters

    from mcp_dynaload.demo.drive import drive
    from mcp_dynaload.demo.scenarios import SCENARIOS

    arguments = ["-m", "mcp_dynaload", "serve", "--config", str(servers_file)]
    server = StdioServerParameters(command=sys.executable, args=arguments, env=environ)
    return [outcome async for outcome in drive(server, SCENARIOS)]


def _show_loaded(configuration: "Configuration", outcomes: "list[Outcome]") -> None:
    from mcp_dynaload.catalog.cost import native_deferral, reduction
    from mcp_dynaload.catalog.names import FIND_TOOLS
    from mcp_dynaload.cli.screen import console, show_table
    from mcp_dynaload.runtime import open_catalog
    from mcp_dynaload.tokenizer import count_tokens

    with open_catalog(configuration) as live:
        costs, everything = live.catalog.costs, live.catalog.total_cost
        overhead = sum(map(count_tokens, live.own_texts.values()))
        servers, tools = len(live.listings), len(live.catalog.tools)
        instructions = [listing.instructions for listing in live.listings.values()]
    console.print(f"{servers} servers, {tools} tools: {everything:,} tokens if all were loaded\n")
    saved: list[float] = []
    native: list[int] = []
    ours: list[int] = []
    for outcome in outcomes:
        names = [name for name in outcome.listed if name != FIND_TOOLS]
        used = overhead + sum(costs[name] for name in names) + count_tokens(outcome.context)
        saved.append(reduction(everything, used))
        ours.append(used)
        native.append(native_deferral(costs, instructions, _discovered(outcome, costs), count_tokens))
        console.print(f"“{outcome.scenario.prompt}”", style="bold", markup=False)
        console.print(f"  loaded: {', '.join(names) or 'nothing'}")
        missed = f"   missed: {', '.join(outcome.missed)}" if outcome.missed else ""
        console.print(f"  {used:,} tokens, {saved[-1]:.1%} less, {outcome.milliseconds:.0f} ms{missed}", style="green")
    needed = sum(len(outcome.scenario.needs) for outcome in outcomes)
    found = needed - sum(len(outcome.missed) for outcome in outcomes)
    head = ("prompts", "all loaded", "native tool search", "ours", "reduction", "needed tools loaded", "median ms")
    row = (
        len(outcomes),
        f"{everything:,}",
        f"{mean(native):,.0f}",
        f"{mean(ours):,.0f}",
        f"{mean(saved):.1%}",
        f"{found} of {needed}",
        f"{median(outcome.milliseconds for outcome in outcomes):.0f}",
    )
    show_table("", head, [row], head)
    console.print(EXPLANATION)


def _discovered(outcome: "Outcome", costs: Mapping[str, int]) -> list[int]:
    """Costs of the definitions that the client's own search would have to fetch: those of the needed tools."""
    return [costs[name] for name in outcome.needed]


def _show_calls(outcomes: "list[Outcome]") -> bool:
    from mcp_dynaload.cli.screen import console, show_table

    calls = [call for outcome in outcomes for call in outcome.calls]
    rows = [
        (f"{done.call.server}__{done.call.tool}", f"{done.milliseconds:.0f}", "works" if done.works else "FAILED")
        for done in calls
    ]
    show_table("\nReal calls (the first of a server starts it)", ("tool", "ms", ""), rows, ("ms",))
    for failed in (done for done in calls if not done.works):
        wanted = f"{failed.call.server}__{failed.call.tool}: expected {failed.call.expected!r} in:"
        console.print(f"{wanted}\n{failed.text}", style="red", markup=False)
    return all(done.works for done in calls)
