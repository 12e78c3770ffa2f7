"""Requests of many over one connection to an upstream: what it says of one goes to its sender and to nobody else."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from mcp.shared.dispatcher import Outbound

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.server.client import Request, Token, channel_of, progress_token


@dataclass(slots=True)
class Crowd:
    """Those that wait for answers; each has chosen its progress token without knowing the others'."""

    _waiting: dict[str, tuple[Outbound, Token]] = field(default_factory=dict[str, tuple[Outbound, Token]])
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def passing(self, request: Request, params: Json) -> Generator[Json]:
        """The params as they go to the upstream, while it works on them."""
        token = progress_token(params)
        if token is None:
            yield params
            return
        ours = f"dynaload-{next(self._numbers)}"
        self._waiting[ours] = channel_of(request), token
        try:
            yield {**params, "_meta": {**json_object(params.get("_meta")), "progressToken": ours}}
        finally:
            del self._waiting[ours]

    async def tell(self, method: str, params: Json | None) -> None:
        """Pass progress on to who waits for it; what else is said could be about anybody and is not passed on."""
        token = json_object(params).get("progressToken")
        if method == "notifications/progress" and isinstance(token, str) and token in self._waiting:
            channel, original = self._waiting[token]
            await channel.notify(method, {**(params or {}), "progressToken": original})
