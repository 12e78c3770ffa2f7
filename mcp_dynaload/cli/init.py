"""`mcp-dynaload init`: put Claude Code's servers behind the proxy."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.cli.common import confirm, is_agreed
from mcp_dynaload.cli.completion import complete_client, complete_host
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.files import ClientSnapshot, Scope, find_claude_files, read_snapshot
from mcp_dynaload.machine.own_process import module_arguments
from mcp_dynaload.masking.printable import printable

HOST_NAMES = "claude-desktop, cursor, vscode, windsurf, codex, gemini, or all of them that are found"
"""Written here because the table of hosts is read only where servers are taken from one."""


ApproveOption = Annotated[
    bool,
    typer.Option(
        "--approve-servers", help="With --yes: start servers of .mcp.json, too, that were not approved before."
    ),
]
HostOption = Annotated[
    str | None,
    typer.Option(
        "--from-host",
        metavar="NAME",
        autocompletion=complete_host,
        help=f"Copy the servers of another program: {HOST_NAMES}; with --scope project those of this folder.",
    ),
]
ClientOption = Annotated[
    str | None,
    typer.Option(
        "--client",
        metavar="NAME",
        autocompletion=complete_client,
        help="Instead have this program start us, too: claude-desktop, cursor, vscode or codex. Moves no server.",
    ),
]
LearnOption = Annotated[
    bool,
    typer.Option("--learn", help="Then do what `mcp-dynaload learn --from-transcripts` does, without asking for it."),
]

Learn = Callable[[Callable[[str], bool] | None, bool], None]
"""Learns from the user's past sessions: asked for by this question, or, without one, only if the flag says so."""


def init_command(refresh: Callable[[], None], learn: Learn) -> Callable[..., None]:
    """Return the command `init`; once the servers have moved `refresh` fills the catalog cache, and `learn` follows."""

    def init(
        scope: Annotated[
            Scope, typer.Option(help="Whose servers: yours (user), .mcp.json (project), yours for this folder (local).")
        ] = "user",
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        approve_servers: ApproveOption = False,
        from_file: Annotated[
            Path | None,
            typer.Option("--from", help="Take the servers of this `mcpServers` file, and leave it as it is."),
        ] = None,
        from_host: HostOption = None,
        keep_logins: Annotated[
            bool, typer.Option("--keep-logins", help="Do not move servers that need a login.")
        ] = False,
        move_secrets: Annotated[
            bool,
            typer.Option(
                "--move-secrets",
                help="Move secrets out of the servers file, to where `mcp-dynaload secret set` keeps them.",
            ),
        ] = False,
        learns: LearnOption = False,
        client: ClientOption = None,
    ) -> None:
        """Put your MCP servers behind mcp-dynaload; `uninstall` puts everything back.

        At the end it asks whether to learn from your past sessions which tools each project uses. With `--yes` that is
        not done unless `--learn` says so: your sessions are read for that, which moving servers does not need.

        Example: mcp-dynaload init --dry-run
        """
        # Every start of `serve` passes this module: what only a user waits for is imported here.
        from mcp_dynaload.hosts.claude_code.installation import UserDialogue, install
        from mcp_dynaload.hosts.claude_code.login_probe import http_probe

        if client is not None:
            is_alone = scope == "user" and not (from_file or from_host or move_secrets or learns)
            _wire(client, dry_run, yes, is_alone=is_alone)
            return
        snapshot = snapshot_of(scope, from_file, from_host)
        dialogue = UserDialogue(show=print_plain, confirm=(lambda: None) if yes else _ask)
        may_approve = approve_servers or not yes
        ask_to_learn = None if yes else _ask_to_learn
        plan = install(
            snapshot,
            dialogue,
            http_probe(os.environ),
            refresh,
            lambda: learn(ask_to_learn, learns),
            is_dry_run=dry_run,
            may_approve=may_approve,
            keeps_logins=keep_logins,
            moves_secrets=move_secrets,
        )
        if learns and not plan.changes and not dry_run:
            learn(ask_to_learn, learns)

    return init


def _wire(name: str, dry_run: bool, yes: bool, *, is_alone: bool) -> None:
    """Have another program start us, too."""
    from mcp_dynaload.hosts.claude_code.installation import UserDialogue
    from mcp_dynaload.hosts.clients import client_named, wire_client
    from mcp_dynaload.hosts.foreign_host import user_places

    if not is_alone:
        raise HostError("--client goes with --dry-run and --yes alone; run `init` again for what else is to be done")
    locations = find_locations(os.environ)
    places = user_places(os.environ, locations.project_dir, sys.platform)
    dialogue = UserDialogue(show=print_plain, confirm=(lambda: None) if yes else _ask)
    wire_client(client_named(name), places, serve_entry(), locations.backups_dir, dialogue, is_dry_run=dry_run)


def snapshot_of(scope: Scope, from_file: Path | None = None, from_host: str | None = None) -> ClientSnapshot:
    """Return the client's files as they are, with the servers that are to be taken from elsewhere.

    Raises:
        HostError: A file cannot be read, or there is none to take servers from.
    """
    from mcp_dynaload.hosts.claude_code.client_version import read_client_version

    if from_file is not None and from_host is not None:
        raise HostError("--from and --from-host both say where servers come from; give one of them")
    locations = find_locations(os.environ)
    files = find_claude_files(os.environ, locations.project_dir)
    source = None if from_file is None else from_file.expanduser().absolute()
    try:
        version = read_client_version(os.environ)
    except HostError as error:  # hooks in the settings do without
        print_plain(str(error))
        version = None
    entry = shared_entry() if scope == "project" else serve_entry()
    snapshot = read_snapshot(scope, files, locations, entry, dict(os.environ), source, version)
    if from_host is None:
        return snapshot
    from mcp_dynaload.hosts.given import servers_of_host

    return replace(snapshot, given=servers_of_host(from_host, snapshot))


def serve_entry() -> Json:
    """Return the entry with which a client starts this very installation."""
    beside = Path(sys.executable).with_name("mcp-dynaload")
    script = str(beside) if beside.is_file() else shutil.which("mcp-dynaload")
    if script is not None:
        return {"type": "stdio", "command": str(Path(script).absolute()), "args": ["serve"]}
    return {"type": "stdio", "command": sys.executable, "args": module_arguments("mcp_dynaload", "serve")}


def shared_entry() -> Json:
    """Return the entry for a file that others have, too: by name alone, where the PATH has it for every program.

    What an active virtual environment puts on the PATH is there for this shell alone.
    """
    own = serve_entry()
    scripts = Path(sys.executable).parent
    path = os.pathsep.join(part for part in os.get_exec_path() if Path(part) != scripts)
    if shutil.which("mcp-dynaload", path=path) is not None:
        return {**own, "command": "mcp-dynaload", "args": ["serve"]}
    print_plain(
        f"{own['command']} is a path of this machine, which others of the project do not have: install mcp-dynaload"
        " where the PATH has it (pipx, uv tool), then run this again"
    )
    return own


def print_plain(text: str) -> None:
    """Show a text, the added and removed lines of a diff in colour where the terminal has any."""
    from rich.console import Console
    from rich.text import Text

    styles = {"+": "green", "-": "red", "@": "cyan"}
    console = Console(highlight=False, soft_wrap=True)
    is_diff = text.startswith("--- ")
    for line in text.splitlines():
        console.print(Text(printable(line, keeps_lines=True), styles.get(line[:1], "") if is_diff else ""))


def _ask() -> None:
    confirm("Make these changes?", "add --yes to make these changes, or --dry-run")


def _ask_to_learn(question: str) -> bool:
    return is_agreed(question, "add --yes, with --learn if that is to be done")
