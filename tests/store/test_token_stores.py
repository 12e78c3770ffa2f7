"""Access tokens are kept alike in the state folder and in a Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.errors import StoreError
from mcp_dynaload.store import redis_connection as remote
from mcp_dynaload.store.backends import open_tokens
from mcp_dynaload.store.tokens import PREFIX, Scope, TokenStore
from tests.redis_server import running_redis


@pytest.fixture
def tokens(url: str, tmp_path: Path) -> Iterator[TokenStore]:
    with open_tokens(url, tmp_path / "dynaload.db") as opened:
        yield opened


async def test_a_token_is_known_to_every_replica_until_it_is_revoked(
    tokens: TokenStore, url: str, tmp_path: Path
) -> None:
    assert not await tokens.has_any()
    token = await tokens.create("ann", Scope.CONTROL)
    with open_tokens(url, tmp_path / "dynaload.db") as other:
        found = await other.find(token)
        assert await other.has_any()
        assert await tokens.revoke("ann")
        gone = await other.find(token)

    assert token.startswith(PREFIX)
    assert found is not None
    assert (found.name, found.scope) == ("ann", Scope.CONTROL)
    assert gone is None
    assert not await tokens.revoke("ann")
    assert not await tokens.has_any()


async def test_that_there_were_tokens_is_known_until_it_is_forgotten(
    tokens: TokenStore, url: str, tmp_path: Path
) -> None:
    before = await tokens.were_made()
    await tokens.create("ann", Scope.USE)
    with pytest.raises(StoreError, match="there are tokens, of ann"):
        await tokens.forget()
    await tokens.revoke("ann")
    with open_tokens(url, tmp_path / "dynaload.db") as other:
        after = await other.were_made()
        await other.forget()
    forgotten = await tokens.were_made()

    assert (before, after, forgotten) == (False, True, False)
    assert await tokens.all() == []
    assert await tokens.create("ann", Scope.USE)


async def test_a_store_that_is_lost_or_cannot_be_asked_opens_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "config" / "tokens-were-made"
    with open_tokens("", tmp_path / "one.db", mark) as tokens:
        before = await tokens.were_made()
        await tokens.create("ann", Scope.USE)
    with open_tokens("", tmp_path / "another.db", mark) as tokens:
        lost = await tokens.were_made()
        await tokens.forget()
    with open_tokens("", tmp_path / "another.db", mark) as tokens:
        forgotten = await tokens.were_made()

    assert (before, lost, forgotten) == (False, True, False)
    assert not mark.exists()


async def test_a_name_has_one_token_and_all_are_listed_by_name(tokens: TokenStore) -> None:
    await tokens.create("milo", Scope.USE)
    await tokens.create("ann", Scope.ADMIN)
    with pytest.raises(StoreError, match="there is a token for 'ann'; revoke it first"):
        await tokens.create("ann", Scope.USE)

    assert [(record.name, record.scope) for record in await tokens.all()] == [
        ("ann", Scope.ADMIN),
        ("milo", Scope.USE),
    ]


async def test_another_s_token_or_a_part_of_one_is_none(tokens: TokenStore) -> None:
    token = await tokens.create("ann", Scope.USE)

    assert await tokens.find(token[:-1]) is None
    assert await tokens.find(PREFIX) is None
    assert await tokens.find("") is None


@pytest.mark.proves("team-store-away")
async def test_while_redis_is_away_who_was_let_in_stays_in_and_nobody_new_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "REST_SECONDS", 0.0)
    with running_redis(tmp_path) as server, open_tokens(server.url, tmp_path / "x.db") as tokens, capture_logs():
        known, unknown = await tokens.create("ann", Scope.USE), await tokens.create("milo", Scope.USE)
        before = await tokens.find(known)
        server.stop()
        while_away = (await tokens.find(known), await tokens.has_any())
        with pytest.raises(StoreError, match="does not answer whether the access token is valid"):
            await tokens.find(unknown)
        with pytest.raises(StoreError, match="could not be stored"):
            await tokens.create("eve", Scope.ADMIN)
        with pytest.raises(StoreError, match="could not be revoked"):
            await tokens.revoke("ann")
        server.start()
        back = await tokens.find(unknown)

    assert while_away == (before, True)
    assert back is not None
