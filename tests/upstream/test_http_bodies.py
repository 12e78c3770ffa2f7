"""Answers over HTTP that never end, that become huge, or that tell of a session that is lost."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from mcp import MCPError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import UpstreamClosedError, UpstreamError
from mcp_dynaload.upstream.pool import Pool
from tests.faults.flooding_http import FloodingApp
from tests.faults.scripted import config
from tests.transparency.serving import served
from tests.upstream.sessions import RecordingHost, pool_of, say


@asynccontextmanager
async def pool_before(app: FloodingApp, folder: Path, host: RecordingHost | None = None) -> AsyncGenerator[Pool]:
    """Open a pool with this server, `far`, and one that behaves, `good`."""
    async with served(app) as origin:
        far = UpstreamConfig(name="far", transport="http", url=f"{origin}/mcp")
        async with pool_of(folder, far, config("good"), host=host) as pool:
            yield pool


async def begin(pool: Pool, host: RecordingHost) -> None:
    """Call `far` and wait until it is listed, too: no request of ours is under way any more."""
    await say(pool, "far", "echo")
    await host.until_listed("far")


def error_of(request_id: object, code: int, message: str, status: int) -> Response:
    error: Json = {"code": code, "message": message}
    return JSONResponse({"jsonrpc": "2.0", "id": request_id, "error": error}, status_code=status)


LOST: dict[str, Callable[[object], Response]] = {
    "404": lambda _: Response(status_code=404),
    "404 with an error": lambda number: error_of(number, -32001, "Session not found", 404),
    "400 with an error": lambda _: error_of(None, -32000, "Bad Request: No valid session ID provided", 400),
    "400 of a server that waits for a handshake": lambda _: error_of(None, -32000, "Server not initialized", 400),
    "200 with an error": lambda number: error_of(number, -32001, "Unknown session", 200),
    "400 in words": lambda _: PlainTextResponse("Invalid session", status_code=400),
}

DOUBTFUL: dict[str, Callable[[object], Response]] = {
    "401": lambda _: Response(status_code=401),
    "410": lambda _: Response(status_code=410),
    "500": lambda _: PlainTextResponse("KeyError", status_code=500),
    "503": lambda _: Response(status_code=503),
    "an error": lambda number: error_of(number, -32001, "The session was closed", 200),
}


@pytest.mark.proves("renewed-sessions")
@pytest.mark.parametrize("form", LOST)
async def test_a_call_of_a_session_that_the_server_has_forgotten_is_repeated_in_a_new_one(
    tmp_path: Path, form: str
) -> None:
    app = FloodingApp(LOST[form])
    async with pool_before(app, tmp_path) as pool:
        await say(pool, "far", "echo")
        app.forget()

        assert await say(pool, "far", "echo") == "done"
        assert await say(pool, "far", "echo") == "done"

    assert (app.sessions, app.calls) == (["session0", "another", "session2"], ["echo"] * 3)


@pytest.mark.proves("renewed-sessions")
@pytest.mark.parametrize("form", DOUBTFUL)
async def test_whatever_a_forgetful_server_answers_the_next_call_works(tmp_path: Path, form: str) -> None:
    app, host = FloodingApp(DOUBTFUL[form]), RecordingHost()
    async with pool_before(app, tmp_path, host) as pool:
        await begin(pool, host)
        app.forget()

        with pytest.raises((MCPError, UpstreamError)):
            await say(pool, "far", "echo")
        assert await say(pool, "far", "echo") == "done"

    assert app.sessions == ["session0", "another", "session2"]


@pytest.mark.proves("renewed-sessions")
async def test_the_next_call_works_though_the_server_still_owes_us_its_list(tmp_path: Path) -> None:
    app = FloodingApp(DOUBTFUL["401"], lists_after="ping")
    async with pool_before(app, tmp_path) as pool:
        await say(pool, "far", "echo")
        app.forget()
        with pytest.raises((MCPError, UpstreamError)):
            await say(pool, "far", "echo")

        assert await say(pool, "far", "echo") == "done"


@pytest.mark.proves("renewed-sessions")
async def test_all_calls_that_come_at_once_after_a_doubtful_answer_work_in_one_new_session(tmp_path: Path) -> None:
    app, host = FloodingApp(DOUBTFUL["401"]), RecordingHost()
    async with pool_before(app, tmp_path, host) as pool:
        await begin(pool, host)
        app.forget()
        with pytest.raises((MCPError, UpstreamError)):
            await say(pool, "far", "echo")

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(say, pool, "far", "echo")

    assert (app.sessions, app.calls) == (["session0", "another", "session2"], ["echo"] * 5)


async def test_a_session_that_goes_on_after_an_error_is_kept(tmp_path: Path) -> None:
    app, host = FloodingApp(DOUBTFUL["503"]), RecordingHost()
    async with pool_before(app, tmp_path, host) as pool:
        await begin(pool, host)
        app.forget()
        with pytest.raises((MCPError, UpstreamError)):
            await say(pool, "far", "echo")
        app.sessions.append("session0")

        assert await say(pool, "far", "echo") == "done"

    assert app.sessions == ["session0", "another", "session0"]


@pytest.mark.parametrize("form", ["404", "200 with an error"])
async def test_calls_that_wait_at_once_are_repeated_after_one_new_handshake(tmp_path: Path, form: str) -> None:
    app = FloodingApp(LOST[form])
    async with pool_before(app, tmp_path) as pool:
        await say(pool, "far", "echo")
        app.forget()

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(say, pool, "far", "echo")

    assert (app.sessions, app.calls) == (["session0", "another", "session2"], ["echo"] * 9)


async def test_a_server_that_forgets_each_session_at_once_is_told(tmp_path: Path) -> None:
    app = FloodingApp()
    async with pool_before(app, tmp_path) as pool:
        await say(pool, "far", "echo")
        app.is_forgetful = True

        with anyio.fail_after(10), pytest.raises(UpstreamClosedError, match="does not know the session"):
            await say(pool, "far", "echo")
    assert app.sessions == ["session0", "session1"]


@pytest.mark.proves("bounded")
@pytest.mark.parametrize("kind", ["bomb", "endless", "endless_event"])
async def test_an_answer_without_end_fails_its_call_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("mcp_dynaload.transport.bounds.MAX_MESSAGE_BYTES", 2_000_000)
    monkeypatch.setattr("mcp_dynaload.upstream.channels.MAX_MESSAGE_BYTES", 2_000_000)
    app = FloodingApp()
    async with pool_before(app, tmp_path) as pool:
        with anyio.fail_after(20), pytest.raises((MCPError, UpstreamError), match="2000000"):
            await say(pool, "far", kind)

        assert await say(pool, "far", "echo") == "done"
    assert app.sessions == ["session0"]


@pytest.mark.proves("bounded")
async def test_a_stream_of_comments_without_end_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    app = FloodingApp()
    async with pool_before(app, tmp_path) as pool, anyio.create_task_group() as tasks:
        await say(pool, "good", "echo")
        tasks.start_soon(say, pool, "far", "comments")
        while not app.calls:  # noqa: ASYNC110 - nothing signals it
            await anyio.sleep(0.005)
        with anyio.fail_after(5):
            for _ in range(20):
                assert await say(pool, "good", "echo") == "{}"
        tasks.cancel_scope.cancel()
