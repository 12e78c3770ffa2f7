"""A walk through the product: a dozen prompts with what is loaded for each, and some real calls."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

from mcp_dynaload.config.paths import variables_for
from mcp_dynaload.machine.own_process import module_arguments
from mcp_dynaload.masking.printable import printable

if TYPE_CHECKING:
    from mcp_dynaload.configuration import Configuration
    from mcp_dynaload.demo.drive import WalkOutcome
    from mcp_dynaload.demo.preloaded import Command


EXPLANATION = """\
Tokens are o200k estimates for one request: definitions as the model gets them; ours with our own tool, our
instructions and what is put beside the prompt. "Native tool search" is an estimate of Claude Code's own deferred
tools: all names, all servers' instructions, and for each needed tool its definition and a search request.
Claude's tokenizer is not public: trust the ratios."""


@dataclass(frozen=True, slots=True)
class _Saved:
    """The tokens that one prompt cost, and saved."""

    outcome: "WalkOutcome"
    loaded: tuple[str, ...]
    tokens: int
    native_tokens: int
    reduction: float


@dataclass(frozen=True, slots=True)
class _Walked:
    """The outcome of the whole walk."""

    servers: int
    tools: int
    all_tokens: int
    prompts: list[_Saved]

    @property
    def works(self) -> bool:
        """Every call did what it was to do."""
        return all(done.works for saved in self.prompts for done in saved.outcome.calls)


def walk(as_json: bool) -> bool:
    """Type the prompts and make the calls; whether all calls did what they were to do."""
    import anyio

    with tempfile.TemporaryDirectory(prefix="mcp-dynaload-demo-") as folder:
        walked = anyio.run(_walk, Path(folder))
    if walked is None:
        return False
    if as_json:
        print(json.dumps(_as_json(walked), indent=2))
    else:
        _show_loaded(walked)
        _show_calls(walked)
    return walked.works


async def _walk(folder: Path) -> _Walked | None:
    from mcp_dynaload.cli.refresh import list_and_store
    from mcp_dynaload.configuration import read_configuration
    from mcp_dynaload.demo.preloaded import commands
    from mcp_dynaload.machine.logs import set_up_logs

    environ = {**os.environ, **_places(folder)}
    async with commands(folder) as command:
        servers_file = _write_servers(folder, command)
        configuration = read_configuration(environ, explicit=(servers_file,))
        set_up_logs("info", configuration.locations.logs_dir, to_stderr=False, masker=configuration.masker)
        listed = await list_and_store(configuration)
        if listed.errors:
            print(printable("\n".join(listed.errors.values()), keeps_lines=True), file=sys.stderr)
            return None
        return _measured(configuration, await _drive(command, servers_file, environ))


def _places(folder: Path) -> dict[str, str]:
    """Keep the demo away from the user's own files; `sdk` is a client that takes over a list at once."""
    return {
        **variables_for(folder),
        "CLAUDE_CODE_SESSION_ID": "",
        "CLAUDE_CODE_ENTRYPOINT": "sdk",
        "MCP_DYNALOAD_LOG_LEVEL": "error",
    }


def _write_servers(folder: Path, command: "Command") -> Path:
    from mcp_dynaload.demo import embedded_servers

    workspace = folder / "workspace"
    workspace.mkdir()
    servers = embedded_servers(workspace)
    for entry in servers.values():
        entry["command"], *entry["args"] = command(*entry["args"])
    path = folder / "servers.json"
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return path


async def _drive(command: "Command", servers_file: Path, environ: dict[str, str]) -> "list[WalkOutcome]":
    from mcp import StdioServerParameters

    from mcp_dynaload.demo.drive import drive
    from mcp_dynaload.demo.scenarios.walk import WALK

    program, *arguments = command(*module_arguments("mcp_dynaload", "serve", "--config", str(servers_file)))
    server = StdioServerParameters(command=program, args=arguments, env=environ)
    return [outcome async for outcome in drive(server, WALK)]


def _measured(configuration: "Configuration", outcomes: "list[WalkOutcome]") -> _Walked:
    from mcp_dynaload.catalog.cost import native_deferral, reduction
    from mcp_dynaload.catalog.names import FIND_TOOLS
    from mcp_dynaload.configuration import open_catalog
    from mcp_dynaload.encoder.tokenizer import count_tokens

    with open_catalog(configuration) as live:
        costs, everything = live.catalog.costs, live.catalog.total_cost
        overhead = sum(map(count_tokens, live.own_texts.values()))
        servers, tools = len(live.listings.by_name), len(live.catalog.tools)
        instructions = [listing.instructions for listing in live.listings.by_name.values()]
    prompts: list[_Saved] = []
    for outcome in outcomes:
        names = tuple(name for name in outcome.listed if name != FIND_TOOLS)
        used = overhead + sum(costs[name] for name in names) + count_tokens(outcome.context)
        native = native_deferral(costs, instructions, _discovered(outcome, costs), count_tokens)
        prompts.append(_Saved(outcome, names, used, native, reduction(everything, used)))
    return _Walked(servers, tools, everything, prompts)


def _discovered(outcome: "WalkOutcome", costs: Mapping[str, int]) -> list[int]:
    """Return the costs of the definitions that the client's own search would fetch: those of the needed tools."""
    return [costs[name] for name in outcome.needed]


def _as_json(walked: _Walked) -> dict[str, object]:
    prompts = [
        {
            "prompt": saved.outcome.prompt.text,
            "loaded": saved.loaded,
            "missed": saved.outcome.missed,
            "tokens": saved.tokens,
            "native_tokens": saved.native_tokens,
            "reduction": round(saved.reduction, 4),
            "milliseconds": round(saved.outcome.milliseconds, 1),
            "calls": [
                {
                    "tool": done.name,
                    "milliseconds": round(done.milliseconds, 1),
                    "works": done.works,
                }
                for done in saved.outcome.calls
            ],
        }
        for saved in walked.prompts
    ]
    return {"servers": walked.servers, "tools": walked.tools, "all_tokens": walked.all_tokens, "prompts": prompts}


def _show_loaded(walked: _Walked) -> None:
    from mcp_dynaload.catalog.cost import less_or_more
    from mcp_dynaload.cli.screen import console, show_table

    console.print(f"{walked.servers} servers, {walked.tools} tools: {walked.all_tokens:,} tokens if all were loaded\n")
    for saved in walked.prompts:
        outcome = saved.outcome
        console.print(f"“{outcome.prompt.text}”", style="bold", markup=False)
        console.print(f"  loaded: {', '.join(saved.loaded) or 'nothing'}")
        missed = f"   missed: {', '.join(outcome.missed)}" if outcome.missed else ""
        figures = f"{saved.tokens:,} tokens, {less_or_more(saved.reduction)}, {outcome.milliseconds:.0f} ms"
        console.print(f"  {figures}{missed}", style="green")
    outcomes = [saved.outcome for saved in walked.prompts]
    needed = sum(len(outcome.needed) for outcome in outcomes)
    found = needed - sum(len(outcome.missed) for outcome in outcomes)
    head = ("prompts", "all loaded", "native tool search", "ours", "reduction", "needed tools loaded", "median ms")
    row = (
        len(outcomes),
        f"{walked.all_tokens:,}",
        f"{mean(saved.native_tokens for saved in walked.prompts):,.0f}",
        f"{mean(saved.tokens for saved in walked.prompts):,.0f}",
        f"{mean(saved.reduction for saved in walked.prompts):.1%}",
        f"{found} of {needed}",
        f"{median(outcome.milliseconds for outcome in outcomes):.0f}",
    )
    show_table("", head, [row], head)
    console.print(EXPLANATION)


def _show_calls(walked: _Walked) -> None:
    from mcp_dynaload.cli.screen import console, show_table

    calls = [call for saved in walked.prompts for call in saved.outcome.calls]
    rows = [(done.name, f"{done.milliseconds:.0f}", "works" if done.works else "FAILED") for done in calls]
    show_table("\nReal calls (the first of a server starts it)", ("tool", "ms", ""), rows, ("ms",))
    for failed in (done for done in calls if not done.works):
        wanted = f"{failed.name}: expected {failed.call.says!r} in:"
        console.print(f"{wanted}\n{failed.text}", style="red", markup=False)
