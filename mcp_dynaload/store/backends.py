"""Opens what outlives a process where the settings say that it is."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from mcp_dynaload.logins.vault import LoginVault
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.definitions import DefinitionStore
from mcp_dynaload.store.journal import JournalStore, SqliteJournal
from mcp_dynaload.store.marked_tokens import MarkedTokens
from mcp_dynaload.store.sqlite_definitions import SqliteDefinitions
from mcp_dynaload.store.sqlite_logins import SqliteLogins
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.tokens import SqliteTokens, TokenStore
from mcp_dynaload.store.usage import UsageStore


@contextmanager
def open_usage(url: str, database_file: Path) -> Generator[UsageStore]:
    """Open the usage in the Redis at `url`, or without one in the database; let go of at exit.

    Raises:
        ConfigError: The URL cannot be used.
    """
    memory = _shared(url) if url else SqliteUsage(Database(database_file))
    try:
        yield memory
    finally:
        memory.close()


@contextmanager
def open_tokens(url: str, database_file: Path, mark_file: Path | None = None) -> Generator[TokenStore]:
    """Open the access tokens in the Redis at `url`, or without one in the database; let go of at exit.

    The file says that there were tokens even when the store is lost.

    Raises:
        ConfigError: The URL cannot be used.
    """
    if not url:
        with closing(Database(database_file)) as database:
            yield _marked(SqliteTokens(database), mark_file)
        return
    from mcp_dynaload.store.redis_connection import AWAITED_SECONDS, open_redis
    from mcp_dynaload.store.redis_tokens import RedisTokens

    with closing(open_redis(url, answer_seconds=AWAITED_SECONDS)) as remote:
        yield _marked(RedisTokens(remote), mark_file)


@contextmanager
def open_definitions(url: str, file: Path) -> Generator[DefinitionStore]:
    """Open the approved definitions in the Redis at `url`, or without one in a file; let go of at exit.

    Raises:
        ConfigError: The URL cannot be used.
    """
    if not url:
        with closing(SqliteDefinitions(file)) as definitions:
            yield definitions
        return
    from mcp_dynaload.store.redis_connection import AWAITED_SECONDS, open_redis
    from mcp_dynaload.store.redis_definitions import RedisDefinitions

    with closing(RedisDefinitions(open_redis(url, is_awaited=True, answer_seconds=AWAITED_SECONDS))) as remote:
        yield remote


@contextmanager
def open_login_vault(url: str, file: Path) -> Generator[LoginVault]:
    """Open the sealed logins of users in the Redis at `url`, or without one in a file; let go of at exit.

    Raises:
        ConfigError: The URL cannot be used.
    """
    if not url:
        with closing(SqliteLogins(file)) as logins:
            yield logins
        return
    from mcp_dynaload.store.redis_connection import AWAITED_SECONDS, open_redis
    from mcp_dynaload.store.redis_logins import RedisLogins

    with closing(RedisLogins(open_redis(url, is_awaited=True, answer_seconds=AWAITED_SECONDS))) as remote:
        yield remote


def open_journal_store(url: str, file: Path, days: float, rows: int) -> JournalStore:
    """Open the journal in the Redis at `url`, or without one in a file; it keeps so many entries for so many days.

    Raises:
        ConfigError: The URL cannot be used.
    """
    if not url:
        return SqliteJournal(file, days, rows)
    from mcp_dynaload.store.redis_connection import open_redis
    from mcp_dynaload.store.redis_journal import RedisJournal

    return RedisJournal(open_redis(url), days, rows)


def _marked(tokens: TokenStore, mark_file: Path | None) -> TokenStore:
    return MarkedTokens(tokens, mark_file) if mark_file else tokens


def _shared(url: str) -> UsageStore:
    # the Redis client: a tenth of a second that nobody pays who has no url
    from mcp_dynaload.store.redis_connection import open_redis
    from mcp_dynaload.store.redis_usage import RedisUsage

    return RedisUsage(open_redis(url))
