"""The session's side of an upstream for tests: answers what upstreams ask, and keeps what they say."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from mcp import MCPError
from mcp_types import METHOD_NOT_FOUND

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.upstream.connection import ClientProfile
from mcp_dynaload.upstream.listing import Listing
from mcp_dynaload.upstream.pool import Pool, open_pool
from tests.waiting import HANG_SECONDS


@dataclass
class RecordingHost:
    """A host without a client behind it."""

    log_level: str | None = None
    answers: dict[str, Json] = field(default_factory=dict[str, Json])
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    told: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    listings: dict[str, Listing] = field(default_factory=dict[str, Listing])
    life: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    news: anyio.Event = field(default_factory=anyio.Event)

    def profile(self) -> ClientProfile:
        return ClientProfile({"name": "test", "version": "1"}, {"roots": {}})

    async def ask(self, upstream: str, method: str, params: Json | None) -> Json:
        self.asked.append((upstream, method))
        if method not in self.answers:
            raise MCPError(code=METHOD_NOT_FOUND, message="no answer")
        return self.answers[method]

    async def tell(self, upstream: str, method: str, params: Json | None) -> None:
        self.told.append((upstream, method))
        self._tell_news()

    async def upstream_listed(self, upstream: str, listing: Listing) -> None:
        self.listings[upstream] = listing
        self._tell_news()

    def upstream_started(self, upstream: str, seconds: float) -> None:
        self.life.append((upstream, "started"))

    def upstream_stopped(self, upstream: str) -> None:
        self.life.append((upstream, "stopped"))

    def upstream_failed(self, upstream: str, reason: str, *, had_started: bool) -> None:
        self.life.append((upstream, "died" if had_started else "did not start"))

    def upstream_unlisted(self, upstream: str, reason: str) -> None:
        self.life.append((upstream, "could not be listed"))

    async def until_listed(self, upstream: str) -> Listing:
        with anyio.fail_after(HANG_SECONDS):
            while upstream not in self.listings:
                await self.news.wait()
        return self.listings[upstream]

    def _tell_news(self) -> None:
        self.news.set()
        self.news = anyio.Event()


@asynccontextmanager
async def pool_of(
    folder: Path, *configs: UpstreamConfig, host: RecordingHost | None = None, max_running: int = 10
) -> AsyncGenerator[Pool]:
    """Open a pool with its project and logs in `folder`."""
    async with open_pool(configs, host or RecordingHost(), folder, folder / "logs", max_running) as pool:
        yield pool


async def call(pool: Pool, name: str, tool: str, **arguments: object) -> Json:
    """Return the raw result of a tool call."""
    return await pool.request(name, "tools/call", {"name": tool, "arguments": arguments})


async def say(pool: Pool, name: str, tool: str, **arguments: object) -> str:
    """Return the text of a tool call's result."""
    return (await call(pool, name, tool, **arguments))["content"][0]["text"]
