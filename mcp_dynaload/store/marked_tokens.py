"""A mark outside of the tokens' store that there were tokens: a store that is lost opens nothing."""

from pathlib import Path

import anyio
import structlog

from mcp_dynaload.errors import StoreError
from mcp_dynaload.store.tokens import Scope, TokenRecord, TokenStore

log = structlog.get_logger()


class MarkedTokens:
    """The tokens of a store, and a file that is there once one was made."""

    def __init__(self, tokens: TokenStore, mark_file: Path) -> None:
        self._tokens = tokens
        self._mark_file = anyio.Path(mark_file)
        self._was_looked_for = False

    async def find(self, token: str) -> TokenRecord | None:
        """Return the token's record; None if it is no token of ours.

        Raises:
            StoreAwayError: Nobody can tell now.
        """
        return await self._tokens.find(token)

    async def has_any(self) -> bool:
        """Return whether there is a token now."""
        return await self._tokens.has_any()

    async def were_made(self) -> bool | None:
        """Return whether there ever was a token: by the file, or by the store, after which the file is there, too.

        The file is looked at once: what is made later is in the store, which each request asks. None where the store
        cannot tell.
        """
        if not self._was_looked_for and await self._is_marked():
            return True
        self._was_looked_for = True
        were_made = await self._tokens.were_made()
        if were_made:
            await self._mark()
        return were_made

    async def create(self, name: str, scope: Scope) -> str:
        """Make a token and return it, this once.

        Raises:
            StoreError: The name has one, or it cannot be stored.
        """
        token = await self._tokens.create(name, scope)
        await self._mark()
        return token

    async def all(self) -> list[TokenRecord]:
        """Return all records, by name."""
        return await self._tokens.all()

    async def revoke(self, name: str) -> bool:
        """Forget the token of a name; whether there was one."""
        return await self._tokens.revoke(name)

    async def forget(self) -> None:
        """Forget that there were tokens.

        Raises:
            StoreError: There are some, or it cannot be stored.
        """
        await self._tokens.forget()
        try:
            await self._mark_file.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{self._mark_file} cannot be removed: {error.strerror}; remove it yourself") from error

    async def _is_marked(self) -> bool:
        try:
            await self._mark_file.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:  # it may be there
            log.warning(
                "token_mark_not_read", path=str(self._mark_file), error=str(error), consequence="tokens are asked for"
            )
        return True

    async def _mark(self) -> None:
        try:
            await self._mark_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            await self._mark_file.touch(mode=0o600)
        except OSError as error:
            why = "if the store of the tokens is lost, a service on a loopback address is open at its next start"
            log.warning("token_mark_not_written", error=str(error), consequence=why)
