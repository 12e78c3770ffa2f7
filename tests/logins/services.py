"""A service whose users have logins of their own, in front of a protected server, and browsers of these users."""

import base64
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2

from mcp_dynaload.store.backends import open_tokens
from mcp_dynaload.store.tokens import Scope
from tests.http.services import Service, a_new_configuration, running
from tests.logins.authorization import ProtectedServer
from tests.ports import free_port
from tests.proxy.clients import Connected
from tests.waiting import HANG_SECONDS

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(1, 33))).decode()


@dataclass(frozen=True, slots=True)
class Replica:
    """A running service, with access tokens of its users."""

    service: Service
    tokens: dict[str, str]

    @asynccontextmanager
    async def session(self, user: str) -> AsyncGenerator[Connected]:
        async with self.service.client(headers=self.bearer(user)) as client:
            yield client

    def bearer(self, user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[user]}"}

    async def begin(self, browser: httpx2.AsyncClient, user: str, server: str = "far") -> str:
        """Begin a login as the page does; return the address to which the authorization server sends the browser."""
        begun = await browser.post(f"{self.service.origin}/logins/{server}/begin", headers=self.bearer(user))
        assert begun.status_code == 200, begun.text
        return (await browser.get(begun.json()["url"])).headers["location"]

    async def log_in(self, user: str) -> None:
        async with a_browser() as browser:
            done = await browser.get(await self.begin(browser, user))
        assert "You are logged in to far" in done.text

    async def states(self, user: str) -> dict[str, str]:
        async with a_browser() as browser:
            answer = await browser.get(f"{self.service.origin}/logins", headers=self.bearer(user))
        return {one["server"]: one["state"] for one in answer.json()["logins"]}


def a_browser() -> httpx2.AsyncClient:
    """Return a browser with cookies of its own, which is sent on step by step."""
    return httpx2.AsyncClient(timeout=10, follow_redirects=False)


@asynccontextmanager
async def replica(
    folder: Path, server: ProtectedServer, variables: Mapping[str, str] | None = None, *, shared: bool = False
) -> AsyncGenerator[Replica]:
    """Run a service in front of the protected server."""
    port = free_port()
    entry = {"type": "http", "url": server.url, "dynaload": {"prefix": "far__", "shared": shared}}
    own = {
        "MCP_DYNALOAD_USER_LOGINS": "lists",
        "MCP_DYNALOAD_LOGIN_KEYS": KEY,
        "MCP_DYNALOAD_SERVICE_URL": f"http://127.0.0.1:{port}",
    }
    configuration = a_new_configuration(folder, {"far": entry}, **{**own, **(variables or {})})
    with open_tokens(configuration.settings.store_url, configuration.locations.database_file) as tokens:
        known = {one.name for one in await tokens.all()}
        made = {user: await tokens.create(user, Scope.USE) for user in ("ann", "bob") if user not in known}
    async with running(configuration, port) as service:
        yield Replica(service, made)


async def until_known(client: Connected, tool: str = "far__read") -> None:
    with anyio.fail_after(HANG_SECONDS):
        while client.live.catalog.get(tool) is None:  # noqa: ASYNC110 - listed in the background
            await anyio.sleep(0.02)
