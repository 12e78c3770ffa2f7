"""A session in front of a server that wants a login: what is told, and how it goes on when there is one."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitRequestURLParams, ElicitResult

from mcp_dynaload.api.status import upstream_statuses
from mcp_dynaload.config.upstream_config import Transport, UpstreamConfig
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.logins.store import LoginStore
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.server import ProxyServer
from tests.logins.authorization import ProtectedServer, follow, protected
from tests.proxy.clients import Connected, following, text_of
from tests.transparency.serving import proxied
from tests.waiting import HANG_SECONDS

COMMAND = "`mcp-dynaload login far`"


@dataclass
class User:
    """Who is asked to open pages."""

    logs_in: bool = True
    asked: list[str] = field(default_factory=list[str])

    async def answer(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        self.asked.append(params.message)
        if not self.logs_in:
            return ElicitResult(action="decline")
        await follow(params.url)
        return ElicitResult(action="accept")


@asynccontextmanager
async def session_with(
    folder: Path, server: ProtectedServer, user: User | None = None, **environ: str
) -> AsyncGenerator[tuple[ProxyServer, Connected]]:
    """Open our server in front of the protected one, with a client that can ask its user if there is one."""
    servers = {"far": {"type": server.transport, "url": server.url, "dynaload": {"prefix": "far__"}}}
    options: dict[str, Any] = {"elicitation_callback": user.answer} if user is not None else {}
    async with (
        proxied(folder, servers, environ={"DYNAMIC_LOADING_ENABLED": "true", **environ}) as proxy,
        following(proxy.server, proxy.live, **options) as client,
    ):
        yield proxy, client


async def log_in_elsewhere(folder: Path, server: ProtectedServer) -> None:
    """Log in as the command in a terminal does."""
    masker = Masker()
    logins = Logins(LoginStore(folder / "state" / "logins", masker), masker, environ={})
    config = UpstreamConfig(name="far", transport=server.transport, url=server.url)
    async with logins.open(config, None) as pending:
        await follow(pending.url)
        await pending.wait()


async def until_known(client: Connected, tool: str = "far__read") -> None:
    with anyio.fail_after(HANG_SECONDS):
        while client.live.catalog.get(tool) is None:  # noqa: ASYNC110 - listed in the background
            await anyio.sleep(0.02)


async def until_state(proxy: ProxyServer, state: str) -> str | None:
    """Wait until the server is in the state; returns its error."""
    with anyio.fail_after(HANG_SECONDS):
        while True:
            (status,) = upstream_statuses(proxy.live, proxy.sessions, proxy.shared.logins)
            if status.state == state:
                return status.error
            await anyio.sleep(0.02)


async def run(client: Connected, line: str) -> str:
    name, _, words = line.partition(" ")
    answer = await client.hook("UserPromptExpansion", command_name=f"mcp__dynaload__{name}", command_args=words)
    return str(answer["reason"])


@pytest.mark.proves("logins")
@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_server_that_wants_a_login_is_no_failure_and_a_running_session_takes_the_login_up(
    tmp_path: Path, transport: Transport
) -> None:
    async with protected(transport=transport) as server, session_with(tmp_path, server) as (proxy, client):
        assert COMMAND in str(await until_state(proxy, "needs login"))
        assert not any(upstream.failures for upstream in proxy.totals.summary().upstreams.values())
        assert "logins needed" in await run(client, "session-info")

        await log_in_elsewhere(tmp_path, server)
        await until_known(client)

        assert await client.say("far__read") == "done: read"
        await until_state(proxy, "running")
        assert "logins needed" not in await run(client, "session-info")


async def test_a_call_that_meets_an_ended_login_names_the_command_where_nobody_can_be_asked(tmp_path: Path) -> None:
    async with protected() as server:
        await log_in_elsewhere(tmp_path, server)
        async with session_with(tmp_path, server) as (proxy, client):
            await until_known(client)
            server.issuer.revoke_all()

            refused = await client.call("far__read")

            assert refused.is_error
            assert COMMAND in text_of(refused)
            assert "401" in text_of(refused)
            await until_state(proxy, "needs login")
            await log_in_elsewhere(tmp_path, server)
            assert await client.say("far__read") == "done: read"


async def test_the_user_is_asked_to_log_in_while_the_calls_wait_and_once_for_all(tmp_path: Path) -> None:
    user = User()
    async with protected() as server:
        await log_in_elsewhere(tmp_path, server)
        async with session_with(tmp_path, server, user) as (_, client):
            await until_known(client)
            server.issuer.revoke_all()
            answers: list[str] = []

            async def call() -> None:
                answers.append(await client.say("far__read"))

            with anyio.fail_after(HANG_SECONDS):
                async with anyio.create_task_group() as tasks:
                    for _ in range(5):
                        tasks.start_soon(call)

    assert answers == ["done: read"] * 5
    assert user.asked == [f"The MCP server 'far' wants you to log in ({server.origin}/) before it goes on."]


async def test_a_login_that_allows_too_little_is_asked_for_again_with_what_is_missing(tmp_path: Path) -> None:
    user = User()
    async with protected() as server:
        await log_in_elsewhere(tmp_path, server)
        async with session_with(tmp_path, server, user) as (_, client):
            await until_known(client)

            assert await client.say("far__admin") == "done: admin"
            assert await client.say("far__read") == "done: read"

    assert len(user.asked) == 1


async def test_a_user_who_does_not_log_in_is_left_alone(tmp_path: Path) -> None:
    user = User(logs_in=False)
    async with protected() as server:
        await log_in_elsewhere(tmp_path, server)
        async with session_with(tmp_path, server, user) as (_, client):
            await until_known(client)
            server.issuer.revoke_all()
            answers: list[CallToolResult] = [await client.call("far__read") for _ in range(2)]

    assert all(answer.is_error and COMMAND in text_of(answer) for answer in answers)
    assert len(user.asked) == 1


async def test_nobody_is_asked_where_nobody_sits_at_the_screen(tmp_path: Path) -> None:
    user = User()
    async with protected() as server:
        await log_in_elsewhere(tmp_path, server)
        async with session_with(tmp_path, server, user, CLAUDE_CODE_ENTRYPOINT="sdk-cli") as (_, client):
            await until_known(client)
            server.issuer.revoke_all()

            assert COMMAND in await client.say("far__read")

    assert user.asked == []


async def test_a_login_begins_by_a_command_in_the_session(tmp_path: Path) -> None:
    async with protected() as server, session_with(tmp_path, server) as (proxy, client):
        await until_state(proxy, "needs login")
        assert "wants a login" in await run(client, "login")
        assert "far" in await run(client, "login nowhere")

        said = await run(client, "login far")
        page = re.search(r"http://\S+", said)
        assert page is not None
        await follow(page[0])
        await until_known(client)

        assert await client.say("far__read") == "done: read"


@pytest.mark.proves("secrets")
async def test_no_token_reaches_the_log_the_journal_or_the_client(tmp_path: Path) -> None:
    async with protected() as server, session_with(tmp_path, server) as (proxy, client):
        await log_in_elsewhere(tmp_path, server)
        await until_known(client)
        tokens = [*server.issuer.access, *server.issuer.refresh]
        said = f"said: {' '.join(tokens)}"
        assert not any(token in proxy.shared.masker.text(said) for token in tokens)
        server.issuer.revoke_all()
        told = text_of(await client.call("far__read"))

    kept = [file for file in (tmp_path / "state").rglob("*") if file.is_file() and file.parent.name != "logins"]
    assert kept
    texts = [told.encode(), *(file.read_bytes() for file in kept)]
    assert not any(token.encode() in text for token in tokens for text in texts)
