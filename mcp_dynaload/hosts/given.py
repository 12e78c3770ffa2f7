"""The servers of other programs, as `init` is given them: compared with what the user has already."""

import sys
from collections.abc import Iterator

from mcp_dynaload.hosts.claude_code.files import ClientSnapshot, objects
from mcp_dynaload.hosts.claude_code.given_servers import GivenServers
from mcp_dynaload.hosts.claude_code.movable_servers import project_key
from mcp_dynaload.hosts.foreign_host import UserPlaces, user_places
from mcp_dynaload.hosts.table import hosts_named
from mcp_dynaload.hosts.taking_over import KnownServer, known_servers, read_servers, take_over


def servers_of_host(name: str, snapshot: ClientSnapshot) -> GivenServers:
    """Return the servers of a host, or of all; in user scope those of the user, else those of the project.

    Raises:
        HostError: there is no such host, or no file of it.
    """
    places = user_places(snapshot.environ, snapshot.files.project.folder, sys.platform)
    return given_servers(name, snapshot, places)


def given_servers(name: str, snapshot: ClientSnapshot, places: UserPlaces) -> GivenServers:
    """Do the same where the user's folders are known."""
    of_project = snapshot.scope != "user"
    found, notes = read_servers(hosts_named(name), places, of_project=of_project)
    is_shared = snapshot.scope == "project"
    return take_over(found, _known(snapshot), places, notes, are_approved=not of_project, is_shared=is_shared)


def _known(snapshot: ClientSnapshot) -> Iterator[KnownServer]:
    """Yield the servers that are behind the proxy, and those that Claude Code itself has."""
    locations = snapshot.locations
    for path in (locations.user_servers_file, locations.project_servers_file):
        yield from known_servers(objects(snapshot.document(path.resolve()), "mcpServers"), "behind the proxy")
    state = snapshot.document(snapshot.files.state)
    own = "of Claude Code itself, which `mcp-dynaload init{}` puts behind the proxy"
    yield from known_servers(objects(state, "mcpServers"), own.format(""))
    local = objects(state, "projects", project_key(snapshot), "mcpServers")
    yield from known_servers(local, own.format(" --scope local"))
    shared = objects(snapshot.document(snapshot.files.project.servers), "mcpServers")
    yield from known_servers(shared, own.format(" --scope project"))
