"""Halves of characters in what a program is sent: JSON may have them, as escapes, and many read no message with one.

Such a program says nothing, so that whoever has asked waits to no end. It is found out before the first such message,
with two pings: the one with a half in it stays without an answer.
"""

from collections.abc import Awaitable, Callable

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCRequest, JSONRPCResponse

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamError
from mcp_dynaload.transport.sdk_json import without_halves
from mcp_dynaload.upstream.unaddressed import UNREAD

ODD_PING: Json = {"_meta": {"mcp-dynaload/half": "\ud800"}}

FINDING_OUT_SECONDS = 2.0
"""How long an answer to any of the two pings is waited for."""

BEHIND_SECONDS = 0.2
"""How long the answer to the first may come behind that to the second."""

Ping = Callable[[Json], Awaitable[object]]


class HalfCharacters:
    """Whether one program reads them."""

    def __init__(self) -> None:
        self.ping: Ping | None = None
        """Sends a ping with these params; none before the handshake."""

        self._are_read: bool | None = None
        self._finding_out = anyio.Lock()

    async def readable(self, message: JSONRPCMessage) -> JSONRPCMessage:
        """Return a message with halves in it as the program reads it: with � for each, unless it reads them."""
        is_ping = isinstance(message, JSONRPCRequest) and message.method == "ping"
        return message if is_ping or await self._taken() else _without_halves(message)

    async def _taken(self) -> bool:
        async with self._finding_out:
            if self._are_read is None and self.ping is not None:
                with anyio.move_on_after(FINDING_OUT_SECONDS):
                    self._are_read = await self._found_out(self.ping)
            return self._are_read is True

    async def _found_out(self, ping: Ping) -> bool:
        """Return whether the ping with a half in it is answered, where a plain one is."""
        answered = False
        async with anyio.create_task_group() as tasks:

            async def ask_oddly() -> None:
                nonlocal answered
                answered = await _is_answered(ping, ODD_PING)
                tasks.cancel_scope.cancel()

            tasks.start_soon(ask_oddly)
            await _is_answered(ping, {})
            await anyio.sleep(BEHIND_SECONDS)
            tasks.cancel_scope.cancel()
        return answered


def _without_halves(message: JSONRPCMessage) -> JSONRPCMessage:
    if isinstance(message, JSONRPCResponse):
        return message.model_copy(update={"result": without_halves(message.result)})
    if isinstance(message, JSONRPCError):
        error = ErrorData.model_validate(without_halves(message.error.model_dump(exclude_unset=True)))
        return message.model_copy(update={"error": error})
    return message.model_copy(update={"params": without_halves(message.params)})


async def _is_answered(ping: Ping, params: Json) -> bool:
    try:
        await ping(params)
    except MCPError as error:
        return error.error.code not in UNREAD
    except UpstreamError:
        return False
    return True
