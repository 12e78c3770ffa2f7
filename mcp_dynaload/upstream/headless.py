"""Listing upstreams with no client connected: for filling the cache and for checking a configuration."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mcp import MCPError
from mcp_types import METHOD_NOT_FOUND

from mcp_dynaload import __version__
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.mcp_config import UpstreamConfig
from mcp_dynaload.upstream.link import ClientProfile
from mcp_dynaload.upstream.listing import Listing
from mcp_dynaload.upstream.pool import open_pool

CAPABILITIES: Json = {"roots": {"listChanged": True}, "elicitation": {"form": {}, "url": {}}}
"""What Claude Code declares: a server may list other tools to a client that can do less."""

MAX_LISTING = 4


@dataclass(slots=True)
class _NobodyThere:
    """Stands in for the client: has the project as its root and declines every question."""

    project_dir: Path
    heard: Callable[[str, Listing], None]
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
        """Notifications have no reader."""

    async def upstream_listed(self, upstream: str, listing: Listing) -> None:
        self.heard(upstream, listing)

    def upstream_started(self, upstream: str, seconds: float) -> None:
        """Nobody counts."""

    def upstream_stopped(self, upstream: str) -> None:
        """Nobody counts."""

    def upstream_failed(self, upstream: str, reason: str, *, had_started: bool) -> None:
        """The caller of `list_all` has the error."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What came of listing upstreams, by name."""

    listings: dict[str, Listing] = field(default_factory=dict[str, Listing])
    errors: dict[str, str] = field(default_factory=dict[str, str])


async def list_upstreams(
    configs: Iterable[UpstreamConfig], project_dir: Path, logs_dir: Path, done: Callable[[str], None]
) -> Listed:
    """Start each upstream, list it, stop it, a few at a time; `done` is told the name of each that is through."""
    listed = Listed()

    def heard(upstream: str, listing: Listing) -> None:
        listed.listings[upstream] = listing
        done(upstream)

    host = _NobodyThere(project_dir, heard)
    async with open_pool(configs, host, project_dir, logs_dir, MAX_LISTING) as pool:
        errors = await pool.list_all(pool.names)
    for name in pool.names:
        if name not in listed.listings:
            listed.errors[name] = errors.get(name, "it answered the handshake but not its lists")
            done(name)
    return listed
