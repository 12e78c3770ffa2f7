"""Who gets in, how often, and what every answer carries."""

import json
import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import MCPError
from starlette.requests import HTTPConnection
from structlog.testing import capture_logs

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.configuration import Configuration
from mcp_dynaload.errors import StoreAwayError
from mcp_dynaload.http.host_guard import SECURITY_HEADERS
from mcp_dynaload.http.rate_limit import Buckets
from mcp_dynaload.http.wrong_tokens import MAX_KEPT, MAX_PER_MINUTE, WrongTokens
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.tokens import Scope, SqliteTokens, TokenRecord
from mcp_dynaload.store.usage import project_of
from tests.faults.scripted import entry, tool, until, until_exists
from tests.http.processes import MODULE, environment
from tests.http.services import TRANSPORTS, Service, a_configuration, running, service_of
from tests.http.test_sessions import HELLO, JSON_AND_STREAM, post
from tests.proxy.clients import Connected
from tests.redis_server import running_redis
from tests.waiting import HANG_SECONDS

PUBLIC_PATHS = ("/healthz", "/readyz", "/", "/docs", "/dashboard/main.js")

pytestmark = pytest.mark.proves("service-access")

ECHO = {"a": entry("a", offers={"tools": [tool("echo", "Repeat the words of the person")]})}


@asynccontextmanager
async def guarded(folder: Path, *scopes: Scope, **variables: str) -> AsyncGenerator[tuple[Service, dict[str, str]]]:
    """Run a service with a token for each scope, which are given by their names."""
    configuration = a_configuration(folder, ECHO, **variables)
    tokens = {str(scope): await made(configuration, str(scope), scope) for scope in scopes}
    async with running(configuration) as service:
        yield service, tokens


async def made(configuration: Configuration, name: str, scope: Scope) -> str:
    with closing(Database(configuration.locations.database_file)) as database:
        return await SqliteTokens(database).create(name, scope)


@asynccontextmanager
async def http(headers: Mapping[str, str] | None = None) -> AsyncGenerator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(headers={**JSON_AND_STREAM, **(headers or {})}, timeout=HANG_SECONDS) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    async with service_of(tmp_path, ECHO) as service:
        yield service


@pytest.mark.parametrize(
    "path", ["/mcp", "/sse", "/messages/?session_id=1", "/openapi.json", "/api/v1/anything", "/metrics"]
)
async def test_with_a_token_made_nothing_but_health_is_open_without_one(tmp_path: Path, path: str) -> None:
    async with guarded(tmp_path, Scope.USE) as (service, _), http() as client:
        refused = await client.get(service.origin + path)
        wrong = await client.get(service.origin + path, headers=bearer("dyn_wrong"))
        health = [await client.get(service.origin + public) for public in PUBLIC_PATHS]

    assert [refused.status_code, wrong.status_code] == [401, 401]
    assert refused.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    assert [answer.status_code for answer in health] == [200] * len(PUBLIC_PATHS)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_token_opens_a_session_of_its_user_whose_learning_is_theirs(tmp_path: Path, transport: str) -> None:
    async with (
        guarded(tmp_path, Scope.USE) as (service, tokens),
        service.client(transport, headers=bearer(tokens["use"])) as client,
    ):
        assert await client.say("a__echo", x=1) == '{"x": 1}'
        (session,) = service.state.proxy.sessions

        assert session.client.user == "use"
        assert session.learning.project == project_of(tmp_path, "use") != project_of(tmp_path)


async def test_a_users_conversation_is_not_anothers_who_names_it(tmp_path: Path) -> None:
    async def said(client: Connected, words: str = "") -> str:
        command = {"command_name": "mcp__dynaload__performance-mode", "command_args": words}
        return str((await client.hook("UserPromptExpansion", session_id="one", **command))["reason"])

    async with guarded(tmp_path, Scope.USE, Scope.ADMIN) as (service, tokens):
        for name, before, after in (("use", "balanced", "aggressive"), ("admin", "balanced", "conservative")):
            async with service.client(headers=bearer(tokens[name])) as client:
                assert f"Now: {before}." in await said(client)
                await said(client, after)
        async with service.client(headers=bearer(tokens["use"])) as client:
            assert "Now: aggressive." in await said(client)


async def test_a_session_is_of_no_use_to_another_users_token(tmp_path: Path) -> None:
    async with guarded(tmp_path, Scope.USE, Scope.ADMIN) as (service, tokens), http() as client:
        opened = await client.post(
            service.url(),
            headers=bearer(tokens["use"]),
            json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO},
        )
        client.headers.update({"mcp-session-id": opened.headers["mcp-session-id"], **bearer(tokens["admin"])})
        stolen = await post(client, service.url(), "tools/list", 2)

    assert (opened.status_code, stolen.status_code) == (200, 404)


async def test_each_scope_opens_its_paths_and_those_of_the_ones_before(tmp_path: Path) -> None:
    async with guarded(tmp_path, *Scope) as (service, tokens), http() as client:
        answers = {
            name: [
                (await client.post(service.url(), headers=bearer(token), json={})).status_code,
                (await client.get(f"{service.origin}/openapi.json", headers=bearer(token))).status_code,
            ]
            for name, token in tokens.items()
        }
        refused = (await client.get(f"{service.origin}/openapi.json", headers=bearer(tokens["use"]))).json()

    assert refused["message"].startswith("this needs a token with the scope 'control': make one with")
    assert answers == {"use": [400, 403], "control": [400, 200], "admin": [400, 200]}


async def test_a_revoked_token_is_refused_at_once_and_the_service_stays_closed(tmp_path: Path) -> None:
    async with guarded(tmp_path, Scope.USE) as (service, tokens), http(bearer(tokens["use"])) as client:
        before = await post(client, service.url(), "initialize", **HELLO)
        assert await service.state.access.tokens.revoke("use")
        after = await post(client, service.url(), "initialize", **HELLO)
        without = await client.get(service.url(), headers={"authorization": ""})

    assert [before.status_code, after.status_code, without.status_code] == [200, 401, 401]


async def test_a_token_of_which_nobody_can_tell_is_not_said_to_be_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.http.revocation.RECHECK_SECONDS", 0.05)
    async with guarded(tmp_path, Scope.USE) as (service, tokens), http(bearer(tokens["use"])) as client:
        async with client.stream("GET", service.url("sse")) as stream:
            came = stream.aiter_bytes()
            await anext(came)
            with monkeypatch.context() as away:
                away.setattr(SqliteTokens, "find", cannot_tell)
                many = [await post(client, service.url(), "initialize", **HELLO) for _ in range(MAX_PER_MINUTE + 1)]
                with anyio.move_on_after(0.3) as goes_on:
                    await anext(came)
        after = await post(client, service.url(), "initialize", **HELLO)

    assert {(answer.status_code, answer.json()["error"]) for answer in many} == {(503, "store_unavailable")}
    assert int(many[0].headers["retry-after"]) > 0
    assert goes_on.cancelled_caught
    assert after.status_code == 200


async def test_that_no_token_of_open_streams_can_be_checked_is_logged_once_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.http.revocation.RECHECK_SECONDS", 0.01)
    asked, find = 0, SqliteTokens.find

    async def fail(tokens: SqliteTokens, token: str) -> None:
        nonlocal asked
        asked += 1
        raise StoreAwayError("it does not answer")

    async def count(tokens: SqliteTokens, token: str) -> TokenRecord | None:
        nonlocal asked
        asked += 1
        return await find(tokens, token)

    async def until_looked_at() -> None:
        before = asked
        await until(lambda: asked >= before + 8)

    async with (
        guarded(tmp_path, Scope.USE) as (service, tokens),
        http(bearer(tokens["use"])) as client,
        client.stream("GET", service.url("sse")),
        client.stream("GET", service.url("sse")),
    ):
        with capture_logs() as logs:
            for _ in range(2):
                monkeypatch.setattr(SqliteTokens, "find", fail)
                await until_looked_at()
                monkeypatch.setattr(SqliteTokens, "find", count)
                await until_looked_at()

    assert [entry["event"] for entry in logs].count("token_not_checked") == 2


async def test_a_service_that_starts_while_redis_is_away_asks_for_tokens_no_longer_than_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.store.redis_connection.REST_SECONDS", 0.0)
    with running_redis(tmp_path) as redis, capture_logs():
        redis.stop()
        configuration = a_configuration(tmp_path / "one", ECHO, MCP_DYNALOAD_STORE_URL=redis.url)
        async with running(configuration) as service, http() as client:
            away = await post(client, service.url(), "initialize", **HELLO)
            redis.start()
            back = await post(client, service.url(), "initialize", **HELLO)

    assert (away.status_code, back.status_code) == (401, 200)
    assert not configuration.locations.tokens_mark_file.exists()


async def cannot_tell(tokens: SqliteTokens, token: str) -> None:
    raise StoreAwayError("it does not answer")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_open_stream_ends_soon_after_its_token_is_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr("mcp_dynaload.http.revocation.RECHECK_SECONDS", 0.05)
    async with guarded(tmp_path, Scope.USE) as (service, tokens), http(bearer(tokens["use"])) as client:
        if transport == "http":
            opened = await post(client, service.url(), "initialize", **HELLO)
            client.headers["mcp-session-id"] = opened.headers["mcp-session-id"]
        ended, was_open = anyio.Event(), False

        async def read() -> None:
            async for _ in stream.aiter_bytes():
                pass
            ended.set()

        async with client.stream("GET", service.url(transport)) as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            await anyio.sleep(0.3)
            was_open = not ended.is_set()
            assert await service.state.access.tokens.revoke("use")
            with anyio.fail_after(5):
                await ended.wait()

    assert (stream.status_code, was_open) == (200, True)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-forwarded-for": "203.0.113.7"}, 401),
        ({"x-forwarded-for": "127.0.0.1, 203.0.113.7"}, 401),
        ({"forwarded": "for=203.0.113.7"}, 401),
        ({"x-forwarded-for": "127.0.0.1"}, 200),
    ],
)
async def test_without_any_token_a_proxy_passes_on_only_who_is_on_this_machine(
    service: Service, headers: dict[str, str], status: int
) -> None:
    async with http(headers) as client:
        assert (await post(client, service.url(), "initialize", **HELLO)).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:80", "origin": "http://evil.example:80"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "localhost:1", "origin": "http://localhost:2"}, 403),
        ({"host": "localhost:1", "origin": "http://localhost:1"}, 200),
        ({"host": "192.0.2.1:8765"}, 200),
        ({"host": "tools.example:1"}, 200),
        ({"origin": "https://board.example"}, 200),
    ],
)
async def test_other_sites_pages_and_names_for_our_address_are_refused(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    names = {"MCP_DYNALOAD_ALLOWED_HOSTS": "tools.example", "MCP_DYNALOAD_ALLOWED_ORIGINS": "https://board.example"}
    async with service_of(tmp_path, ECHO, **names) as service, http(headers) as client:
        assert (await post(client, service.url(), "initialize", **HELLO)).status_code == status
        assert (await client.get(f"{service.origin}/healthz")).status_code == status


async def test_a_session_that_asks_too_often_is_told_when_to_ask_again_and_others_are_not(tmp_path: Path) -> None:
    async with service_of(tmp_path, ECHO, MCP_DYNALOAD_RATE_LIMIT_PER_MINUTE="3") as service, http() as client:
        opened = [await post(client, service.url(), "initialize", **HELLO) for _ in range(2)]
        one, other = ({"mcp-session-id": answer.headers["mcp-session-id"]} for answer in opened)
        body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        answers = [await client.post(service.url(), headers=one, json=body) for _ in range(4)]
        others = await client.post(service.url(), headers=other, json=body)

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert others.status_code == 200


async def test_a_token_has_a_rate_of_its_own(tmp_path: Path) -> None:
    limit = {"MCP_DYNALOAD_RATE_LIMIT_PER_MINUTE": "2"}
    async with guarded(tmp_path, Scope.USE, Scope.ADMIN, **limit) as (service, tokens), http() as client:
        statuses = [
            (await client.post(service.url(), headers=bearer(tokens["use"]), json={})).status_code for _ in "123"
        ]
        other = await client.post(service.url(), headers=bearer(tokens["admin"]), json={})

    assert [*statuses, other.status_code] == [400, 400, 429, 400]


async def test_a_token_has_a_number_of_sessions_and_its_own_idle_ones_make_room(tmp_path: Path) -> None:
    limit = {"MCP_DYNALOAD_MAX_SESSIONS_PER_TOKEN": "2"}
    async with guarded(tmp_path, Scope.USE, Scope.ADMIN, **limit) as (service, tokens), http() as client:
        mine, others = bearer(tokens["use"]), bearer(tokens["admin"])
        client.headers.update(others)
        opened = await post(client, service.url(), "initialize", **HELLO)
        client.headers.update(mine)
        async with service.client(headers=mine), service.client("sse", headers=mine):
            sessions = service.state.endpoints._sessions  # pyright: ignore[reportPrivateUsage]
            await until(lambda: sum(map(sessions.occupied, sessions.owners)) == 2)  # the stream of the first is there
            refused = [await post(client, service.url(), "initialize", **HELLO), await client.get(service.url("sse"))]
        await until(lambda: service.state.endpoints.open_sessions == 1)
        statuses = {(await post(client, service.url(), "initialize", **HELLO)).status_code for _ in range(5)}
        ping = {"jsonrpc": "2.0", "id": 3, "method": "ping"}
        session = {"mcp-session-id": opened.headers["mcp-session-id"], **others}
        still = await client.post(service.url(), headers=session, json=ping)
        many = service.state.endpoints.open_sessions

    assert [(answer.status_code, answer.headers["retry-after"]) for answer in refused] == [(503, "10")] * 2
    assert "max_sessions_per_token" in refused[0].json()["error"]["message"]
    assert statuses == {200}
    assert (still.status_code, many) == (200, 3)


async def admitted(client: Connected, arguments: Json) -> None:
    """Call until it is let in: while the client lists what has changed, that is one of its requests, too."""
    while True:
        with suppress(MCPError):
            await client.raw("tools/call", name="a__wait", arguments=arguments)
            return


async def test_one_token_cannot_have_all_requests_that_may_be_answered_at_a_time(tmp_path: Path) -> None:
    limit, go = {"MCP_DYNALOAD_MAX_CONCURRENT_REQUESTS": "4"}, tmp_path / "go"
    configuration = a_configuration(tmp_path, {"a": entry("a")}, **limit)
    answers = list[httpx2.Response]()
    mine, others = [bearer(await made(configuration, name, Scope.USE)) for name in ("ann", "bob")]
    async with (
        running(configuration) as service,
        service.client(headers=mine) as client,
        http() as other,
        anyio.create_task_group() as tasks,
    ):

        async def wait(arrived: Path) -> None:
            await admitted(client, {"arrived": str(arrived), "until": str(go)})

        for number in range(2):
            tasks.start_soon(wait, tmp_path / f"arrived{number}")
            await until_exists(tmp_path / f"arrived{number}")
        for who in (mine, others):
            ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            answers.append(await other.post(service.url(), headers=who, json=ping))
        go.touch()

    assert [answer.status_code for answer in answers] == [503, 400]
    assert "its share" in answers[0].json()["message"]


async def test_wrong_tokens_in_a_row_are_slowed_and_a_right_one_from_there_is_not(tmp_path: Path) -> None:
    async with guarded(tmp_path, Scope.CONTROL) as (service, tokens), http() as client:
        url, right = f"{service.origin}/metrics", bearer(tokens["control"])
        before = await client.get(url, headers=right)
        wrong = [await client.get(url, headers=bearer(f"dyn_{number}")) for number in range(60)]
        nothing, public = await client.get(url), await client.get(f"{service.origin}/healthz")
        after = await client.get(url, headers=right)

    statuses = [answer.status_code for answer in wrong]
    slowed = [answer for answer in wrong if answer.status_code == 429]  # a busy machine earns another try in between
    assert statuses[:MAX_PER_MINUTE] == [401] * MAX_PER_MINUTE
    assert len(slowed) >= 30
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in slowed)
    assert [answer.status_code for answer in (before, nothing, public, after)] == [200, 401, 200, 200]


async def test_no_number_of_addresses_or_tokens_fills_the_memory() -> None:
    failures = WrongTokens(Buckets(1, lambda: 0.0), lambda: 0.0)
    for number in range(MAX_KEPT + 500):
        connection = HTTPConnection(
            {"type": "http", "client": (f"10.0.{number // 250}.{number % 250}", 1), "headers": []}
        )
        for _ in range(2):
            await failures.wrong(connection, "dyn_wrong")
        failures.right(f"dyn_{number}")

    kept = [failures._until, failures._right]  # pyright: ignore[reportPrivateUsage] - what must not grow
    assert [len(one) for one in kept] == [MAX_KEPT, MAX_KEPT]


async def test_one_customers_ipv6_addresses_count_as_one() -> None:
    failures = WrongTokens(Buckets(2, lambda: 0.0), lambda: 0.0)
    waits = [
        await failures.wrong(HTTPConnection({"type": "http", "client": (f"2001:db8::{part}", 1), "headers": []}), "x")
        for part in ("1", "2:3", "4")
    ]

    assert waits[:2] == [0.0, 0.0]
    assert waits[2] > 0


@pytest.mark.parametrize("path", ["/sse", "/mcp", "/api/v1/dynamic-loading/status", "/nothing"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "same-origin"])
async def test_a_page_of_another_site_can_have_nothing_asked_of_us(service: Service, path: str, site: str) -> None:
    is_foreign = site in ("cross-site", "same-site")
    async with http({"sec-fetch-site": site}) as client, client.stream("GET", service.origin + path) as answer:
        assert (answer.status_code == 403) == is_foreign
        assert (await client.get(f"{service.origin}/")).status_code == 200
        if is_foreign:
            assert service.state.endpoints.open_sessions == 0


async def test_a_page_that_may_use_us_may_do_so_across_sites(tmp_path: Path) -> None:
    headers = {"origin": "https://board.example", "sec-fetch-site": "cross-site"}
    allowed = {"MCP_DYNALOAD_ALLOWED_ORIGINS": "https://board.example"}
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "authorization, x-own"}
    async with service_of(tmp_path, ECHO, **allowed) as service, http(headers) as client:
        answer = await post(client, service.url(), "initialize", **HELLO)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://board.example"
        assert "Mcp-Session-Id" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]

        preflight = await client.options(service.url(), headers=asks)
        assert (preflight.status_code, preflight.content) == (204, b"")
        assert preflight.headers["access-control-allow-headers"] == "authorization, x-own"
        assert "DELETE" in preflight.headers["access-control-allow-methods"]

        stranger = await client.options(service.url(), headers={**asks, "origin": "https://evil.example"})
        assert stranger.status_code == 403
        assert "access-control-allow-origin" not in stranger.headers


async def test_what_an_mcp_endpoint_does_not_do_is_answered_with_what_it_does(service: Service) -> None:
    taken = {"mcp": {"GET", "POST", "DELETE"}, "mcp/": {"GET", "POST", "DELETE"}, "sse": {"GET"}, "messages/": {"POST"}}
    async with http() as client:
        for path, methods in taken.items():
            for method in {"PUT", "OPTIONS", "PATCH", "HEAD", "BREW"} - methods:
                answer = await client.request(method, f"{service.origin}/{path}")
                assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, methods)


@pytest.mark.parametrize("lost", ["revoked", "database", "state folder"])
async def test_without_its_last_token_a_service_stays_closed_at_its_next_start(tmp_path: Path, lost: str) -> None:
    async def run(*words: str) -> str:
        done = await anyio.run_process([*MODULE, "token", *words], env=environment(tmp_path), check=False)
        return done.stdout.decode()

    await run("create", "ann")
    if lost == "revoked":
        assert "lets nobody in" in await run("revoke", "ann")
    elif lost == "database":
        (tmp_path / "state" / "dynaload.db").write_bytes(b"no database any more")
    else:
        shutil.rmtree(tmp_path / "state")
    async with service_of(tmp_path, ECHO) as service, http() as client:
        closed = await client.get(f"{service.origin}/metrics")
    listed, forgotten = await run("list"), await run("forget")
    async with service_of(tmp_path, ECHO) as service, http() as client:
        opened = await client.get(f"{service.origin}/metrics")

    assert "mcp-dynaload token forget" in listed
    assert "open to everybody on this machine" in forgotten
    assert [closed.status_code, opened.status_code] == [401, 200]


async def test_a_bucket_fills_evenly_again() -> None:
    now = [0.0]
    buckets = Buckets(60, lambda: now[0])
    for _ in range(60):
        assert await buckets.wait_seconds("a") == 0.0

    assert await buckets.wait_seconds("a") == pytest.approx(1.0)
    now[0] = 1.0
    assert await buckets.wait_seconds("a") == 0.0
    assert await buckets.wait_seconds("b") == 0.0
    assert await Buckets(0, lambda: 0.0).wait_seconds("a") == 0.0


@pytest.mark.parametrize("path", ["/mcp", "/messages/", "/readyz"])
async def test_a_body_that_is_too_large_is_refused_whether_its_length_is_told_or_not(tmp_path: Path, path: str) -> None:
    async def parts() -> AsyncGenerator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    async with service_of(tmp_path, ECHO, MCP_DYNALOAD_MAX_REQUEST_BYTES="1000") as service, http() as client:
        told = await client.post(service.origin + path, content=b"x" * 2000)
        untold = await client.post(service.origin + path, content=parts())

    assert [told.status_code, untold.status_code] == [413, 413]


async def test_more_requests_at_a_time_than_allowed_are_refused_and_streams_do_not_count(tmp_path: Path) -> None:
    limit = {"MCP_DYNALOAD_MAX_CONCURRENT_REQUESTS": "3"}
    calling = [tmp_path / f"arrived{number}" for number in range(3)]
    go = tmp_path / "go"
    async with (
        service_of(tmp_path, {"a": entry("a")}, **limit) as service,
        service.client("sse"),
        service.client() as client,
        http() as other,
        anyio.create_task_group() as tasks,
    ):

        async def wait(arrived: Path) -> None:
            await admitted(client, {"arrived": str(arrived), "until": str(go)})

        for arrived in calling:
            tasks.start_soon(wait, arrived)
            await until_exists(arrived)
        busy = await post(other, service.url(), "initialize", **HELLO)
        go.touch()

        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")


async def test_every_answer_has_the_headers_that_keep_a_browser_safe(service: Service) -> None:
    async with http() as client:
        answers = [
            await client.get(f"{service.origin}/healthz"),
            await post(client, service.url(), "initialize", **HELLO),
            await client.get(f"{service.origin}/nothing"),
            await client.get(f"{service.origin}/healthz", headers={"host": "evil.example"}),
        ]

    for answer in answers:
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_another_bind_than_loopback_needs_a_token(tmp_path: Path) -> None:
    command = [*MODULE, "serve", "--transport", "http", "--host", "0.0.0.0", "--port", "0"]
    done = await anyio.run_process(command, env=environment(tmp_path), check=False)

    assert done.returncode == 2
    assert "mcp-dynaload token create NAME" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


async def test_tokens_are_made_shown_once_listed_and_revoked_at_the_command_line(tmp_path: Path) -> None:
    async def run(*words: str) -> tuple[int, str, str]:
        done = await anyio.run_process([*MODULE, "token", *words], env=environment(tmp_path), check=False)
        return done.returncode, done.stdout.decode().strip(), done.stderr.decode()

    _, token, _ = await run("create", "ann", "--scope", "control")
    _, listed, _ = await run("list", "--json")
    again, _, why = await run("create", "ann")
    revoked, _, _ = await run("revoke", "ann")
    nobody, _, _ = await run("revoke", "ann")

    assert token.startswith("dyn_")
    (record,) = json.loads(listed)
    assert (record["name"], record["scope"]) == ("ann", "control")
    assert "revoke it first" in why
    assert [again, revoked, nobody] == [2, 0, 2]
    assert token not in listed
    database = b"".join([await path.read_bytes() async for path in anyio.Path(tmp_path / "state").glob("dynaload.db*")])
    assert token.encode() not in database


async def test_no_answer_or_log_line_has_a_token_in_it(tmp_path: Path) -> None:
    async with guarded(tmp_path, Scope.ADMIN) as (service, tokens), http(bearer(tokens["admin"])) as client:
        token = tokens["admin"]
        answers = [
            await post(client, service.url(), "initialize", **HELLO),
            await client.get(f"{service.origin}/readyz"),
            await client.get(f"{service.origin}/openapi.json"),
            await client.get(f"{service.origin}/nothing"),
        ]

    assert all(token not in answer.text and token not in str(answer.headers) for answer in answers)
