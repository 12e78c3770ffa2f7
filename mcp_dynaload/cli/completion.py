"""The names that a shell offers for an argument when Tab is pressed."""

import os

from mcp_dynaload.config.paths import find_locations


def complete_log(begun: str) -> list[str]:
    """Return the servers that have a log and whose names begin so; none where nothing has been logged yet."""
    from mcp_dynaload.machine.logs import LOG_FILE  # with the logging library

    files = find_locations(os.environ).logs_dir.glob("*.log")
    return sorted(file.stem for file in files if file.name != LOG_FILE and file.stem.startswith(begun))
