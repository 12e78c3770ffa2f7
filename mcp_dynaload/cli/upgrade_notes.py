"""`mcp-dynaload upgrade-notes`: what another version has left is refreshed, and said."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import JsonOption
from mcp_dynaload.config.paths import Locations, find_locations
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.version import __version__

if TYPE_CHECKING:
    from mcp_dynaload.hosts.claude_code.files import ClaudeFiles

UPDATE = "run `claude plugin update dynaload@mcp-dynaload`, and restart Claude Code"


def upgrade_notes(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be refreshed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """After an upgrade: refresh hooks, plugin, registration and databases, and say what was done and is left to do.

    Tells which databases were brought to the tables of another version, and when; which sessions still run another
    version. `doctor --fix` refreshes the same, and mends more. Exit status 1 if something could not be refreshed.

    Example: mcp-dynaload upgrade-notes
    """
    from mcp_dynaload.cli.remedies import NOT_MENDED, refresh_after_upgrade
    from mcp_dynaload.hosts.claude_code.files import find_claude_files
    from mcp_dynaload.machine.logs import set_up_logs

    locations = find_locations(os.environ)
    if locations.state_dir.is_dir():
        set_up_logs("info", locations.logs_dir, to_stderr=False)  # what is said there is no part of the output
    files = find_claude_files(os.environ, locations.project_dir)
    stale = [*_stale(locations, files)] if dry_run else []
    done = [] if dry_run else [*refresh_after_upgrade(locations)]
    notes = {
        "would_refresh": stale,
        "refreshed": done,
        "databases": [*_upgrades(locations)],
        "left_to_do": [*_left(locations, files)],
    }
    print(json.dumps({"version": __version__, **notes}, indent=2) if as_json else _text(notes))
    if any(text.startswith(NOT_MENDED) for text in done):
        raise typer.Exit(1)


def _stale(locations: Locations, files: "ClaudeFiles") -> Iterator[str]:
    from mcp_dynaload.hosts.claude_code.refreshing import stale_scopes
    from mcp_dynaload.store.files_check import database_troubles

    for found in database_troubles(locations):
        if found.trouble == "of another version":
            yield f"database {found.path} ({found.detail})"
    for scope in stale_scopes(files, os.environ):
        yield f"our registration, hooks and plugin in Claude Code's files (scope {scope})"


def _upgrades(locations: Locations) -> Iterator[str]:
    from mcp_dynaload.store.files_check import database_upgrades

    for one in database_upgrades(locations):
        when = datetime.fromtimestamp(one.at).astimezone().strftime("%Y-%m-%d %H:%M")
        yield f"{one.path.name} was brought from version {one.before} of its tables to {one.now} on {when}"


def _left(locations: Locations, files: "ClaudeFiles") -> Iterator[str]:
    """Yield what only the user can do."""
    import anyio

    from mcp_dynaload.cli.processes import find_processes
    from mcp_dynaload.hosts.claude_code.refreshing import stale_copies

    for folder in stale_copies(files):
        yield f"Claude Code's copy of our plugin in {folder} is of another version: {UPDATE}"
    for process in anyio.run(find_processes, locations.processes_dir):
        version = process.snapshot.version if process.snapshot else ""
        if version != __version__:
            said = f"is version {version}" if version else process.problem
            yield f"process {process.pid} ({process.kind or 'unknown'}) {said}: restart the program that has started it"


def _text(notes: Mapping[str, list[str]]) -> str:
    heads = {
        "would_refresh": "To be refreshed, without --dry-run",
        "refreshed": "Refreshed",
        "databases": "Databases",
        "left_to_do": "Left to do",
    }
    told = [f"{head}:\n" + "\n".join(f"  {text}" for text in notes[key]) for key, head in heads.items() if notes[key]]
    nothing = "Nothing of another version is left: databases, hooks, plugin and sessions are of this one."
    return printable("\n".join([f"mcp-dynaload {__version__}", *(told or [nothing])]), keeps_lines=True)
