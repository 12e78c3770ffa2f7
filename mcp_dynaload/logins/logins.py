"""The logins of a process's upstreams: handed out, renewed by one process for all, made, ended."""

import os
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from mcp_dynaload.config.project_environment import OUR_PREFIX
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import LoginDemand, LoginError, StoreError
from mcp_dynaload.logins.keeper import LoginKeeper
from mcp_dynaload.logins.login import Login, LoginKey, key_of, login_command
from mcp_dynaload.logins.pages import AskedLogin, LoginPages
from mcp_dynaload.masking import Masker

if TYPE_CHECKING:
    from mcp_dynaload.logins.flow import PendingLogin
    from mcp_dynaload.logins.registration import LoginRequest

CLIENT_SECRET_VARIABLE = "MCP_CLIENT_SECRET"
"""Where the secret of a client that was registered by hand may stand when a user logs in."""

log = structlog.get_logger()


@dataclass(slots=True)
class Logins:
    """The user's logins, and how we are known where they are made."""

    store: LoginKeeper
    masker: Masker
    """Learns the secrets that come up."""

    client_metadata_url: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    pages: LoginPages | None = None
    """Where the user logs in if not on this machine."""

    way: str = ""
    """How the user could log in, where it is neither of both."""

    handed_out: set[str] = field(default_factory=set[str])
    """The upstreams that have got a token."""

    def can_log_in(self, config: UpstreamConfig) -> bool:
        """Return whether a login of ours is what this upstream would need: its entry brings none itself."""
        return config.transport != "stdio" and not config.has_own_authorization

    def way_in(self, upstream: str) -> str:
        """Return how the user logs in to an upstream, in words."""
        if self.way:
            return self.way
        if self.pages is not None:
            return f"at {self.pages.start(upstream)} (with the access token of this service)"
        return f"with `{login_command(upstream)}`"

    async def stamp(self, config: UpstreamConfig) -> str:
        """Return what differs whenever the upstream's login has changed."""
        return await self.store.stamp(key_of(config)) if config.transport != "stdio" else ""

    def is_wanted(self, config: UpstreamConfig) -> bool:
        """Return whether the upstream has refused us for want of a login, and has let nobody in since."""
        return self.can_log_in(config) and self.store.is_wanted(key_of(config))

    def note_wanted(self, config: UpstreamConfig, *, is_wanted: bool) -> None:
        """Note that the upstream wants a login, or lets us in."""
        if self.can_log_in(config):
            self.store.note_wanted(key_of(config), is_wanted=is_wanted)

    async def login_of(self, config: UpstreamConfig, *, is_latest: bool = False) -> Login | None:
        """Return the upstream's login, if it was given to the client that its entry names.

        With `is_latest` it is the one in the store, and not what it was when that could be asked last.

        Raises:
            StoreError: it cannot be read.
        """
        login = await self.store.read(key_of(config), is_latest=is_latest)
        if login is None or (login.client.is_own is (config.oauth.client_id is not None)):
            return None
        return login if config.oauth.client_id in (None, login.client.client_id) else None

    async def token(self, config: UpstreamConfig) -> str:
        """Return a token that has not run out, renewed if need be; empty where there is no login.

        Raises:
            LoginError: it has run out and cannot be renewed now.
            StoreError: it cannot be read.
        """
        token = await self._token(config)
        if token:
            self.handed_out.add(config.name)
        return token

    async def _token(self, config: UpstreamConfig) -> str:
        login = await self.login_of(config)
        if login is None or not login.has_tokens:
            return ""
        if not login.is_due(time.time()) or not login.refresh_token:
            return login.access_token  # where it cannot be renewed the server may say whether it has run out
        try:
            return await self.renewed(config, login.access_token)
        except (LoginError, StoreError) as error:
            if login.expires_at is None or time.time() >= login.expires_at:
                raise
            log.warning("login_not_renewed", upstream=config.name, why=str(error))
            return login.access_token

    async def renewed(self, config: UpstreamConfig, rejected: str) -> str:
        """Return another token than the one that was rejected; empty if a new login is needed.

        Of several processes and tasks one renews, and all go on with what it got.

        Raises:
            LoginError: it cannot be renewed now.
            StoreError: it cannot be read or written.
        """
        key = key_of(config)
        login = await self.login_of(config)
        if login is None or not login.has_tokens:
            return ""
        if login.access_token == rejected and not login.refresh_token:
            return ""
        async with self.store.alone(key):
            login = await self.login_of(config, is_latest=True)  # a refresh token that was used is worth nothing
            if login is None or not login.has_tokens:
                return ""
            if login.access_token and login.access_token != rejected:
                return login.access_token
            return await self._renew(config, key, login)

    async def _renew(self, config: UpstreamConfig, key: LoginKey, login: Login) -> str:
        from mcp_dynaload.logins.tokens import LoginOverError, renewed  # the SDK's OAuth client
        from mcp_dynaload.logins.web import Web

        if not login.refresh_token:
            return ""
        try:
            fresh = await renewed(Web(config.url), login)
        except LoginOverError as error:
            log.warning("login_over", upstream=config.name, why=str(error))
            await self.store.write(key, login.without_tokens())
            return ""
        await self.store.write(key, fresh)
        log.info("login_renewed", upstream=config.name)
        return fresh.access_token

    async def note_missing(self, config: UpstreamConfig, scope: str) -> None:
        """Note that a call needs more than the login allows, for the next login to ask for it.

        Raises:
            StoreError: it cannot be written.
        """
        key = key_of(config)
        async with self.store.alone(key):
            login = await self.login_of(config, is_latest=True)
            if login is not None and (noted := login.missing(scope)) != login:
                await self.store.write(key, noted)

    def open(
        self, config: UpstreamConfig, demand: LoginDemand | None, secret: str = ""
    ) -> "AbstractAsyncContextManager[PendingLogin]":
        """Begin a login on this machine, which the user is then to make."""
        from mcp_dynaload.logins.flow import open_login  # the SDK's OAuth client

        return open_login(self.request(config, demand, secret), self.store)

    def request(self, config: UpstreamConfig, demand: LoginDemand | None, secret: str = "") -> "LoginRequest":
        """Return what is wanted of a login; `secret` is that of a client that the entry names."""
        from mcp_dynaload.logins.registration import LoginRequest  # the SDK's OAuth client

        secret = (secret or self.environ.get(CLIENT_SECRET_VARIABLE, "")) if config.oauth.client_id else ""
        self.masker.learn_passing(f"client secret of {config.name}", [secret])
        return LoginRequest(config, demand, self.client_metadata_url, secret)

    def ask(self, config: UpstreamConfig, demand: LoginDemand | None) -> AbstractAsyncContextManager[AskedLogin]:
        """Begin a login where the user makes it: at the service's page, or on this machine."""
        if self.pages is not None:
            return self.pages.asked(key_of(config), self.store)
        return self.open(config, demand)

    async def log_out(self, key: LoginKey) -> bool:
        """Forget a login; whether its authorization server has forgotten it, too.

        Raises:
            LoginError: the authorization server did not revoke it; here it is forgotten all the same.
            StoreError: it cannot be removed.
        """
        from mcp_dynaload.logins.tokens import revoke  # the SDK's OAuth client
        from mcp_dynaload.logins.web import Web

        async with self.store.alone(key):
            login = await self.store.read(key)
            try:
                return login is not None and await revoke(Web(key.url), login)
            finally:
                await self.store.remove(key)

    async def headers(self, config: UpstreamConfig, folder: Path) -> dict[str, str]:
        """Return the headers that the entry's own command prints; their values are masked from now on.

        Raises:
            LoginError: the command failed.
        """
        from mcp.client.stdio import get_default_environment  # needed by few configurations

        from mcp_dynaload.logins.headers_helper import HeadersHelper, helped_headers

        known = {"CLAUDE_CODE_MCP_SERVER_NAME": config.name, "CLAUDE_CODE_MCP_SERVER_URL": config.url}
        whole = {name: value for name, value in self.environ.items() if not name.upper().startswith(OUR_PREFIX)}
        env = whole if config.options.inherit_env else get_default_environment()
        headers = await helped_headers(HeadersHelper(config.headers_helper, {**env, **known}, folder))
        secrets = (part for value in headers.values() for part in (value, value.partition(" ")[2]))
        self.masker.learn_passing(f"headers of {config.name}", secrets)
        return headers
