"""The logins of a service's users: each user's own, begun at one replica, finished and used at any other."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import structlog
from pydantic import TypeAdapter, ValidationError

from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import LoginError
from mcp_dynaload.logins.login import LoginKey, key_of
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.logins.pages import LoginPages
from mcp_dynaload.logins.sealing import Sealer
from mcp_dynaload.logins.vault import LoginVault, NoLogins, SealedLogins, held
from mcp_dynaload.masking import Masker

if TYPE_CHECKING:
    from mcp_dynaload.logins.flow import BegunLogin

BEGUN_SECONDS = 600.0
"""A login that was begun may come back for so long."""

BEGUN = "begun"
"""Under this owner the store has logins that were begun."""

MADE_AT = "dynaload_made_at"
"""The claim of an access token of ours that says when it was made."""

COOKIE = "dynaload-login-"
"""How the cookie begins by which a browser shows that it has begun the login that it brings back."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BegunPage:
    """A login that a user has begun in a browser."""

    url: str
    """The authorization server's page."""

    cookie: str
    """The name of the browser's cookie for it."""

    mark: str = field(repr=False)
    """Its value."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """The sealed content of a login that was begun."""

    owner: str
    name: str
    url: str
    mark: str
    until: float
    begun: str
    """The rest that finishes it, as JSON."""


@dataclass(slots=True)
class UserLogins:
    """The logins of all users of a service."""

    vault: LoginVault
    sealer: Sealer
    pages: LoginPages
    masker: Masker
    client_metadata_url: str = ""
    environ: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    share_lists: bool = False
    """Whether tools that were listed with a user's login may be shown to all, where the service has none."""

    listers: dict[str, str] = field(default_factory=dict[str, str])
    """By upstream the owner whose login lists it for all; empty for the service's own."""

    def of(self, owner: str) -> Logins:
        """Return the logins of a user."""
        keeper = SealedLogins(self.vault, self.sealer, owner, self.masker)
        return Logins(keeper, self.masker, self.client_metadata_url, self.environ, self.pages)

    def of_nobody(self, way: str) -> Logins:
        """Return no logins, for somebody who can have none; `way` says in which way one could."""
        return Logins(NoLogins(), self.masker, environ=self.environ, way=way)

    async def begin(self, owner: str, config: UpstreamConfig) -> BegunPage:
        """Begin a user's login to a server, for the browser that has shown to be theirs.

        Raises:
            LoginError: the server takes no login, or none that can be made here.
            StoreError: what is kept cannot be read or written.
        """
        from mcp_dynaload.logins.flow import begun_login, find_server  # the SDK's OAuth client

        logins = self.of(owner)
        found = await find_server(logins.request(config, None), logins.store)
        state, mark = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        url, begun = await begun_login(found, self.pages.back, state)
        key, id = key_of(config), _id_of(state)
        until = time.time() + BEGUN_SECONDS
        content = _Begun(owner, key.name, key.url, mark, until, json.dumps(asdict(begun)))
        sealed = self.sealer.seal(f"{BEGUN}/{id}", json.dumps(asdict(content)))
        await self.vault.write(BEGUN, id, sealed, BEGUN_SECONDS)
        log.info("user_login_begun", server=key.name)
        return BegunPage(url, COOKIE + id, mark)

    async def finish(self, address: str, cookies: Mapping[str, str]) -> str:
        """Finish the login that has come back with an address to the browser with these cookies; return the server.

        Only the browser that has begun it may: else somebody could have another one log in for them.

        Raises:
            LoginError: it was refused, is not known, is another browser's, or brought no token.
            StoreError: what is kept cannot be read or written.
        """
        from mcp_dynaload.logins.flow import finished_login  # the SDK's OAuth client
        from mcp_dynaload.logins.returned import read_returned

        state = parse_qs(urlsplit(address).query).get("state", [""])[-1]
        id = _id_of(state)
        kept, begun = await self._taken(id, cookies.get(COOKIE + id, ""))
        returned = read_returned(address, begun.state)
        await finished_login(LoginKey(kept.name, kept.url), begun, returned, self.of(kept.owner).store)
        log.info("user_login_made", server=kept.name)
        return kept.name

    async def _taken(self, id: str, mark: str) -> "tuple[_Begun, BegunLogin]":
        """Return what was begun, this once; a browser that has not begun it does not spoil it."""
        from mcp_dynaload.logins.flow import BegunLogin

        async with held(self.vault, f"{BEGUN}/{id}"):
            sealed = await self.vault.read(BEGUN, id)
            if sealed is None:
                raise LoginError(
                    "this login is not known here: it was made already, or began too long ago; begin again"
                )
            try:
                kept = _adapter().validate_json(self.sealer.open(f"{BEGUN}/{id}", sealed))
                begun = TypeAdapter(BegunLogin).validate_json(kept.begun)
            except ValidationError:
                raise LoginError("this login was begun by another version of this service; begin again") from None
            if not secrets.compare_digest(kept.mark.encode(), mark.encode()):
                raise LoginError("this login was begun in another browser, so it is not finished in this one")
            await self.vault.remove(BEGUN, id)
        if time.time() > kept.until:
            raise LoginError("this login began too long ago; begin again")
        return kept, begun


def owner_of(issuer: str, name: str, made_at: float = 0.0) -> str:
    """Return the owner of a user's logins: a later token of the same name is not the same user's."""
    return sha256(json.dumps([issuer, name, made_at]).encode()).hexdigest()[:32]


def _id_of(state: str) -> str:
    """Return a name that does not give the state away."""
    return sha256(state.encode()).hexdigest()[:32]


@cache
def _adapter() -> TypeAdapter[_Begun]:
    return TypeAdapter(_Begun)
