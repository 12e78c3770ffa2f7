"""The logins of a service's users, in the store that its replicas share: each user's apart, all of them sealed."""

import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from typing import Protocol

import anyio
import structlog
from pydantic import TypeAdapter, ValidationError

from mcp_dynaload.errors import StoreAwayError, StoreError
from mcp_dynaload.logins.login import Login, LoginKey
from mcp_dynaload.logins.sealing import Sealer
from mcp_dynaload.masking import Masker

HOLD_SECONDS = 45.0
"""A replica that renews a login is through in a third of it; one that has died holds it no longer."""

POLL_SECONDS = 0.05

KNOWN_SECONDS = 5.0
"""A login that was read before is used as it was, unless the store answers in this time, waiting for its turn too."""

log = structlog.get_logger()


class LoginVault(Protocol):
    """A store of sealed texts by owner and id; its methods raise `StoreError` where it is not to be reached."""

    async def read(self, owner: str, id: str) -> str | None:
        """Return a text; None if there is none, or its time is over."""
        ...

    async def write(self, owner: str, id: str, sealed: str, seconds: float | None = None) -> None:
        """Keep a text, for so many seconds or for good."""
        ...

    async def remove(self, owner: str, id: str) -> None:
        """Forget a text."""
        ...

    async def all(self, owner: str) -> dict[str, str]:
        """Return all texts of an owner by id."""
        ...

    async def forget(self, owner: str) -> None:
        """Forget all texts of an owner."""
        ...

    async def hold(self, id: str, holder: str, seconds: float) -> bool:
        """Let nobody else hold the id for so long; false if somebody does."""
        ...

    async def release(self, id: str, holder: str) -> None:
        """Hold it no more."""
        ...


@dataclass(frozen=True, slots=True)
class _SealedLogin:
    """The sealed content: a login, and the server that it is for."""

    name: str
    url: str
    login: Login


@dataclass(slots=True)
class SealedLogins:
    """The logins of one user of a service: a `LoginKeeper`."""

    vault: LoginVault
    sealer: Sealer
    owner: str
    masker: Masker
    _read: dict[LoginKey, tuple[str, Login | None]] = field(default_factory=dict[LoginKey, "tuple[str, Login | None]"])
    """The logins as they were read last, for the time in which the store cannot be reached."""

    _wanted: set[LoginKey] = field(default_factory=set[LoginKey])

    async def stamp(self, key: LoginKey) -> str:
        """Return what differs whenever the login has been changed, by whatever replica; empty where there is none."""
        try:
            sealed = await self._sealed(key)
        except StoreError:
            return ""
        return sha256(sealed.encode()).hexdigest() if sealed else ""

    def is_wanted(self, key: LoginKey) -> bool:
        """Return whether the server has refused this user for want of a login, and has not let them in since."""
        return key in self._wanted

    def note_wanted(self, key: LoginKey, *, is_wanted: bool) -> None:
        """Note that the server wants a login, or lets this user in."""
        (self._wanted.add if is_wanted else self._wanted.discard)(key)

    async def read(self, key: LoginKey, *, is_latest: bool = False) -> Login | None:
        """Return the login; its secrets are masked from now on. With `is_latest` it is not one that was read before.

        Raises:
            StoreError: it cannot be read, and never was.
        """
        sealed = await (self._asked(key) if is_latest else self._sealed(key))
        known = self._read.get(key)
        if known is None or known[0] != sealed:
            known = self._read[key] = sealed, self._opened(key, sealed) if sealed else None
        return known[1]

    async def write(self, key: LoginKey, login: Login) -> None:
        """Keep the login in the place of an earlier one.

        Raises:
            StoreError: it cannot be written.
        """
        self.masker.learn_passing(self._place(key.id), login.secrets)
        content = json.dumps(asdict(_SealedLogin(key.name, key.url, login)))
        sealed = self.sealer.seal(self._place(key.id), content)
        await self.vault.write(self.owner, key.id, sealed)
        self._read[key] = sealed, login
        if login.has_tokens:
            self.note_wanted(key, is_wanted=False)

    async def remove(self, key: LoginKey) -> None:
        """Forget a login.

        Raises:
            StoreError: it cannot be removed.
        """
        self.note_wanted(key, is_wanted=False)
        self._read.pop(key, None)
        await self.vault.remove(self.owner, key.id)

    async def all(self) -> dict[LoginKey, Login]:
        """Return all logins of the user that can be opened."""
        found = [self._content(id, sealed) for id, sealed in (await self.vault.all(self.owner)).items()]
        return {LoginKey(one.name, one.url): one.login for one in found if one is not None}

    @asynccontextmanager
    async def alone(self, key: LoginKey) -> AsyncGenerator[None]:
        """Keep all others, at whatever replica, from changing the login meanwhile.

        Raises:
            StoreError: another one holds it for too long, or the store cannot be reached.
        """
        async with held(self.vault, self._place(key.id)):
            yield

    async def _sealed(self, key: LoginKey) -> str:
        """Return the sealed login; the one read last where the store cannot be asked, or does not answer in time.

        Raises:
            StoreError: it cannot be read, and never was.
        """
        if key not in self._read:
            return await self._asked(key)
        with anyio.move_on_after(KNOWN_SECONDS), suppress(StoreError):
            return await self._asked(key)
        return self._read.get(key, ("", None))[0]

    async def _asked(self, key: LoginKey) -> str:
        return await self.vault.read(self.owner, key.id) or ""

    def _opened(self, key: LoginKey, sealed: str) -> Login | None:
        stored = self._content(key.id, sealed)
        return stored.login if stored is not None and LoginKey(stored.name, stored.url) == key else None

    def _content(self, id: str, sealed: str) -> _SealedLogin | None:
        try:
            stored = _adapter().validate_json(self.sealer.open(self._place(id), sealed))
        except (StoreError, ValidationError) as error:
            why = str(error) if isinstance(error, StoreError) else "another version has written it; log in again"
            log.error("login_not_opened", login=id, why=why)  # noqa: TRY400 - the words say it all
            return None
        self.masker.learn_passing(self._place(id), stored.login.secrets)
        return stored

    def _place(self, id: str) -> str:
        return f"{self.owner}/{id}"


@asynccontextmanager
async def held(vault: LoginVault, id: str) -> AsyncGenerator[None]:
    """Hold an id of the vault.

    Raises:
        StoreError: another one holds it for too long, or the store cannot be reached.
    """
    holder = secrets.token_hex(16)
    with anyio.move_on_after(HOLD_SECONDS + 1) as scope:
        while not await vault.hold(id, holder, HOLD_SECONDS):  # noqa: ASYNC110 - the store tells nobody
            await anyio.sleep(POLL_SECONDS)
    if scope.cancelled_caught:
        raise StoreAwayError("another replica holds the login for too long; try again")
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            try:
                await vault.release(id, holder)
            except StoreError as error:  # its time runs out
                log.warning("login_not_released", why=str(error))


@dataclass(frozen=True, slots=True)
class NoLogins:
    """The `LoginKeeper` of somebody who can have no login: it is nobody's, or of nobody knows whom."""

    async def stamp(self, key: LoginKey) -> str:
        """Return that there is none."""
        return ""

    def is_wanted(self, key: LoginKey) -> bool:
        """Return that nobody could make it."""
        return False

    def note_wanted(self, key: LoginKey, *, is_wanted: bool) -> None:
        """Do nothing."""

    async def read(self, key: LoginKey, *, is_latest: bool = False) -> Login | None:
        """Return that there is none."""
        return None

    async def write(self, key: LoginKey, login: Login) -> None:
        """Refuse it.

        Raises:
            StoreError: always.
        """
        raise StoreError(f"nobody is known whose login to {key.name!r} it would be; use an access token of your own")

    async def remove(self, key: LoginKey) -> None:
        """Do nothing."""

    async def all(self) -> dict[LoginKey, Login]:
        """Return none."""
        return {}

    @asynccontextmanager
    async def alone(self, key: LoginKey) -> AsyncGenerator[None]:
        """Hold nothing."""
        yield


@cache
def _adapter() -> TypeAdapter[_SealedLogin]:
    return TypeAdapter(_SealedLogin)
