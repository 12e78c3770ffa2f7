"""Requests of many over one connection to an upstream: what it says of one goes to its sender and to nobody else."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from mcp.shared.dispatcher import Outbound

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.proxy.attribution import PROGRESS, is_sayable
from mcp_dynaload.proxy.client import Request, Token, channel_of, progress_token
from mcp_dynaload.transport.sdk_json import UnwritableError, writable


@dataclass(slots=True)
class ProgressRouter:
    """The senders that wait for answers; each chose its progress token without knowing the others'."""

    _waiting: dict[tuple[str, str], tuple[Outbound, Token]] = field(
        default_factory=dict[tuple[str, str], tuple[Outbound, Token]]
    )
    """By the upstream and our token."""

    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def passing(self, upstream: str, request: Request, params: Json) -> Generator[Json]:
        """Give the params as they go to the upstream, while it works on them."""
        token = progress_token(params)
        if token is None:
            yield params
            return
        ours = f"dynaload-{next(self._numbers)}"
        self._waiting[upstream, ours] = channel_of(request), token
        try:
            yield {**params, "_meta": {**json_object(params.get("_meta")), "progressToken": ours}}
        finally:
            del self._waiting[upstream, ours]

    async def tell(self, upstream: str, method: str, params: Json | None) -> None:
        """Pass progress on to who waits for it; what else is said could be about anybody and is not passed on."""
        token = json_object(params).get("progressToken")
        if method != PROGRESS or not isinstance(token, str) or not is_sayable(method, params):
            return
        if (waiting := self._waiting.get((upstream, token))) is not None:
            channel, original = waiting
            with suppress(UnwritableError):  # a word about progress is not worth the session
                await channel.notify(method, writable({**(params or {}), "progressToken": original}))
