"""One attempt to open an upstream's connection: how far it came, and why it came no further."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

from mcp_dynaload.upstream.link import Link


@dataclass(slots=True)
class Opening:
    """What callers wait for, and the link or the error that it came to."""

    since: float = field(default_factory=anyio.current_time)
    done: anyio.Event = field(default_factory=anyio.Event)
    listed: anyio.Event = field(default_factory=anyio.Event)
    over: anyio.Event = field(default_factory=anyio.Event)
    link: Link | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    """Around the whole connection; its deadline is the handshake's."""

    error: str = ""
    listing_error: str = ""
    was_stopped: bool = False
    """It was ended by us before it was there."""

    died: bool = False
    """The connection ended by itself."""


@asynccontextmanager
async def told_when_cut_off(opening: Opening, reason: str) -> AsyncGenerator[None]:
    """Callers learn that the handshake takes too long before the process has been ended, which may take seconds."""
    try:
        yield
    except anyio.get_cancelled_exc_class():
        if opening.scope.cancel_called:  # or else the transport itself has failed, and says how
            opening.error = opening.error or reason
            opening.done.set()
        raise
