"""A client of the SSE transport that reads nothing is cut off before what waits for it fills the memory."""

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCResponse

from mcp_dynaload.http import unread_messages
from mcp_dynaload.http.unread_messages import UnreadMessages


@pytest.mark.parametrize("reads", [False, True], ids=["reads nothing", "reads slowly"])
async def test_who_reads_nothing_is_cut_off_and_who_reads_slowly_is_not(
    monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    monkeypatch.setattr(unread_messages, "MAX_UNREAD_BYTES", 2_000)
    monkeypatch.setattr(unread_messages, "UNREAD_SECONDS", 0.2)
    cut: list[int] = []
    write, read = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as tasks, read, write:
        unread = UnreadMessages(write, lambda: cut.append(1))
        if reads:
            tasks.start_soon(_read_slowly, read)
        for number in range(10):
            message = JSONRPCResponse(jsonrpc="2.0", id=number, result={"text": "x" * 1_000})
            tasks.start_soon(unread.send, SessionMessage(message))
            await anyio.sleep(0.03)
        tasks.cancel_scope.cancel()

    assert bool(cut) == (not reads)


async def _read_slowly(read: MemoryObjectReceiveStream[SessionMessage]) -> None:
    while True:
        await anyio.sleep(0.06)
        await read.receive()
