"""A login from the page that the user opens to the call that needed it, against a real authorization server."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from mcp_dynaload.config.upstream_config import OAuthEntry, UpstreamConfig
from mcp_dynaload.errors import LoginError, UpstreamLoginError
from mcp_dynaload.logins.login import Login, key_of
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.logins.returned import read_pasted
from mcp_dynaload.logins.store import LoginStore
from mcp_dynaload.masking import Masker
from mcp_dynaload.upstream.pool import Pool, open_pool
from tests.logins.authorization import Issuer, ProtectedServer, address_after, follow, protected
from tests.ports import free_port
from tests.programs import PYTHON
from tests.transparency.serving import ROOT
from tests.upstream.sessions import RecordingHost, call
from tests.waiting import HANG_SECONDS


def logins_in(folder: Path, environ: dict[str, str] | None = None) -> Logins:
    masker = Masker()
    return Logins(LoginStore(folder / "logins", masker), masker, environ=environ or {})


def entry(server: ProtectedServer, **fields: object) -> UpstreamConfig:
    return replace(UpstreamConfig(name="far", transport="http", url=server.url), **fields)


async def log_in(logins: Logins, config: UpstreamConfig, secret: str = "") -> Login:
    with anyio.fail_after(HANG_SECONDS):
        async with logins.open(config, None, secret) as pending:
            await follow(pending.url)
            return await pending.wait()


async def say(pool: Pool, tool: str) -> str:
    with anyio.fail_after(HANG_SECONDS):
        return (await call(pool, "far", tool))["content"][0]["text"]


def pool_with(folder: Path, logins: Logins, config: UpstreamConfig):
    return open_pool([config], RecordingHost(), folder, folder / "logs", 10, masker=logins.masker, logins=logins)


async def stored(logins: Logins, config: UpstreamConfig) -> Login:
    login = await logins.store.read(key_of(config))
    assert login is not None
    return login


@pytest.mark.proves("logins")
async def test_a_user_logs_in_and_calls_go_through(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, pool_with(tmp_path, logins, entry(server)) as pool:
        with pytest.raises(UpstreamLoginError, match="mcp-dynaload login far"):
            await say(pool, "read")
        assert pool.logins_needed == ("far",)

        login = await log_in(logins, entry(server))

        assert await say(pool, "read") == "done: read"
        assert pool.logins_needed == ()
    assert server.issuer.asked == ["register", "authorize", "exchange"]
    assert server.issuer.resources == [server.url]
    assert server.seen[-1] == f"Bearer {login.access_token}"
    assert login.issuer.rstrip("/") == server.origin


async def test_a_refusal_with_an_error_in_json_rpc_wants_a_login_as_well(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, pool_with(tmp_path, logins, entry(server)) as pool:
        server.refuses_in_json_rpc = True

        with pytest.raises(UpstreamLoginError, match="mcp-dynaload login far"):
            await say(pool, "read")


async def test_what_is_kept_is_for_the_user_alone(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server:
        await log_in(logins, entry(server))

    files = sorted((tmp_path / "logins").iterdir())
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    assert oct((tmp_path / "logins").stat().st_mode & 0o777) == "0o700"


@pytest.mark.proves("secrets")
async def test_tokens_are_masked_as_soon_as_they_are_known(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server:
        login = await log_in(logins, entry(server))

    told = logins.masker.known(f"{login.access_token} {login.refresh_token} {login.client.client_secret}")
    another = logins_in(tmp_path)
    assert await another.login_of(entry(server)) == login  # which a later process reads, and masks, too
    told += another.masker.known(f"{login.access_token}{login.refresh_token}")

    assert not any(secret in told for secret in login.secrets if secret)


async def test_a_token_that_has_run_out_is_renewed_whatever_the_clocks_say(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, pool_with(tmp_path, logins, entry(server)) as pool:
        before = await log_in(logins, entry(server))
        server.issuer.forget_access()  # long before what was said of it, as by a clock that is off by minutes

        assert await say(pool, "read") == "done: read"

        after = await stored(logins, entry(server))
    assert server.issuer.asked == ["register", "authorize", "exchange", "refresh"]
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token


async def test_a_token_that_is_about_to_run_out_is_renewed_before_it_is_sent(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected(Issuer(lifetime=0)) as server, pool_with(tmp_path, logins, entry(server)) as pool:
        await log_in(logins, entry(server))
        server.issuer.lifetime = 3600

        assert await say(pool, "read") == "done: read"

    assert server.issuer.asked[3:] == ["refresh"]
    assert len({sent for sent in server.seen if sent}) == 1


async def test_a_login_that_was_revoked_is_over_and_a_new_one_is_asked_for(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, pool_with(tmp_path, logins, entry(server)) as pool:
        await log_in(logins, entry(server))
        server.issuer.revoke_all()

        with pytest.raises(UpstreamLoginError, match="mcp-dynaload login far"):
            await say(pool, "read")
        assert not (await stored(logins, entry(server))).has_tokens

        await log_in(logins, entry(server))
        assert await say(pool, "read") == "done: read"


async def test_two_processes_at_once_use_one_renewal(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    renewed: list[str] = []

    async def renew_here() -> None:
        renewed.append(await logins.renewed(entry(server), login.access_token))

    async with protected() as server:
        login = await log_in(logins, entry(server))
        command = [PYTHON, "-m", "tests.logins.renew", str(tmp_path / "logins"), server.url, login.access_token]
        with anyio.fail_after(HANG_SECONDS):
            async with await anyio.open_process(command, cwd=ROOT, stderr=None) as process:
                assert process.stdout is not None
                lines = BufferedByteReceiveStream(process.stdout)
                held = logins.store.alone(key_of(entry(server)))  # so that both wait for the same moment
                async with anyio.create_task_group() as tasks, held:
                    tasks.start_soon(renew_here)
                    assert await lines.receive_until(b"\n", 100) == b"ready"
                renewed.append((await lines.receive_until(b"\n", 1000)).decode())

    assert server.issuer.asked[3:] == ["refresh"]
    assert renewed[0] == renewed[1] != login.access_token


async def test_twenty_calls_at_once_use_one_renewal(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, pool_with(tmp_path, logins, entry(server)) as pool:
        await log_in(logins, entry(server))
        await say(pool, "read")
        server.issuer.forget_access()

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(say, pool, "read")

    assert server.issuer.asked.count("refresh") == 1


async def test_an_authorization_server_that_is_down_ends_no_login(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server:
        login = await log_in(logins, entry(server))
    with pytest.raises(LoginError, match="could not be reached"):
        await logins.renewed(entry(server), login.access_token)

    assert await stored(logins, entry(server)) == login


async def test_a_call_that_needs_more_is_asked_for_with_what_was_granted_before(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, pool_with(tmp_path, logins, entry(server)) as pool:
        await log_in(logins, entry(server))
        with pytest.raises(UpstreamLoginError) as refused:
            await say(pool, "admin")
        assert (refused.value.demand.is_step_up, refused.value.demand.scope) == (True, "admin")
        assert await say(pool, "read") == "done: read"  # the login itself still holds

        login = await log_in(logins, entry(server))  # by a command that knows nothing of the call

        assert sorted(login.scope.split()) == ["admin", "read"]
        assert await say(pool, "admin") == "done: admin"


async def test_a_login_that_grants_too_little_is_told_and_asked_no_end(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with (
        protected(Issuer(grants=frozenset({"read"}))) as server,
        pool_with(tmp_path, logins, entry(server)) as pool,
    ):
        await log_in(logins, entry(server, oauth=OAuthEntry(scopes="read admin")))

        with pytest.raises(UpstreamLoginError):
            await say(pool, "admin")

    assert server.issuer.asked == ["register", "authorize", "exchange"]


async def test_a_foreign_return_changes_nothing(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, logins.open(entry(server), None) as pending:
        back = await address_after(pending.url)
        port = urlsplit(back).port
        foreign = await follow(f"http://localhost:{port}/callback?code=stolen&state=another")
        elsewhere = await follow(f"http://localhost:{port}/other")
        assert (foreign.status_code, elsewhere.status_code) == (400, 404)

        own = await follow(back)
        login = await pending.wait()

    assert own.status_code == 200
    assert login.has_tokens
    assert server.issuer.asked == ["register", "authorize", "exchange"]


async def test_a_pasted_address_or_code_ends_the_login_and_another_ones_does_not(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server:
        for cut in (False, True):
            async with logins.open(entry(server), None) as pending:
                with pytest.raises(LoginError, match="another login"):
                    pending.paste("http://localhost:1/callback?code=x&state=y")
                back = await address_after(pending.url)
                pending.paste(parse_qs(urlsplit(back).query)["code"][0] if cut else f"  {back}\n")
                assert (await pending.wait()).has_tokens
    with pytest.raises(LoginError, match="neither"):
        read_pasted("no code at all", "state")


async def test_a_refusal_of_the_user_is_told(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected(Issuer(denies=True)) as server, logins.open(entry(server), None) as pending:
        await follow(pending.url)
        with pytest.raises(LoginError, match="access_denied"):
            await pending.wait()


@pytest.mark.parametrize("claimed", ["https://evil.example", None])
async def test_an_answer_of_another_authorization_server_is_refused(tmp_path: Path, claimed: str | None) -> None:
    logins = logins_in(tmp_path)
    async with protected(Issuer(names_itself=claimed)) as server, logins.open(entry(server), None) as pending:
        if claimed is None:
            begun = pending._begun  # pyright: ignore[reportPrivateUsage]
            described = {**json.loads(begun.metadata), "authorization_response_iss_parameter_supported": True}
            pending._begun = replace(begun, metadata=json.dumps(described))  # pyright: ignore[reportPrivateUsage]
        await follow(pending.url)
        with pytest.raises(LoginError, match="authorization server"):
            await pending.wait()
    assert "exchange" not in server.issuer.asked


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    logins, port = logins_in(tmp_path), free_port()
    async with protected() as server:
        config = entry(server, oauth=OAuthEntry(callback_port=port))
        async with logins.open(config, None) as first:
            assert f"localhost%3A{port}%2Fcallback" in first.url
            with pytest.raises(LoginError, match=rf"port {port}.*taken"):
                async with logins.open(config, None):
                    pass


async def test_a_registration_that_is_refused_is_told_with_the_way_out(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected(Issuer(refuses_registration=True)) as server:
        with pytest.raises(LoginError, match=r'refused to register us.*\\u003cyou\\u003e.*"clientId": ID'):
            await log_in(logins, entry(server))


async def test_a_client_that_was_registered_by_hand_is_used_with_its_secret(tmp_path: Path) -> None:
    first, port = logins_in(tmp_path / "by-itself"), free_port()
    async with protected() as server:
        own = await log_in(first, entry(server, oauth=OAuthEntry(callback_port=port)))
        by_hand = entry(server, oauth=OAuthEntry(client_id=own.client.client_id, callback_port=port))
        logins = logins_in(tmp_path, {"MCP_CLIENT_SECRET": own.client.client_secret})

        login = await log_in(logins, by_hand)

        assert await logins.token(by_hand) == login.access_token
        assert await logins.token(entry(server)) == ""  # for an entry without it the login is another's
        assert await logins.renewed(by_hand, login.access_token)
    assert server.issuer.asked.count("register") == 1
    assert not login.client.is_own


async def test_a_changed_address_never_gets_the_old_login(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, protected() as other:
        await log_in(logins, entry(server))
        async with pool_with(tmp_path, logins, entry(other)) as pool:
            with pytest.raises(UpstreamLoginError):
                await say(pool, "read")

    assert set(other.seen) == {""}


async def test_a_server_that_changes_its_authorization_server_gets_a_login_of_that_one(tmp_path: Path) -> None:
    logins, port = logins_in(tmp_path), free_port()
    async with protected(port=port) as server:
        before = await log_in(logins, entry(server))
    async with (
        protected() as elsewhere,
        protected(elsewhere.issuer, port=port, issuer_url=elsewhere.origin) as server,
    ):
        after = await log_in(logins, entry(server))

        assert after.issuer.rstrip("/") == elsewhere.origin
        assert before.issuer != after.issuer
        assert after.token_endpoint.startswith(elsewhere.origin)
        assert after.client.client_id != before.client.client_id
        assert elsewhere.issuer.asked == ["register", "authorize", "exchange"]


async def test_no_login_goes_unencrypted_or_where_a_far_server_may_not_send_it(tmp_path: Path) -> None:
    from mcp_dynaload.logins.web import Web

    with pytest.raises(LoginError, match="unencrypted"):
        Web("http://far.example.com/mcp")
    web = Web("https://far.example.com/mcp")
    for named in ("http://as.example.com/token", "http://127.0.0.1:9/token", "https://localhost/token", "file:///etc"):
        with pytest.raises(LoginError):
            web.checked(named, "token endpoint")
    assert web.checked("https://as.example.com/token", "token endpoint") == "https://as.example.com/token"


async def test_a_logout_revokes_and_forgets(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server:
        await log_in(logins, entry(server))

        assert await logins.log_out(key_of(entry(server)))

        assert server.issuer.access == {} == server.issuer.refresh
        assert await logins.token(entry(server)) == ""
        assert await logins.store.all() == {}


def helper(folder: Path, text: str) -> str:
    script = folder / "headers.py"
    script.write_text(text)
    return f"{sys.executable} -S {script}"


async def test_headers_come_from_the_entrys_command_and_are_asked_for_again_when_refused(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server:
        given = tmp_path / "token"
        given.write_text("worn-out-token-of-before")
        code = f"import json; print(json.dumps({{'Authorization': 'Bearer ' + open({str(given)!r}).read()}}))"
        config = entry(server, headers_helper=helper(tmp_path, code))
        async with pool_with(tmp_path, logins, config) as pool:
            login = await log_in(logins_in(tmp_path / "other"), entry(server))
            given.write_text(login.access_token)
            assert await say(pool, "read") == "done: read"
            assert not pool.logins_needed

    assert login.access_token not in logins.masker.known(login.access_token)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit(3)", "exit status 3"),
        ("print('no json')", "no JSON"),
        ("print('[1]')", "no JSON object"),
        ("print('{\"X\": 1}')", "a value of 'X'"),
        ('print(\'{"X-A": "a\\\\r\\\\nX-B: b"}\')', "a value of 'X-A'"),
        ('print(\'{"Host": "evil"}\')', "a name"),
        ("print('x' * 2000000)", "printed more than"),
    ],
)
async def test_a_command_for_headers_that_fails_is_told_without_its_output(
    tmp_path: Path, code: str, said: str
) -> None:
    logins = logins_in(tmp_path)
    config = UpstreamConfig(name="far", transport="http", url="https://x.example/mcp")

    with anyio.fail_after(HANG_SECONDS), pytest.raises(LoginError) as failed:
        await logins.headers(replace(config, headers_helper=helper(tmp_path, code)), tmp_path)

    assert said in str(failed.value)
    assert "evil" not in str(failed.value)


async def test_a_file_that_was_tampered_with_is_no_login(tmp_path: Path) -> None:
    logins = logins_in(tmp_path)
    async with protected() as server, protected() as other:
        await log_in(logins, entry(server))
        key, wrong = key_of(entry(server)), key_of(entry(other))
        content = json.loads((tmp_path / "logins" / f"{key.id}.json").read_text())
        (tmp_path / "logins" / f"{wrong.id}.json").write_text(json.dumps(content))
        (tmp_path / "logins" / f"{key.id}.json").write_text("{")

        assert await logins.token(entry(other)) == ""
        assert await logins.token(entry(server)) == ""
