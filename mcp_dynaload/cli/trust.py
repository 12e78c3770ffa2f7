"""`mcp-dynaload trust`: allow what a file that came with a repository configures."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mcp_dynaload.locations import find_locations
from mcp_dynaload.trust import forget as forget_file
from mcp_dynaload.trust import trust_file


def trust(
    path: Annotated[Path, typer.Argument(help="A project's servers file or dynaload.toml.")],
    forget: Annotated[bool, typer.Option("--forget", help="Trust it no longer.")] = False,
) -> None:
    """Let the servers in this file be started, or its settings count, as long as it stays as it is now.

    Example: mcp-dynaload trust .mcp-dynaload/servers.json
    """
    state_dir = find_locations(os.environ).state_dir
    if forget:
        known = forget_file(path, state_dir)
        print(f"{path} is not trusted any more." if known else f"{path} was not trusted.")
        return
    record = trust_file(path, state_dir)
    print(f"Trusted: {record.path} (SHA-256 {record.sha256[:12]}…). A changed file must be trusted again.")
