"""Streams on which a server of revision 2026-07-28 tells of changes: it does so only on a stream that was asked for."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import anyio
import anyio.abc
from mcp.shared.dispatcher import Outbound
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import CONNECTION_CLOSED

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.upstream.era import Era

ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
OPEN_SECONDS = 10.0
REOPEN_SECONDS = 1.0
MAX_REOPEN_SECONDS = 60.0

LISTS = ("tools", "prompts", "resources")
LISTS_STREAM = "lists"


@dataclass(slots=True)
class _Stream:
    """A stream: its purpose, and the outcome of the first attempt to open it."""

    key: str
    wanted: Json
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    settled: anyio.Event = field(default_factory=anyio.Event)
    refusal: MCPError | None = None


class Subscriptions:
    """All streams of one connection, by what they are for."""

    def __init__(
        self,
        tasks: anyio.abc.TaskGroup,
        outbound: Outbound,
        era: Era,
        on_reopened: Callable[[str], Coroutine[Any, Any, None]],
    ) -> None:
        self._tasks = tasks
        self._outbound = outbound
        self._era = era
        self._on_reopened = on_reopened
        self._streams: dict[str, _Stream] = {}
        self._by_request_id: dict[str, _Stream] = {}
        self._numbers = count(1)

    async def open(self, key: str, wanted: Json) -> None:
        """Open a stream and keep it open; returns when the server has acknowledged it.

        Raises:
            MCPError: The server refused it.
            TimeoutError: The server did not acknowledge it.
        """
        if key in self._streams:
            return
        stream = self._streams[key] = _Stream(key, wanted)
        self._tasks.start_soon(self._keep, stream)
        try:
            with anyio.fail_after(OPEN_SECONDS):
                await stream.settled.wait()
        except TimeoutError:
            self.close(key)
            raise
        if stream.refusal is not None:
            raise stream.refusal

    def close(self, key: str) -> None:
        """End a stream."""
        if stream := self._streams.pop(key, None):
            stream.scope.cancel()

    def acknowledged(self, params: Json | None) -> None:
        """Note that the server has said that a stream is open."""
        if stream := self._by_request_id.get(stream_id(params)):
            if stream.settled.is_set():
                self._tasks.start_soon(self._on_reopened, stream.key)
            stream.settled.set()

    async def _keep(self, stream: _Stream) -> None:
        """Hold a stream open; what was missed while it was not is for `on_reopened` to find out."""
        pause = REOPEN_SECONDS
        with stream.scope:
            while True:
                lost = await self._run_once(stream)
                if lost is not None and (not stream.settled.is_set() or lost.error.code != CONNECTION_CLOSED):
                    stream.refusal = lost
                    self._streams.pop(stream.key, None)
                    stream.settled.set()
                    return
                await anyio.sleep(pause)
                pause = min(2 * pause, MAX_REOPEN_SECONDS)

    async def _run_once(self, stream: _Stream) -> MCPError | None:
        """Wait for the end of one request; the error that it ended with, if one."""
        request_id = f"listen-{next(self._numbers)}"
        self._by_request_id[request_id] = stream
        params, options = self._era.stamped("subscriptions/listen", {"notifications": stream.wanted})
        try:
            await self._outbound.send_raw_request("subscriptions/listen", params, {**options, "request_id": request_id})
        except MCPError as error:
            return error
        finally:
            del self._by_request_id[request_id]
        stream.settled.set()
        return None


def list_filter(era: Era) -> Json:
    """Return the filter with which to hear of every list that the server announces changes of."""
    announced = [kind for kind in LISTS if json_object(era.capabilities.get(kind)).get("listChanged")]
    return {f"{kind}ListChanged": True for kind in announced}


def stream_id(params: Json | None) -> str:
    """Return the id of the request for the stream on which a notification came."""
    return str(json_object(json_object(params).get("_meta")).get(SUBSCRIPTION_ID_META_KEY))


def without_subscription(params: Json | None) -> Json | None:
    """Return the params of a notification without the mark of the stream on which it came."""
    meta = json_object(json_object(params).get("_meta"))
    if params is None or SUBSCRIPTION_ID_META_KEY not in meta:
        return params
    plain = {key: value for key, value in params.items() if key != "_meta"}
    rest = {key: value for key, value in meta.items() if key != SUBSCRIPTION_ID_META_KEY}
    return {**plain, "_meta": rest} if rest else plain or None
