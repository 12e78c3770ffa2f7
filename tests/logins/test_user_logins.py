"""Logins of a service's users: each user's own, sealed in the store, made at one replica and used at another."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.to_thread
import httpx2
import pytest
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult
from structlog.testing import capture_logs
from typer.testing import CliRunner

from mcp_dynaload.cli.token import token
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.http.app import create_app
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.logins.store import LoginStore
from mcp_dynaload.logins.user_logins import owner_of
from mcp_dynaload.masking import Masker
from mcp_dynaload.store.backends import open_tokens
from mcp_dynaload.store.tokens import Scope
from tests.http.browsers import browser
from tests.http.services import CLAUDE_CODE, a_new_configuration
from tests.logins.authorization import Issuer, follow, protected
from tests.logins.services import KEY, OTHER_KEY, Replica, a_browser, replica, until_known
from tests.proxy.clients import Connected, following, text_of
from tests.redis_server import RedisServer, running_redis
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("user-logins")


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


async def refusal(client: Connected) -> str:
    result = await client.call("far__read")
    assert result.is_error
    return text_of(result)


def page(one: Replica) -> str:
    return f"{one.service.origin}/logins/far/start"


def all_tokens(issuer: Issuer) -> set[str]:
    return {*issuer.access, *issuer.refresh, *issuer.spent}


async def test_each_user_has_a_login_of_their_own_and_no_token_lies_in_the_clear(tmp_path: Path) -> None:
    async with protected() as server, replica(tmp_path, server) as one:
        async with one.session("ann") as ann, one.session("bob") as bob:
            await one.log_in("ann")
            await until_known(ann)
            assert await ann.say("far__read") == "done: read"
            anns = set(server.seen) - {""}

            assert page(one) in await refusal(bob)
            assert set(server.seen) - {""} == anns
            assert await one.states("ann") == {"far": "logged in"}
            assert await one.states("bob") == {"far": "not logged in"}

            await one.log_in("bob")
            server.seen.clear()
            assert await bob.say("far__read") == "done: read"
            assert anns.isdisjoint(server.seen)
            server.seen.clear()
            assert await ann.say("far__read") == "done: read"
            assert set(server.seen) == anns

            async with a_browser() as browser:
                ended = await browser.delete(f"{one.service.origin}/logins/far", headers=one.bearer("ann"))
            assert ended.json() == {"was_revoked": True}
            assert page(one) in await refusal(ann)
            assert await bob.say("far__read") == "done: read"

        kept = [file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file()]
        assert len(all_tokens(server.issuer)) == 2
        assert not [token for token in all_tokens(server.issuer) if any(token.encode() in content for content in kept)]


async def test_a_login_is_finished_by_the_browser_that_began_it_alone_and_once(tmp_path: Path) -> None:
    async with protected() as server, replica(tmp_path, server) as one, a_browser() as bobs, a_browser() as anns:
        address = await one.begin(bobs, "bob")

        other = await anns.get(address)
        assert (other.status_code, "begun in another browser" in other.text) == (400, True)
        wrong = await bobs.get(address.replace("state=", "state=x"))
        assert (wrong.status_code, "not known here" in wrong.text) == (400, True)
        assert server.issuer.asked.count("exchange") == 0

        assert (await bobs.get(address)).status_code == 200
        again = await bobs.get(address)
        assert (again.status_code, "made already" in again.text) == (400, True)
        assert await one.states("bob") == {"far": "logged in"}
        assert await one.states("ann") == {"far": "not logged in"}


async def test_a_refused_login_says_so_and_nobody_begins_one_without_a_token(tmp_path: Path) -> None:
    async with protected(Issuer(denies=True)) as server, replica(tmp_path, server) as one, a_browser() as browser:
        denied = await browser.get(await one.begin(browser, "ann"))
        nobody = await browser.post(f"{one.service.origin}/logins/far/begin")
        nowhere = await browser.post(f"{one.service.origin}/logins/near/begin", headers=one.bearer("ann"))
        shown = await browser.get(page(one))

    assert (denied.status_code, "access_denied" in denied.text) == (400, True)
    assert nobody.status_code == 401  # though it comes from this machine
    assert nowhere.status_code == 404
    assert shown.status_code == 200
    assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]


async def test_another_replica_finishes_a_login_and_both_use_and_renew_it_as_one(
    tmp_path: Path, redis: RedisServer
) -> None:
    redis.flush()
    store = {"MCP_DYNALOAD_STORE_URL": redis.url}
    async with (
        protected() as server,
        replica(tmp_path / "1", server, store) as one,
        replica(tmp_path / "2", server, store) as other,
    ):
        other.tokens.update(one.tokens)
        async with a_browser() as browser:
            address = await one.begin(browser, "ann")
            await browser.get(address.replace(one.service.origin, other.service.origin))
        async with one.session("ann") as here, other.session("ann") as there:
            await until_known(here)
            await until_known(there)
            server.issuer.forget_access()
            answers: list[str] = []

            async def call(client: Connected) -> None:
                answers.append(await client.say("far__read"))

            async with anyio.create_task_group() as tasks:
                for client in (here, there, here, there):
                    tasks.start_soon(call, client)

        assert answers == ["done: read"] * 4
        assert server.issuer.asked.count("refresh") == 1
        assert "reused" not in server.issuer.asked
        kept = _content_of(redis)
        assert "dynaload:logins:" in kept
        assert not [token for token in all_tokens(server.issuer) if token in kept]


def _content_of(redis: RedisServer) -> str:
    """Return all that the store has on disk: every command that it got."""
    return "".join(file.read_text("utf-8") for file in redis.folder.rglob("*.aof"))


async def test_the_page_takes_the_users_token_and_leads_to_the_login_and_back(tmp_path: Path) -> None:
    def log_in(one: Replica) -> list[str]:
        with browser(page(one)) as chromium:
            assert chromium.until_text("#server", "far") == "far"
            chromium.find("#token-text").send_keys("dyn_wrong")
            chromium.press("#token button")
            chromium.until_text("#notice", "a valid access token is needed")
            complaints = [text for text in chromium.complaints() if "401" not in text]
            chromium.find("#token-text").clear()
            chromium.find("#token-text").send_keys(one.tokens["ann"])
            chromium.press("#token button:not(:disabled)")
            chromium.until_text("p", "You are logged in to far.")
            return complaints

    async with protected() as server, replica(tmp_path, server) as one:
        assert await anyio.to_thread.run_sync(log_in, one) == []
        assert await one.states("ann") == {"far": "logged in"}


async def test_in_a_session_the_user_is_asked_to_open_the_page_and_the_call_goes_on(tmp_path: Path) -> None:
    asked: list[str] = []
    async with protected() as server, replica(tmp_path, server) as one:
        await one.log_in("ann")
        async with one.session("ann") as ann:
            await until_known(ann)

        async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
            assert isinstance(params, ElicitRequestURLParams)
            asked.append(params.url)
            await one.log_in("bob")
            return ElicitResult(action="accept")

        async with httpx2.AsyncClient(headers=one.bearer("bob"), timeout=30) as http:
            streams = streamable_http_client(one.service.url(), http_client=http)
            async with following(
                streams, one.service.state.proxy.live, client_info=CLAUDE_CODE, elicitation_callback=answer
            ) as bob:
                with anyio.fail_after(HANG_SECONDS):
                    assert await bob.say("far__read") == "done: read"
                told = await bob.hook("UserPromptExpansion", command_name="mcp__dynaload__login", command_args="far")

    assert asked == [page(one)]
    assert page(one) in str(told["reason"])


async def test_with_calls_alone_the_service_lists_with_its_own_login_which_no_user_gets(tmp_path: Path) -> None:
    async with (
        protected() as server,
        replica(tmp_path, server, {"MCP_DYNALOAD_USER_LOGINS": "calls"}) as one,
        one.session("ann") as ann,
    ):
        with capture_logs() as logged, anyio.fail_after(HANG_SECONDS):
            await one.log_in("ann")
            while not any(entry["event"] == "upstream_let_us_in" for entry in logged):  # noqa: ASYNC110
                await anyio.sleep(0.02)
        assert ann.live.catalog.get("far__read") is None

        masker = Masker()
        own = Logins(LoginStore(tmp_path / "state" / "logins", masker), masker, environ={})
        async with own.open(UpstreamConfig(name="far", transport="http", url=server.url), None) as pending:
            await follow(pending.url)
            mine = (await pending.wait()).access_token
        await until_known(ann)

        async with one.session("bob") as bob:
            server.seen.clear()
            assert page(one) in await refusal(bob)
            assert await ann.say("far__read") == "done: read"
            assert f"Bearer {mine}" not in server.seen


async def test_a_shared_server_gets_no_users_login_and_says_why(tmp_path: Path) -> None:
    async with protected() as server, replica(tmp_path, server, shared=True) as one, one.session("ann") as ann:
        with anyio.fail_after(HANG_SECONDS):
            while not (error := ann.live.listings.failures.get("far")):  # noqa: ASYNC110 - listed in the background
                await anyio.sleep(0.02)
        assert "mcp-dynaload login far" in error  # for the list, which the service makes with its own

        assert set(server.seen) <= {""}
        assert await one.states("ann") == {}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"MCP_DYNALOAD_LOGIN_KEYS": ""}, "user_logins needs login_keys"),
        ({"MCP_DYNALOAD_LOGIN_KEYS": f"{KEY},short"}, "no key of 32 bytes in base64"),
        ({"MCP_DYNALOAD_LOGIN_KEYS": "${file:nowhere}"}, "the file 'nowhere', which cannot be read"),
        ({"MCP_DYNALOAD_LOGIN_KEYS": "${file:../state/key}"}, "lies in the state folder, beside what it seals"),
        ({"MCP_DYNALOAD_LOGIN_KEYS": "${KEY}"}, "nothing else can stand in"),
        ({"MCP_DYNALOAD_SERVICE_URL": ""}, "user_logins needs service_url"),
        ({"MCP_DYNALOAD_SERVICE_URL": "http://tools.example"}, "without https"),
    ],
)
def test_a_service_does_not_start_with_a_part_of_the_settings(
    tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    whole = {
        "MCP_DYNALOAD_USER_LOGINS": "calls",
        "MCP_DYNALOAD_LOGIN_KEYS": KEY,
        "MCP_DYNALOAD_SERVICE_URL": "https://tools.example",
    }
    with pytest.raises(ConfigError, match=said):
        create_app(a_new_configuration(tmp_path, {}, **{**whole, **variables}))


async def test_a_login_that_no_key_opens_is_asked_for_anew_and_an_older_key_still_opens(tmp_path: Path) -> None:
    async with protected() as server:
        async with replica(tmp_path, server) as one:
            await one.log_in("ann")
        rotated = f"{OTHER_KEY} {KEY}"
        async with replica(tmp_path, server, {"MCP_DYNALOAD_LOGIN_KEYS": rotated}) as two:
            two.tokens.update(one.tokens)
            assert await two.states("ann") == {"far": "logged in"}
        async with replica(tmp_path, server, {"MCP_DYNALOAD_LOGIN_KEYS": OTHER_KEY}) as three:
            three.tokens.update(one.tokens)
            assert await three.states("ann") == {"far": "not logged in"}
            await three.log_in("ann")
            assert await three.states("ann") == {"far": "logged in"}


async def test_with_the_token_a_users_logins_are_forgotten_and_a_later_token_of_the_name_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"CONFIG": str(tmp_path / "config"), "STATE": str(tmp_path / "state")}
    for name, folder in places.items():
        monkeypatch.setenv(f"MCP_DYNALOAD_{name}_DIR", folder)
    async with protected() as server, replica(tmp_path, server) as one:
        await one.log_in("ann")
        await one.log_in("bob")
        users = one.service.state.user_logins
        assert users is not None
        with open_tokens("", tmp_path / "state" / "dynaload.db") as tokens:
            owners = {r.name: owner_of("", r.name, r.created_at) for r in await tokens.all()}
            assert [len(await users.vault.all(owners[name])) for name in ("ann", "bob")] == [1, 1]

            done = await anyio.to_thread.run_sync(lambda: CliRunner().invoke(token, ["revoke", "ann"]))
            one.tokens["ann"] = await tokens.create("ann", Scope.USE)

        assert "The token of ann is revoked" in done.output
        assert [len(await users.vault.all(owners[name])) for name in ("ann", "bob")] == [0, 1]
        assert await one.states("ann") == {"far": "not logged in"}
