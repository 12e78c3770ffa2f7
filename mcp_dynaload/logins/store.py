"""The logins on this machine: a file for each, closed to everybody else, changed by one process at a time.

Where the system's keyring has what is secret in them, the file says so, and tells each process of a change.
"""

import json
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO

import anyio
import anyio.to_thread
import structlog
from pydantic import TypeAdapter, ValidationError

from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.config.system_keyring import PLACE, FindKeyring, SystemKeyring, find_keyring
from mcp_dynaload.errors import StoreAwayError, StoreError
from mcp_dynaload.logins.login import Login, LoginKey
from mcp_dynaload.machine.private_files import make_private_file, make_private_folder, open_private
from mcp_dynaload.masking import Masker

LOCK_SECONDS = 60.0
"""A process that renews a login has this long, with all its requests; then another one may say that it hangs."""

POLL_SECONDS = 0.05

SERVICE = "mcp-dynaload login"
"""The name of our logins in the keyring."""

_SECRET = ("access_token", "refresh_token")
MAX_BYTES = 1_000_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _StoredLogin:
    """The content of a file: a login, and the server that it is for."""

    name: str
    url: str
    login: Login
    in_keyring: bool = False
    """The keyring has what is secret of it."""


class LoginStore:
    """The logins of the user, by the server's name and address."""

    def __init__(
        self, folder: Path, masker: Masker, *, in_keyring: bool = False, find: FindKeyring = find_keyring
    ) -> None:
        self._folder = folder
        self._masker = masker
        self._in_keyring = in_keyring
        self._keyring = SystemKeyring(SERVICE, "login", find)
        self._read: dict[LoginKey, tuple[str, Login | None]] = {}

    async def stamp(self, key: LoginKey) -> str:
        """Return what differs whenever the login has been changed, by whatever process; empty where there is none."""
        return self._stamp(key)

    def _stamp(self, key: LoginKey) -> str:
        try:
            status = self._file(key).stat()
        except OSError:
            return ""
        return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"

    def is_wanted(self, key: LoginKey) -> bool:
        """Return whether the server has refused somebody for want of a login, and nobody was let in since."""
        return self._mark(key).exists()

    def note_wanted(self, key: LoginKey, *, is_wanted: bool) -> None:
        """Note that the server wants a login, or lets us in, for other processes to tell the user."""
        mark = self._mark(key)
        try:
            if not is_wanted:
                mark.unlink(missing_ok=True)
                return
            make_private_folder(self._folder)
            make_private_file(mark)
        except OSError as error:  # only the lists of servers lack it
            log.warning("login_wanted_not_noted", server=key.name, error=error.strerror)

    async def read(self, key: LoginKey, *, is_latest: bool = False) -> Login | None:
        """Return the login; its secrets are masked from now on.

        Raises:
            StoreError: it cannot be read.
        """
        stamp = self._stamp(key)
        if (known := self._read.get(key)) is not None and known[0] == stamp:
            return known[1]
        stored = await anyio.to_thread.run_sync(self._stored, self._file(key)) if stamp else None
        login = stored.login if stored is not None and LoginKey(stored.name, stored.url) == key else None
        self._read[key] = stamp, login
        return login

    async def write(self, key: LoginKey, login: Login) -> None:
        """Keep the login in the place of an earlier one.

        Raises:
            StoreError: it cannot be written.
        """
        self._masker.learn_passing(key.id, login.secrets)
        await anyio.to_thread.run_sync(self._write, key, login)
        if login.has_tokens:
            self.note_wanted(key, is_wanted=False)

    async def remove(self, key: LoginKey) -> None:
        """Forget a login.

        Raises:
            StoreError: it cannot be removed.
        """
        await anyio.to_thread.run_sync(self._remove, key)

    def clear_keyring(self) -> list[str]:
        """Forget all logins that the keyring has; return whose. Blocks.

        Raises:
            StoreError: keyring or folder cannot be used.
        """
        cleared: list[str] = []
        for file in self._files():
            stored = self._content(file)
            if stored is not None and stored.in_keyring:
                self._remove(LoginKey(stored.name, stored.url))
                cleared.append(stored.name)
        return cleared

    def place_of(self, key: LoginKey) -> str:
        """Return where a login is kept, in words; blocks."""
        stored = self._content(self._file(key))
        return PLACE if stored is not None and stored.in_keyring else f"a file in {self._folder} that only you may read"

    async def all(self) -> dict[LoginKey, Login]:
        """Return all logins that can be read."""
        return await anyio.to_thread.run_sync(self._all)

    @asynccontextmanager
    async def alone(self, key: LoginKey) -> AsyncGenerator[None]:
        """Keep all others, in whatever process, from changing the login meanwhile.

        Raises:
            StoreError: another process holds it for too long, or the folder cannot be used.
        """
        path = self._file(key).with_suffix(".lock")
        try:
            make_private_folder(self._folder)
            file = open(path, "ab", opener=open_private)  # noqa: ASYNC230, SIM115 - an empty file, made at once
        except OSError as error:
            raise self._unusable(path, error) from error
        with file:
            with anyio.move_on_after(LOCK_SECONDS) as scope:
                while not _lock(file):  # noqa: ASYNC110 - the system tells nobody when a file's lock is free
                    await anyio.sleep(POLL_SECONDS)
            if scope.cancelled_caught:
                raise StoreAwayError(f"{path} is held by another process for {LOCK_SECONDS:g} s; end it and try again")
            yield

    def _file(self, key: LoginKey) -> Path:
        return self._folder / f"{key.id}.json"

    def _mark(self, key: LoginKey) -> Path:
        return self._folder / f"{key.id}.wanted"

    def _stored(self, file: Path) -> _StoredLogin | None:
        """Return the content of a file, with what the keyring has of it."""
        stored = self._content(file)
        if stored is None:
            return None
        if stored.in_keyring:
            stored = replace(stored, login=_with_secrets(stored.login, self._keyring.get(file.stem)))
        self._masker.learn_passing(file.stem, stored.login.secrets)
        return stored

    def _content(self, file: Path) -> _StoredLogin | None:
        try:
            raw = file.read_bytes()[:MAX_BYTES]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(file, error) from error
        try:
            stored = _adapter().validate_json(raw)
        except ValidationError:
            log.warning("login_unreadable", file=str(file), fix="log in again")
            return None
        return stored

    def _write(self, key: LoginKey, login: Login) -> None:
        before = self._content(self._file(key))
        is_kept = self._in_keyring and self._keep_secrets(key, login)
        shown = _with_secrets(login, None) if is_kept else login
        self._replace(self._file(key), json.dumps(asdict(_StoredLogin(key.name, key.url, shown, is_kept))))
        if before is not None and before.in_keyring and not is_kept:
            self._clear(key)

    def _keep_secrets(self, key: LoginKey, login: Login) -> bool:
        """Put what is secret into the keyring; false, and told, where it takes none."""
        secret = {name: getattr(login, name) for name in _SECRET} | {"client_secret": login.client.client_secret}
        try:
            self._keyring.set(key.id, json.dumps(secret))
        except StoreError as error:
            log.warning("login_kept_in_file", server=key.name, why=str(error), file=str(self._file(key)))
            return False
        return True

    def _clear(self, key: LoginKey) -> None:
        """Forget what the keyring has, as far as it can be had."""
        try:
            self._keyring.remove(key.id)
        except StoreError as error:
            log.warning("login_not_cleared", server=key.name, why=str(error))

    def _replace(self, file: Path, text: str) -> None:
        """Write the file in one step; it is readable by the user only, as mkstemp makes it."""
        try:
            make_private_folder(self._folder)
            descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=f"{file.stem}.")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                    out.write(text)
                    out.flush()
                    os.fsync(out.fileno())
                Path(temporary).replace(file)
            except BaseException:
                with suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            raise self._unusable(file, error) from error

    def _remove(self, key: LoginKey) -> None:
        self.note_wanted(key, is_wanted=False)
        if (stored := self._content(self._file(key))) is not None and stored.in_keyring:
            self._keyring.remove(key.id)
        try:
            self._file(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(self._file(key), error) from error

    def _files(self) -> list[Path]:
        try:
            return sorted(self._folder.glob("*.json"))
        except OSError as error:
            raise self._unusable(self._folder, error) from error

    def _all(self) -> dict[LoginKey, Login]:
        found = [stored for file in self._files() if (stored := self._readable(file)) is not None]
        return {LoginKey(stored.name, stored.url): stored.login for stored in found}

    def _readable(self, file: Path) -> _StoredLogin | None:
        """Return the content of a file; without what is secret where the keyring does not give it."""
        try:
            return self._stored(file)
        except StoreError as error:
            log.warning("login_not_read", file=str(file), why=str(error))
            return self._content(file)

    def _unusable(self, path: Path, error: OSError) -> StoreError:
        return StoreError(f"{path} cannot be used ({error.strerror}); make {self._folder} yours and writable")


def _with_secrets(login: Login, text: str | None) -> Login:
    """Return the login with what the keyring has kept of it; without that it is over."""
    try:
        kept = json_object(json.loads(text or "{}"))
    except ValueError:  # another program has written there
        kept = {}
    client = replace(login.client, client_secret=str(kept.get("client_secret") or ""))
    return replace(login, client=client, **{name: str(kept.get(name) or "") for name in _SECRET})


@cache
def _adapter() -> TypeAdapter[_StoredLogin]:
    return TypeAdapter(_StoredLogin)


def _lock(file: IO[bytes]) -> bool:
    """Lock the open file against all others, until it is closed; false if somebody holds it now."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
