"""Open streams of a service: one ends soon after its token is revoked or has expired."""

from collections.abc import Awaitable, Callable

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RECHECK_SECONDS = 10.0
"""Between two looks at the token of an open stream."""

DISCONNECT: Message = {"type": "http.disconnect"}


async def answer_while_welcome(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, is_welcome: Callable[[], Awaitable[bool]]
) -> None:
    """Have the application answer; once the sender is not welcome any more, it is told that the sender has gone.

    What it has begun to answer is then ended properly: ASGI has no other way to cut a stream short.
    """
    gone = anyio.Event()
    is_open = False

    async def send_noting(message: Message) -> None:
        nonlocal is_open
        await send(message)
        is_open = message["type"] == "http.response.start" or bool(message.get("more_body"))

    async def watch() -> None:
        await anyio.sleep(RECHECK_SECONDS)
        while await is_welcome():  # noqa: ASYNC110 - nobody tells when a token is revoked, perhaps on another machine
            await anyio.sleep(RECHECK_SECONDS)
        gone.set()

    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        try:
            await app(scope, receive_until(gone, receive), send_noting)
        except Exception as error:  # noqa: BLE001 - it is raised below, by itself: who answers for it knows no groups
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if gone.is_set() and is_open:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def receive_until(gone: anyio.Event, receive: Receive) -> Receive:
    """Return a `receive` that tells the application that the sender has gone, from when the event is set."""

    async def receive_or_gone() -> Message:
        message = DISCONNECT
        async with anyio.create_task_group() as tasks:

            async def take() -> None:
                nonlocal message
                message = await receive()
                tasks.cancel_scope.cancel()

            tasks.start_soon(take)
            await gone.wait()
            tasks.cancel_scope.cancel()
        return message

    return receive_or_gone
