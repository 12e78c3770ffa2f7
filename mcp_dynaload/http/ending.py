"""Answers that take as long as the service runs: they end with it, in whole events, and do not delay its end."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Annotated

import anyio
from fastapi import Depends, Request
from sse_starlette import EventSourceResponse

from mcp_dynaload.http.dependencies import serving_of
from mcp_dynaload.http.errors import ShuttingDownError

Sent = dict[str, str]
"""A server-sent event."""


class ServiceEnd:
    """The end of the service, which some requests must not outlive."""

    def __init__(self, over: anyio.Event) -> None:
        self._over = over

    async def wait_for(self, wanted: Callable[[], Awaitable[object]]) -> None:
        """Wait for something.

        Raises:
            ShuttingDownError: The service ended before.
        """
        is_there = False
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cancel, tasks.cancel_scope)
            await wanted()
            is_there = True
            tasks.cancel_scope.cancel()
        if not is_there:
            raise ShuttingDownError("mcp-dynaload is shutting down: ask again in a moment")

    def stream(self, events: AsyncGenerator[Sent], headers: dict[str, str] | None = None) -> EventSourceResponse:
        """Return an answer that sends events until there are no more, or the service ends."""
        return EventSourceResponse(self._until_over(events), headers=headers)

    async def _until_over(self, events: AsyncGenerator[Sent]) -> AsyncGenerator[Sent]:
        async with aclosing(events):
            while not self._over.is_set():
                found: list[Sent] = []

                async def read(found: list[Sent] = found) -> None:
                    async for event in events:
                        found.append(event)
                        return

                try:
                    await self.wait_for(read)
                except ShuttingDownError:
                    return
                if not found:
                    return
                yield found[0]

    async def _cancel(self, scope: anyio.CancelScope) -> None:
        await self._over.wait()
        scope.cancel()


def _end_of(request: Request) -> ServiceEnd:
    return ServiceEnd(serving_of(request.app).endpoints.over)


End = Annotated[ServiceEnd, Depends(_end_of)]
"""The service's end, as a dependency."""
