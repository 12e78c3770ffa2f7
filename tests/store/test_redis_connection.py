"""A Redis that is away harms nothing, and nothing that was told to it is lost."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis
from structlog.testing import capture_logs

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.store import redis_connection as remote
from mcp_dynaload.store.backends import open_usage
from mcp_dynaload.store.redis_connection import open_redis
from mcp_dynaload.store.redis_usage import RedisUsage
from mcp_dynaload.store.usage import Calls, KeptSession
from tests.ports import free_port
from tests.redis_server import RedisServer, running_redis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try Redis again with each call."""
    monkeypatch.setattr(remote, "REST_SECONDS", 0.0)


@pytest.mark.proves("team-store-away")
@pytest.mark.usefixtures("at_once")
def test_what_was_told_while_redis_was_away_is_there_when_it_is_back(redis: RedisServer) -> None:
    with capture_logs() as logs, closing(RedisUsage(open_redis(redis.url))) as memory:
        memory.note("/project", "s", {"log": Calls(1)})
        assert memory.keep_pins("/project", ["log"]) is None
        redis.stop()
        memory.note("/project", "s", {"log": Calls(1)})
        problem = memory.keep_pins("/project", ["status"])
        while_away = (memory.pins("/project"), memory.sessions("/project"), memory.kept("s"))
        redis.start()
        pins, sessions = memory.pins("/project"), memory.sessions("/project")

    assert problem == f"the store at 127.0.0.1:{redis.port} cannot be reached; it is tried again"
    assert while_away == (None, (), None)
    assert (pins, [dict(session.tools) for session in sessions]) == (("log", "status"), [{"log": Calls(2)}])
    assert [event["event"] for event in logs] == ["store_unreachable", "store_reachable_again"]


@pytest.mark.usefixtures("at_once")
def test_what_cannot_be_delivered_to_the_end_is_told(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MAX_WAITING", 2)
    redis.stop()
    with capture_logs() as logs:
        memory = RedisUsage(open_redis(redis.url))
        for session in ("one", "two", "three"):
            memory.keep_session(session, KeptSession(frozenset({"log"})))
        memory.close()

    assert [(event["event"], event.get("writes")) for event in logs] == [
        ("store_unreachable", None),
        ("store_writes_lost", 3),
    ]


def test_after_a_failure_it_is_left_alone_for_a_while() -> None:
    now = 0.0
    store = open_redis(f"redis://127.0.0.1:{free_port()}/0")
    patient = remote.RedisConnection(store._client, "here", lambda: now)  # pyright: ignore[reportPrivateUsage] - its clock

    with capture_logs():
        assert patient.read(("GET", "a")) is None
        store._client.close()  # pyright: ignore[reportPrivateUsage]
        assert patient.read(("GET", "a")) is None
        assert patient._not_before == remote.REST_SECONDS  # pyright: ignore[reportPrivateUsage]
        now = remote.REST_SECONDS
        assert patient.read(("GET", "a")) is None
        assert patient._not_before == 2 * remote.REST_SECONDS  # pyright: ignore[reportPrivateUsage]


@pytest.mark.proves("team-store-away")
def test_what_the_user_has_set_is_asked_for_though_it_has_just_failed(redis: RedisServer) -> None:
    with capture_logs(), closing(RedisUsage(open_redis(redis.url))) as memory:
        memory.keep_pins("/project", ["log"])
        redis.stop()
        assert memory.pins("/project") is None
        redis.start()
        time.sleep(remote.VITAL_REST_SECONDS)

        assert not memory.sessions("/project")
        assert memory.pins("/project") == ("log",)


@pytest.mark.parametrize("url", ["redis://localhost:port", "http://localhost"])
def test_a_url_that_cannot_be_used_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="store_url cannot be used"), open_usage(url, tmp_path / "x.db"):
        pass


def test_a_password_is_in_no_message() -> None:
    with capture_logs() as logs, closing(open_redis(f"redis://:geheim@127.0.0.1:{free_port()}/0")) as store:
        problem = store.write(("SET", "a", 1))

    assert problem
    assert "geheim" not in problem + str(logs)


@pytest.mark.usefixtures("at_once")
def test_what_waits_is_delivered_though_nobody_asks(redis: RedisServer) -> None:
    with capture_logs(), closing(RedisUsage(open_redis(redis.url))) as memory:
        redis.stop()
        memory.keep_pins("/project", ["log"])
        redis.start()
        with Redis(port=redis.port, decode_responses=True) as client:
            deadline = time.monotonic() + 5
            while not client.exists('dynaload:pins:["/project"]') and time.monotonic() < deadline:
                time.sleep(0.01)  # nothing tells of it
            kept = client.exists('dynaload:pins:["/project"]')

    assert kept == 1


@pytest.mark.proves("team-store-away")
def test_one_that_answers_slowly_holds_nobody_up_for_long_and_has_what_waits_later(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("SLOW_SECONDS", 0.05), ("HELD_UP_SECONDS", 0.2), ("REST_SECONDS", 0.1)):
        monkeypatch.setattr(remote, name, seconds)
    with capture_logs() as logs, closing(RedisUsage(open_redis(redis.url))) as memory, Redis(port=redis.port) as other:
        memory.keep_pins("/project", ["log"])
        other.execute_command("CLIENT", "PAUSE", 600, "ALL")  # pyright: ignore[reportUnknownMemberType] - untyped there
        assert memory.pins("/project") == ("log",)

        began = time.monotonic()
        for session in map(str, range(10)):
            assert memory.kept(session) == KeptSession()
            memory.keep_session(session, KeptSession(frozenset({"log"})))
        problem = memory.keep_pins("/project", ["status"])
        assert time.monotonic() - began < 0.3

        while len(other.smembers('dynaload:pins:["/project"]')) < 2:  # pyright: ignore
            time.sleep(0.02)

    assert problem == f"the store at 127.0.0.1:{redis.port} answers slowly; it is tried again"
    assert [event["event"] for event in logs if event["log_level"] != "debug"][:1] == ["store_slow"]
