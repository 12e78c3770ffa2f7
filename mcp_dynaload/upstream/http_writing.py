"""Writes messages to a server behind HTTP: one that cannot be written costs no other its connection."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import structlog
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from mcp_dynaload.transport.jsonrpc_lines import Item
from mcp_dynaload.transport.line_repair import failed_answer
from mcp_dynaload.transport.sdk_json import TOO_DEEP, UnwritableError, writable

log = structlog.get_logger()


class WritableMessages:
    """The SDK's stream towards a server; who waits for an answer to what cannot be sent is told."""

    def __init__(self, write: Any, tell: Callable[[Item], Awaitable[None]]) -> None:
        self._write = write
        self._tell = tell

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message, as far as it can be sent."""
        message = item.message
        try:
            if isinstance(message, JSONRPCRequest | JSONRPCNotification):
                if message.params is not None:  # a field that was set is written, null too
                    message.params = writable(message.params)
            elif isinstance(message, JSONRPCResponse):
                message.result = writable(message.result)
        except UnwritableError as error:
            if isinstance(message, JSONRPCRequest):
                await self._tell(failed_answer(message.id, f"what was asked cannot be said: {error}"))
            elif isinstance(message, JSONRPCResponse):
                await self._write.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=message.id, error=TOO_DEEP)))
            else:
                log.debug("notification_not_sent", error=str(error))
        else:
            await self._write.send(item)

    async def aclose(self) -> None:
        """Close the stream."""
        await self._write.aclose()

    async def __aenter__(self) -> "WritableMessages":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()
