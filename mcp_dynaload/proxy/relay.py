"""Hook calls between two servers of ours: what the plugin tells the one that stands by reaches the one that serves."""

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.transport.private_socket import Answer, answer_lines, ask

RELAY_SECONDS = 20.0
"""The client gives a hook thirty."""

OPENING_SECONDS = 10.0
"""How long after its start a server may take to open its socket."""

log = structlog.get_logger()


async def answer_relayed(address: str, answer: Answer) -> None:
    """Answer the hook calls that come to a Unix socket, for ever.

    Where there can be no socket, the plugin's hooks are not heard beside a registered server; all else goes on.
    """
    try:
        await answer_lines(address, answer)
    except OSError as error:  # the folder for temporary files is gone, or its path too long for a socket
        log.warning("relay_not_opened", error=str(error), consequence="the plugin's hooks are not heard")


async def relayed(address: str, arguments: Json) -> Json | None:
    """Return the answer of the server that listens there to a hook call; None if it gives none."""
    try:
        return await ask(address, arguments, opening_seconds=OPENING_SECONDS, seconds=RELAY_SECONDS)
    except (OSError, ValueError) as error:
        log.warning("hook_not_relayed", error=str(error) or type(error).__name__)
        return None
