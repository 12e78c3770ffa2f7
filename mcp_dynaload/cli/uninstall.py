"""`mcp-dynaload uninstall`: put Claude Code's files back as they were."""

import os
from typing import Annotated

import typer

from mcp_dynaload.cli.init import print_plain
from mcp_dynaload.config.paths import find_locations


def uninstall(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
) -> None:
    """Put back every file that `init` changed, and forget the logins that the system's keyring has.

    Changes that others made since are kept. What we know and kept for ourselves stays, and is named.

    Example: mcp-dynaload uninstall --dry-run
    """
    from mcp_dynaload.hosts.claude_code.installation import (
        uninstall as put_back,  # every start of `serve` passes this module
    )
    from mcp_dynaload.logins.store import LoginStore
    from mcp_dynaload.masking import Masker

    locations = find_locations(os.environ)
    was_done = put_back(locations.backups_dir, locations.state_dir, print_plain, is_dry_run=dry_run)
    if dry_run:
        return
    if cleared := LoginStore(locations.logins_dir, Masker()).clear_keyring():
        print_plain(f"Forgotten in the system's keyring: the logins to {', '.join(cleared)}.")
    kept = [str(folder) for folder in (locations.config_dir, locations.state_dir) if folder.is_dir()]
    if was_done and kept:
        print_plain(
            f"Settings, logins in files, secrets, logs and what was learned stay in {' and '.join(kept)}: delete"
            f" {'them' if len(kept) > 1 else 'it'} to be rid of all."
        )
