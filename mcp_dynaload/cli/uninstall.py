"""`mcp-dynaload uninstall`: put Claude Code's files back as they were."""

import os

from mcp_dynaload.cli.init import print_plain
from mcp_dynaload.config.paths import find_locations


def uninstall() -> None:
    """Put back every file that `init` changed, and forget the logins that the system's keyring has.

    Changes that others made since are kept.

    Example: mcp-dynaload uninstall
    """
    from mcp_dynaload.hosts.claude_code.installation import (
        uninstall as put_back,  # every start of `serve` passes this module
    )
    from mcp_dynaload.logins.store import LoginStore
    from mcp_dynaload.masking import Masker

    locations = find_locations(os.environ)
    put_back(locations.backups_dir, locations.state_dir, print_plain)
    if cleared := LoginStore(locations.logins_dir, Masker()).clear_keyring():
        print_plain(f"Forgotten in the system's keyring: the logins to {', '.join(cleared)}.")
