"""A Redis that answers slowly gives each user their login, holds nobody else up, and mixes nobody's."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import anyio
import anyio.to_thread
import pytest
from redis import ConnectionError as RedisConnectionError
from redis import Redis
from structlog.testing import capture_logs

from mcp_dynaload.errors import StoreAwayError, StoreError
from mcp_dynaload.logins import vault as login_vault
from mcp_dynaload.logins.login import Login, LoginKey, RegisteredClient
from mcp_dynaload.logins.sealing import Sealer
from mcp_dynaload.logins.vault import SealedLogins
from mcp_dynaload.masking import Masker
from mcp_dynaload.store.redis_logins import LOGINS, RedisLogins
from tests.faults.scripted import until
from tests.redis_server import RedisServer
from tests.store.slow_redis import WaitedWay, slow_redis

KEY = LoginKey("notes", "https://notes.example")
CLIENT = RegisteredClient(client_id="us", redirect_uri="http://127.0.0.1/back")
USERS = [f"user {number}" for number in range(100)]

pytestmark = pytest.mark.proves("team-store-away", "user-logins")


@pytest.fixture
def way() -> WaitedWay:
    return WaitedWay()


@pytest.fixture
def vault(redis: RedisServer, way: WaitedWay) -> Iterator[RedisLogins]:
    redis.flush()
    with capture_logs(), closing(RedisLogins(slow_redis(redis.url, way, is_awaited=True))) as opened:
        yield opened
        way.seconds = 0.0


def logins_of(vault: RedisLogins, user: str) -> SealedLogins:
    return SealedLogins(vault, Sealer([bytes(32)]), user, Masker())


def a_login(token: str) -> Login:
    return Login(issuer="https://i", token_endpoint="https://i/token", client=CLIENT, access_token=token)


async def test_all_who_come_at_once_have_their_own_login_after_two_answers_and_no_other_work_waits(
    vault: RedisLogins, way: WaitedWay
) -> None:
    for user in USERS:
        await vault.write(user, KEY.id, f"sealed for {user}")
    way.seconds, way.asked, found = 0.1, 0, dict[str, str | None]()
    answered_meanwhile = len(USERS)

    async def read(user: str) -> None:
        found[user] = await vault.read(user, KEY.id)

    async with anyio.create_task_group() as tasks:
        for user in USERS:
            tasks.start_soon(read, user)
        await anyio.sleep(0.01)
        await anyio.to_thread.run_sync(time.monotonic)
        answered_meanwhile = len(found)

    assert found == {user: f"sealed for {user}" for user in USERS}
    assert way.asked <= 2
    assert answered_meanwhile <= 1


async def test_who_has_read_their_login_before_waits_for_a_moment_and_who_has_not_for_the_answer(
    vault: RedisLogins, way: WaitedWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_vault, "KNOWN_SECONDS", 0.1)
    known, unknown = logins_of(vault, "ann"), logins_of(vault, "bob")
    await logins_of(vault, "ann").write(KEY, a_login("ann's"))
    await logins_of(vault, "bob").write(KEY, a_login("bob's"))
    await known.read(KEY)
    way.seconds, ended = 0.6, list[tuple[str, Login | None]]()

    async def read(user: str, logins: SealedLogins) -> None:
        ended.append((user, await logins.read(KEY)))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read, "bob", unknown)
            tasks.start_soon(read, "ann", known)

    assert ended == [("ann", a_login("ann's")), ("bob", a_login("bob's"))]


async def test_a_key_that_redis_refuses_to_read_harms_its_own_user_alone(
    vault: RedisLogins, redis: RedisServer, way: WaitedWay
) -> None:
    await vault.write("ann", KEY.id, "sealed")
    with Redis(port=redis.port) as other:
        other.set(f"{LOGINS}bob", "another program's")
    way.seconds, told = 0.1, dict[str, object]()

    async def read(user: str) -> None:
        try:
            told[user] = await vault.read(user, KEY.id)
        except StoreError as error:
            told[user] = type(error)

    async with anyio.create_task_group() as tasks:
        for user in ("first", "ann", "bob", "eve"):
            tasks.start_soon(read, user)

    assert told == {"first": None, "ann": "sealed", "bob": StoreError, "eve": None}


async def test_while_redis_is_away_the_login_read_last_is_used_but_never_renewed(
    vault: RedisLogins, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(way: WaitedWay) -> None:
        raise RedisConnectionError("gone")

    logins = logins_of(vault, "ann")
    await logins.write(KEY, a_login("ann's"))
    stamp = await logins.stamp(KEY)
    monkeypatch.setattr(WaitedWay, "pass_by", fail)

    assert await logins.read(KEY) == a_login("ann's")
    assert await logins.stamp(KEY) == stamp
    with pytest.raises(StoreAwayError):
        await logins.read(KEY, is_latest=True)


async def test_where_the_system_gives_no_thread_it_is_as_if_redis_were_away_and_the_next_one_is_answered(
    vault: RedisLogins, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vault.write("ann", KEY.id, "sealed")
    start = threading.Thread.start

    def none_left(thread: threading.Thread) -> None:
        if thread.name == "batched questions":
            raise RuntimeError("can't start new thread")
        start(thread)

    await until(lambda: all(thread.name != "batched questions" for thread in threading.enumerate()))
    monkeypatch.setattr(threading.Thread, "start", none_left)
    with pytest.raises(StoreAwayError):
        await vault.read("ann", KEY.id)
    monkeypatch.undo()

    assert await vault.read("ann", KEY.id) == "sealed"
