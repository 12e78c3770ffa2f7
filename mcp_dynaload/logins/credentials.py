"""The headers by which a server behind HTTP lets us in, on each request, and newer ones when it does not.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import LoginDemand
from mcp_dynaload.logins.challenge import FORBIDDEN, UNAUTHORISED, demand_in
from mcp_dynaload.logins.logins import Logins


@dataclass(slots=True)
class Credentials(httpx2.Auth):
    """The headers of one connection that let us in: the entry's command's, else the token of the user's login."""

    config: UpstreamConfig
    logins: Logins
    folder: Path
    """Where the entry's command runs."""

    _helped: dict[str, str] | None = None
    _origin: tuple[str, str, int | None] = field(init=False)

    def __post_init__(self) -> None:
        self._origin = _origin_of(httpx2.URL(self.config.url))

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Send the request; if it is not let in, once more with what is newer.

        Raises:
            LoginError: there is a login that cannot be renewed now, or the entry's command failed.
        """
        if _origin_of(request.url) != self._origin:
            yield request  # what is ours to send was given for that server alone
            return
        sent = await self._dress(request)
        response = yield request
        if response.status_code in (UNAUTHORISED, FORBIDDEN) and await self._has_newer(response, sent):
            await self._dress(request)
            yield request

    def demand(self, response: httpx2.Response) -> LoginDemand | None:
        """Return the login that the server wants from the user; None if that is no matter of ours."""
        if not self._is_login_ours:
            return None
        return demand_in(response.status_code, response.headers.get("www-authenticate", ""))

    @property
    def _is_login_ours(self) -> bool:
        return self.logins.can_log_in(self.config) and not any(n.lower() == "authorization" for n in self._helped or ())

    async def _dress(self, request: httpx2.Request) -> str:
        """Put the headers on, and return the token among them."""
        if self.config.headers_helper and self._helped is None:
            self._helped = await self.logins.headers(self.config, self.folder)
        for name, value in (self._helped or {}).items():
            request.headers[name] = value
        if not self._is_login_ours or not (token := await self.logins.token(self.config)):
            return ""
        request.headers["Authorization"] = f"Bearer {token}"
        return token

    async def _has_newer(self, response: httpx2.Response, sent: str) -> bool:
        """Find out whether there is anything else to come with."""
        demand = self.demand(response)
        if self.config.headers_helper and response.status_code == UNAUTHORISED:
            before, self._helped = self._helped, None
            self._helped = await self.logins.headers(self.config, self.folder)
            if self._helped != before:
                return True
        if demand is None:
            return False
        if demand.is_step_up:
            await self.logins.note_missing(self.config, demand.scope)
            return bool(sent) and await self.logins.token(self.config) != sent
        return bool(sent) and bool(await self.logins.renewed(self.config, sent))


def _origin_of(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
