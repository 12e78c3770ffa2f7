"""The interface of what keeps logins: files of the user's machine, or the store of a service, for each of its users."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from mcp_dynaload.logins.login import Login, LoginKey


class LoginKeeper(Protocol):
    """The logins of one user, by the server's name and address."""

    async def stamp(self, key: LoginKey) -> str:
        """Return what differs whenever the login has been changed, by whatever process; empty where there is none."""
        ...

    def is_wanted(self, key: LoginKey) -> bool:
        """Return whether the server has refused the user for want of a login, and has not let them in since."""
        ...

    def note_wanted(self, key: LoginKey, *, is_wanted: bool) -> None:
        """Note that the server wants a login, or lets the user in."""
        ...

    async def read(self, key: LoginKey, *, is_latest: bool = False) -> Login | None:
        """Return the login; its secrets are masked from now on. With `is_latest` it is not one that was read before.

        Raises:
            StoreError: it cannot be read.
        """
        ...

    async def write(self, key: LoginKey, login: Login) -> None:
        """Keep the login in the place of an earlier one.

        Raises:
            StoreError: it cannot be written.
        """
        ...

    async def remove(self, key: LoginKey) -> None:
        """Forget a login.

        Raises:
            StoreError: it cannot be removed.
        """
        ...

    async def all(self) -> dict[LoginKey, Login]:
        """Return all logins that can be read."""
        ...

    def alone(self, key: LoginKey) -> AbstractAsyncContextManager[None]:
        """Keep all others, in whatever process, from changing the login meanwhile.

        Raises:
            StoreError: another one holds it for too long, or it cannot be held.
        """
        ...
