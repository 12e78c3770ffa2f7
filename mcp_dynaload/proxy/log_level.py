"""Telling an upstream which of its log messages the client wants."""

import anyio
import structlog
from mcp.shared.exceptions import MCPError

from mcp_dynaload.errors import UpstreamError
from mcp_dynaload.upstream.upstream import Upstream

LOG_LEVEL_SECONDS = 2.0
"""A frozen upstream does not keep the client waiting for the others."""

log = structlog.get_logger()


async def tell_log_level(upstream: Upstream, level: str) -> None:
    """Tell it if it can be told in time."""
    with anyio.move_on_after(LOG_LEVEL_SECONDS):
        try:
            await upstream.set_log_level(level)
        except (MCPError, TimeoutError, UpstreamError) as error:
            log.warning("log_level_not_set", upstream=upstream.name, error=str(error) or "timed out")
