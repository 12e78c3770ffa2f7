"""A Redis in which others have written too: another program, another version of ours, a user whose rights are few."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict

import pytest
from redis import Redis
from structlog.testing import capture_logs

from mcp_dynaload.catalog.pinning import DefinitionElement
from mcp_dynaload.errors import StoreError
from mcp_dynaload.store.definitions import PinnedServer
from mcp_dynaload.store.journal import Row, Wanted
from mcp_dynaload.store.redis_connection import RedisConnection, open_redis
from mcp_dynaload.store.redis_definitions import SERVERS, RedisDefinitions
from mcp_dynaload.store.redis_journal import KEY, RedisJournal
from mcp_dynaload.store.redis_tokens import RECORDS, RedisTokens
from mcp_dynaload.store.redis_usage import RedisUsage
from mcp_dynaload.store.tokens import Scope, hash_of
from mcp_dynaload.store.usage import Calls
from tests.redis_server import RedisServer


@pytest.fixture
def others(redis: RedisServer) -> Iterator[Redis]:
    redis.flush()
    with Redis(port=redis.port, decode_responses=True) as client:
        yield client


@pytest.fixture
def remote(redis: RedisServer, others: Redis) -> Iterator[RedisConnection]:
    with closing(open_redis(redis.url)) as remote:
        yield remote


def test_a_key_of_another_type_costs_what_is_to_be_kept_there_and_nothing_else(
    remote: RedisConnection, others: Redis
) -> None:
    memory = RedisUsage(remote)
    others.set('dynaload:pins:["/p"]', "no set")

    with capture_logs() as logs:
        problem = memory.keep_pins("/p", ["log"])
        pins = memory.pins("/p")
        memory.note("/p", "s", {"log": Calls(1)})
        memory.note("/p", "s", {"log": Calls(1)})

        assert [dict(session.tools) for session in memory.sessions("/p")] == [{"log": Calls(2)}]
    assert problem is not None
    assert "refuses it (WRONGTYPE" in problem
    assert pins is None
    assert [(entry["event"], entry["keys"]) for entry in logs] == [
        ("store_write_failed", ['dynaload:pins:["/p"]']),
        ("store_read_failed", ['dynaload:pins:["/p"]']),
    ]


def test_a_state_of_redis_is_waited_for_and_said(remote: RedisConnection, others: Redis, redis: RedisServer) -> None:
    others.execute_command("CONFIG", "SET", "maxmemory", "1")  # pyright: ignore[reportUnknownMemberType]
    try:
        with capture_logs() as logs:
            problem = remote.write(("SET", "dynaload:x", "y" * 100))
    finally:
        others.execute_command("CONFIG", "SET", "maxmemory", "0")  # pyright: ignore[reportUnknownMemberType]

    assert problem == f"the store at 127.0.0.1:{redis.port} cannot be reached; it is tried again"
    assert [(entry["event"], entry["fix"]) for entry in logs] == [
        ("store_unreachable", "mend what Redis says, or name another one by store_url")
    ]
    assert "yyy" not in str(logs)


def test_a_wrong_password_is_named_as_that(redis: RedisServer) -> None:
    with capture_logs() as logs, closing(open_redis(f"redis://nobody:geheim@127.0.0.1:{redis.port}/0")) as remote:
        assert remote.read(("GET", "a")) is None

    assert [entry["fix"].split(",")[0] for entry in logs] == ["correct user and password in store_url"]
    assert "geheim" not in str(logs)


def test_texts_with_half_a_character_come_back_and_bytes_of_others_do_no_harm(
    remote: RedisConnection, redis: RedisServer
) -> None:
    memory, odd = RedisUsage(remote), "\ud800 tool"
    memory.keep_pins("/p", [odd])
    memory.note("/p\udcff", "s", {odd: Calls(1)})
    with Redis(port=redis.port) as others:
        others.sadd('dynaload:pins:["/p"]', b"\xff")

    assert memory.pins("/p") == ("\\xff", odd)
    assert [dict(session.tools) for session in memory.sessions("/p\udcff")] == [{odd: Calls(1)}]
    assert memory.projects() == ("/p\udcff",)


def test_what_a_later_version_writes_beside_ours_is_passed_over(remote: RedisConnection, others: Redis) -> None:
    memory, journal = RedisUsage(remote), RedisJournal(remote, 1.0, 100)
    memory.note("/p", "s", {"log": Calls(1)})
    others.hset('dynaload:tools:["/p", "s"]', mapping={"seconds log": "1.5", "odd": "1", "calls other": "much"})
    others.zadd('dynaload:followings:["/p"]', {'["a", "b", "c"]': 3, "x": 2})
    journal.append([Row(at=4e9, kind="a", fact="{}")])
    others.xadd(KEY, {"row": json.dumps(asdict(Row(at=4e9, kind="b", fact="{}")) | {"later": 1})})
    others.xadd(KEY, {"other": "x"})

    assert [dict(session.tools) for session in memory.sessions("/p")] == [{"log": Calls(1)}]
    assert memory.followings("/p") == ()
    assert [entry.row.kind for entry in journal.read(Wanted())] == ["a", "b"]


async def test_a_token_of_a_kind_that_we_do_not_know_lets_nobody_in(remote: RedisConnection, others: Redis) -> None:
    tokens = RedisTokens(remote)
    ours = await tokens.create("ann", Scope.ADMIN)
    others.hset(RECORDS, hash_of("theirs"), json.dumps({"name": "bob", "scope": "later", "created_at": 1.0}))

    assert await tokens.find("theirs") is None
    assert (found := await tokens.find(ours)) is not None
    assert await tokens.all() == [found]


def test_approvals_that_cannot_be_read_are_no_approvals(remote: RedisConnection, others: Redis) -> None:
    definitions = RedisDefinitions(remote)
    definitions.keep(
        PinnedServer("a", 1.0, ("e",), (), ""), [DefinitionElement("tool", "x", content="{}", digest="digest")]
    )
    others.hset(SERVERS, "b", "[]")

    assert definitions.approved("a") == {("tool", "x"): frozenset({"digest"})}
    with pytest.raises(StoreError, match=f"{SERVERS} in the Redis of store_url holds what is not ours"):
        definitions.server("b")
