"""`mcp-dynaload uninstall`: put Claude Code's files back as they were."""

import os

from mcp_dynaload.cli.init import print_plain
from mcp_dynaload.config.paths import find_locations


def uninstall() -> None:
    """Put back every file that `init` changed; changes that others made since are kept.

    Example: mcp-dynaload uninstall
    """
    from mcp_dynaload.hosts.claude_code.installation import (
        uninstall as put_back,  # every start of `serve` passes this module
    )

    locations = find_locations(os.environ)
    put_back(locations.backups_dir, locations.state_dir, print_plain)
