"""`mcp-dynaload top`: the sessions that run on this machine, what each has loaded, and keys to steer them."""

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import JsonOption
from mcp_dynaload.config.paths import find_locations

if TYPE_CHECKING:
    from mcp_dynaload.cli.processes import FoundProcess


def top(
    once: Annotated[bool, typer.Option("--once", help="Print it once and end, as where there is no terminal.")] = False,
    seconds: Annotated[float, typer.Option(min=0.2, max=60, help="Between two looks.")] = 1.0,
    as_json: JsonOption = False,
) -> None:
    """Show running sessions: what each has loaded and why, its servers with memory and calls, tokens saved.

    Keys: arrows choose a line; `s` stops a server (`S` one that is at work, too), which the next call starts again; `p`
    pins a tool in the session's project, or takes that back; `u` unloads one; `q` ends.

    Example: mcp-dynaload top --once
    """
    import anyio

    from mcp_dynaload.cli.processes import find_processes

    folder = find_locations(os.environ).processes_dir
    if not once and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
        from mcp_dynaload.cli.top_screen import TopScreen, show_screen  # what only a terminal needs

        anyio.run(show_screen, TopScreen(folder), seconds)
        return
    processes = anyio.run(find_processes, folder)
    if as_json:
        print(json.dumps([_as_json(process) for process in processes], indent=2))
    else:
        _print(processes)


def _as_json(process: "FoundProcess") -> dict[str, object]:
    return {name: value for name, value in asdict(process).items() if name != "address"}


def _print(processes: "tuple[FoundProcess, ...]") -> None:
    from mcp_dynaload.cli.top_rows import NOTHING_RUNS, rows_of, summary_of

    if not processes:
        print(NOTHING_RUNS)
        return
    print(summary_of(processes))
    for row in rows_of(processes):
        print(row.text)
