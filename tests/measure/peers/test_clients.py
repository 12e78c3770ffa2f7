"""The client with which servers are timed, before programs that are none."""

import sys

import pytest

from mcp_dynaload.errors import DynaloadError, own_error
from mcp_dynaload.measure.stdio_client import open_stdio_client

BANNER = """
import json, sys
print("Welcome!", flush=True)
print("[]", flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {}}), flush=True)
        if message["method"] == "end":
            break
"""


async def test_a_program_that_is_no_server_is_told_in_a_line() -> None:
    with pytest.raises((DynaloadError, ExceptionGroup)) as raised:
        async with open_stdio_client("peer", [sys.executable, "-S", "-c", ""], {}):
            pass
    assert "peer " in str(own_error(raised.value))


async def test_a_banner_answers_nothing_and_one_that_has_ended_is_not_waited_for() -> None:
    async with open_stdio_client("peer", [sys.executable, "-S", "-c", BANNER], {}) as client:
        assert await client.ask("end", {}) == {}
        await client.process.wait()
        with pytest.raises(DynaloadError, match=r"peer (ended before it was asked|answered more with)"):
            await client.ask("more", {})
