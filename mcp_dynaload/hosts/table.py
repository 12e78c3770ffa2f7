"""The programs whose servers can be taken over."""

from collections.abc import Sequence

from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts import claude_desktop, codex, cursor, gemini, vscode, windsurf
from mcp_dynaload.hosts.foreign_host import ForeignHost

HOSTS: tuple[ForeignHost, ...] = (
    claude_desktop.HOST,
    cursor.HOST,
    vscode.HOST,
    windsurf.HOST,
    codex.HOST,
    gemini.HOST,
)
ALL = "all"


def hosts_named(name: str) -> Sequence[ForeignHost]:
    """Return the host of that name, or all of them.

    Raises:
        HostError: there is none.
    """
    found = [host for host in HOSTS if name in (host.name, ALL)]
    if not found:
        raise HostError(f"--from-host {name!r}: known are {', '.join(host.name for host in HOSTS)} and {ALL}")
    return found
