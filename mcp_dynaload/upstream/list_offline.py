"""Listing upstreams with no client connected: for filling the cache and for checking a configuration."""

import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import METHOD_NOT_FOUND

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_file import UpstreamConfig
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.masking import Masker
from mcp_dynaload.upstream.connection import ClientProfile
from mcp_dynaload.upstream.listing import Listing
from mcp_dynaload.upstream.pool import open_pool
from mcp_dynaload.upstream.upstream import SETTLING_SECONDS
from mcp_dynaload.version import __version__

CAPABILITIES: Json = {"roots": {"listChanged": True}, "elicitation": {"form": {}, "url": {}}}
"""The capabilities that Claude Code declares: a server may list other tools to a client that can do less."""

MAX_LISTING = 4

log = structlog.get_logger()


@dataclass(slots=True)
class _NobodyThere:
    """A stand-in for the client: it has the project as its root and declines every question."""

    project_dir: Path
    heard: Callable[[str, Listing], Awaitable[None]]
    log_level: str | None = None

    def profile(self) -> ClientProfile:
        return ClientProfile({"name": "mcp-dynaload", "version": __version__}, CAPABILITIES)

    async def ask(self, upstream: str, method: str, params: Json | None) -> Json:
        if method == "roots/list":
            return {"roots": [{"uri": self.project_dir.as_uri()}]}
        if method == "elicitation/create":
            return {"action": "decline"}
        raise MCPError(code=METHOD_NOT_FOUND, message="Method not found", data=method)

    async def tell(self, upstream: str, method: str, params: Json | None) -> None:
        """Drop a notification, which has no reader."""

    async def upstream_listed(self, upstream: str, listing: Listing) -> None:
        await self.heard(upstream, listing)

    def upstream_started(self, upstream: str, seconds: float) -> None:
        """Do nothing: nobody counts."""

    def upstream_stopped(self, upstream: str) -> None:
        """Do nothing: nobody counts."""

    def upstream_failed(self, upstream: str, reason: str, *, had_started: bool) -> None:
        """Do nothing: the caller of `list_all` has the error."""

    def upstream_unlisted(self, upstream: str, reason: str) -> None:
        """Do nothing: the caller has that error, too."""


@dataclass(slots=True)
class OfflineListings:
    """The outcome of listing upstreams, by name."""

    listings: dict[str, Listing] = field(default_factory=dict[str, Listing])
    errors: dict[str, str] = field(default_factory=dict[str, str])
    logins_needed: tuple[str, ...] = ()
    """Those of the failed that want a login."""


async def _nobody_hears(upstream: str, listing: Listing) -> None:
    """Do nothing: all listings are in the result, too."""


async def list_upstreams(
    configs: Iterable[UpstreamConfig],
    project_dir: Path,
    logs_dir: Path,
    heard: Callable[[str, Listing], Awaitable[None]] = _nobody_hears,
    within_seconds: float = math.inf,
    masker: Masker | None = None,
    logins: Logins | None = None,
) -> OfflineListings:
    """Start each upstream, list it, stop it, a few at a time; `heard` is told of each listing as it comes.

    `masker` hides the secrets that the configuration names; `logins` are those of the user.
    One that fails, or is not through in the time that all have together, is among the errors.
    """
    listed = OfflineListings()

    async def note(upstream: str, listing: Listing) -> None:
        listed.listings[upstream] = listing
        await heard(upstream, listing)

    errors, host = dict[str, str](), _NobodyThere(project_dir, note)
    async with open_pool(configs, host, project_dir, logs_dir, MAX_LISTING, masker=masker, logins=logins) as pool:
        with anyio.move_on_after(within_seconds) as scope:
            await pool.list_all(pool.names, errors)
            await pool.until_tools_come(SETTLING_SECONDS)
        listed.logins_needed = pool.logins_needed
    late = f"MCP server {{!r}} was not listed: all had {within_seconds:g} s together. Run `mcp-dynaload refresh`."
    silent = "MCP server {!r} answered the handshake but not its lists."
    for name in pool.names:
        if name in listed.listings:
            continue
        if name not in errors:  # the pool has logged those that failed
            errors[name] = (late if scope.cancelled_caught else silent).format(name)
            log.warning("upstream_not_listed", upstream=name, error=errors[name])
        listed.errors[name] = errors[name]
    return listed
