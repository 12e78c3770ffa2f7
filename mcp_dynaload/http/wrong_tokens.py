"""Wrong tokens: an address that sends many of them waits, whatever it sends, but for tokens known to be right."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection

from mcp_dynaload.http.rate_limit import RateLimit
from mcp_dynaload.store.tokens import hash_of

MAX_PER_MINUTE = 20
"""Wrong tokens of one address. A client that was set up wrongly sends a few; no token can be guessed at any rate, but
each attempt costs a look-up, perhaps at the issuer."""

MAX_KEPT = 10_000
"""Addresses that wait, and tokens that are known to be right."""


class WrongTokens:
    """The wrong tokens by address, counted, and the right ones, remembered; of both at most `MAX_KEPT`."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._until: dict[str, float] = {}
        self._right: dict[str, None] = {}

    def wait_seconds(self, connection: HTTPConnection, token: str) -> float:
        """Return 0 when the token may be looked up; otherwise how long the address has to wait."""
        until = self._until.get(_address(connection))
        if until is None or hash_of(token) in self._right:
            return 0.0
        return max(0.0, until - self._clock())

    async def wrong(self, connection: HTTPConnection, token: str) -> float:
        """Count one; returns how long the address has to wait, 0 if it need not."""
        self._right.pop(hash_of(token), None)
        address = _address(connection)
        wait = await self._limit.wait_seconds(f"failed {address}")
        self._until.pop(address, None)
        if wait:
            self._until[address] = self._clock() + wait
            _bound(self._until)
        return wait

    def right(self, token: str) -> None:
        """Remember one: who shares an address with somebody else need not wait for him."""
        digest = hash_of(token)
        self._right.pop(digest, None)
        self._right[digest] = None  # as the newest
        _bound(self._right)


def _bound(kept: dict[str, float] | dict[str, None]) -> None:
    if len(kept) > MAX_KEPT:
        del kept[next(iter(kept))]


def _address(connection: HTTPConnection) -> str:
    """Return the sender's address; of IPv6 the network that one customer has."""
    host = connection.client.host if connection.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else host
