"""The names that a shell offers for an argument when Tab is pressed."""

import os

from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.machine.bounded_files import read_bounded


def complete_log(begun: str) -> list[str]:
    """Return the servers that have a log and whose names begin so; none where nothing has been logged yet."""
    from mcp_dynaload.machine.logs import LOG_FILE  # with the logging library

    files = find_locations(os.environ).logs_dir.glob("*.log")
    return sorted(file.stem for file in files if file.name != LOG_FILE and file.stem.startswith(begun))


def complete_server(begun: str) -> list[str]:
    """Return the servers of the servers files whose names begin so; a file that is broken has none to offer."""
    from mcp_dynaload.config.json_file import JsonFile, parse_json

    places = find_locations(os.environ)
    names: set[str] = set()
    for path in (places.user_servers_file, places.project_servers_file):
        try:
            file = parse_json(path, read_bounded(path))
        except OSError:  # most have no file of a project
            continue
        names.update(json_object(file.content.get("mcpServers")) if isinstance(file, JsonFile) else ())
    return sorted(name for name in names if name.startswith(begun))


def complete_profile(begun: str) -> list[str]:
    """Return the user's profiles, and `none`, whose names begin so; where their file is broken, `none` alone."""
    from mcp_dynaload.config.profiles import NO_PROFILE, read_profiles

    try:
        names = [*read_profiles(find_locations(os.environ).user_settings_file), NO_PROFILE]
    except ConfigError:  # the command itself tells of it
        names = [NO_PROFILE]
    return sorted(name for name in names if name.startswith(begun))


def complete_host(begun: str) -> list[str]:
    """Return the programs from which servers can be taken over whose names begin so."""
    from mcp_dynaload.hosts.table import ALL, HOSTS

    return [name for name in (*(host.name for host in HOSTS), ALL) if name.startswith(begun)]


def complete_client(begun: str) -> list[str]:
    """Return the programs that can start us whose names begin so."""
    from mcp_dynaload.hosts.clients import CLIENTS

    return [client.host.name for client in CLIENTS if client.host.name.startswith(begun)]
