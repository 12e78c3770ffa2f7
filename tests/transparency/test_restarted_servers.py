"""An upstream behind HTTP that comes back as another process, which does not know the sessions of the one before."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.types import ASGIApp

from tests.transparency import outspoken
from tests.transparency.modern import ModernServer
from tests.transparency.peer import connected
from tests.transparency.serving import joined, proxied, served


def handshake_app() -> ASGIApp:
    return outspoken.build_server().streamable_http_app()


def modern_app() -> ASGIApp:
    return ModernServer().http_app()


@pytest.mark.parametrize(
    ("transport", "path", "make_app", "tool"),
    [
        ("http", "/mcp", handshake_app, "fail"),
        ("http", "/mcp", modern_app, "progress"),
        ("sse", "/sse", outspoken.sse_app, "fail"),
    ],
    ids=["http", "modern", "sse"],
)
async def test_after_one_error_at_most_calls_work_again(
    tmp_path: Path, transport: str, path: str, make_app: Callable[[], ASGIApp], tool: str
) -> None:
    folder = tmp_path / "proxy"
    async with served(make_app()) as origin:
        entry = {"type": transport, "url": f"{origin}{path}", "dynaload": {"prefix": ""}}
    port = urlsplit(origin).port or 0

    async with served(make_app(), port), proxied(folder, {"one": entry}) as proxy, connected(joined(proxy)) as peer:
        pass  # the catalog is known from here on
    async with proxied(folder, {"one": entry}) as proxy, connected(joined(proxy)) as peer:
        async with served(make_app(), port):
            before = await peer.call(tool)
        down = await peer.call(tool)
        async with served(make_app(), port):
            await peer.call(tool)
            after = await peer.call(tool)

    assert down["isError"]
    assert "MCP server 'one'" in down["content"][0]["text"]
    assert after == before


async def test_a_server_that_forgot_the_session_is_greeted_again(tmp_path: Path) -> None:
    async with served(handshake_app()) as origin:
        entry = {"type": "http", "url": f"{origin}/mcp", "dynaload": {"prefix": ""}}
    port = urlsplit(origin).port or 0

    async with proxied(tmp_path, {"one": entry}) as proxy, connected(joined(proxy)) as peer:
        async with served(handshake_app(), port):
            before = await peer.call("fail")
        async with served(handshake_app(), port):
            first, second = await peer.call("fail"), await peer.call("fail")

    assert first == second == before
