"""The pages of a service at which its users log in to servers, and a login that is waited for there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlsplit

import anyio

from mcp_dynaload.errors import LoginError
from mcp_dynaload.logins.keeper import LoginKeeper
from mcp_dynaload.logins.login import Login, LoginKey

WAIT_SECONDS = 300.0
POLL_SECONDS = 0.5

CALLBACK = "/logins/callback"


class AskedLogin(Protocol):
    """A login that waits for the user."""

    @property
    def url(self) -> str:
        """The page that the user must open."""
        ...

    @property
    def issuer(self) -> str:
        """The place whose page it is."""
        ...

    async def wait(self) -> Login:
        """Return the login when it is made.

        Raises:
            LoginError: it is not made in time, or was refused.
            StoreError: it cannot be kept.
        """
        ...


@dataclass(frozen=True, slots=True)
class LoginPages:
    """The pages of one service."""

    service_url: str

    def start(self, upstream: str) -> str:
        """Return the page on which a login begins: who opens it shows there whose it is to be."""
        return f"{self.service_url}/logins/{quote(upstream, safe='')}/start"

    @property
    def back(self) -> str:
        """Where logins come back to."""
        return self.service_url + CALLBACK

    @property
    def root(self) -> str:
        """The path under which the service is reached; empty for none."""
        return urlsplit(self.service_url).path

    @asynccontextmanager
    async def asked(self, key: LoginKey, store: LoginKeeper) -> AsyncGenerator[AskedLogin]:
        """Have the user log in at the page; at exit nobody waits any more, and the page works all the same."""
        yield PageLogin(self.start(key.name), self.service_url, key, store, await store.stamp(key))


@dataclass(frozen=True, slots=True)
class PageLogin:
    """A login that the user makes at a page of the service, at whatever replica."""

    url: str
    issuer: str
    _key: LoginKey
    _store: LoginKeeper
    _before: str

    async def wait(self) -> Login:
        """Return the login when it is there.

        Raises:
            LoginError: it is not made in time.
            StoreError: it cannot be read.
        """
        with anyio.move_on_after(WAIT_SECONDS):
            while True:
                if await self._store.stamp(self._key) != self._before:
                    login = await self._store.read(self._key)
                    if login is not None and login.has_tokens:
                        return login
                await anyio.sleep(POLL_SECONDS)
        raise LoginError(f"nobody has logged in within {WAIT_SECONDS / 60:g} minutes")
