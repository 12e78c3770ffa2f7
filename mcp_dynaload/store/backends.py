"""Opens what outlives a process where the settings say that it is."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from mcp_dynaload.store.database import Database
from mcp_dynaload.store.journal import JournalStore, SqliteJournal
from mcp_dynaload.store.marked_tokens import MarkedTokens
from mcp_dynaload.store.sqlite_usage import LocalMemory
from mcp_dynaload.store.tokens import StoredTokens, Tokens
from mcp_dynaload.store.usage import Memory


@contextmanager
def open_memory(url: str, database_file: Path) -> Generator[Memory]:
    """The Redis at `url`, or without one the database; let go of at exit.

    Raises:
        ConfigError: The URL cannot be used.
    """
    memory = _shared(url) if url else LocalMemory(Database(database_file))
    try:
        yield memory
    finally:
        memory.close()


@contextmanager
def open_tokens(url: str, database_file: Path, mark_file: Path | None = None) -> Generator[Tokens]:
    """The access tokens in the Redis at `url`, or without one in the database; let go of at exit.

    The file says that there were tokens even when the store is lost.

    Raises:
        ConfigError: The URL cannot be used.
    """
    if not url:
        with closing(Database(database_file)) as database:
            yield _marked(StoredTokens(database), mark_file)
        return
    from mcp_dynaload.store.redis_connection import open_remote
    from mcp_dynaload.store.redis_tokens import SharedTokens

    with closing(open_remote(url)) as remote:
        yield _marked(SharedTokens(remote), mark_file)


def open_journal_store(url: str, file: Path, days: float, rows: int) -> JournalStore:
    """The journal in the Redis at `url`, or without one in a file; keeps entries for so many days, at most so many.

    Raises:
        ConfigError: The URL cannot be used.
    """
    if not url:
        return SqliteJournal(file, days, rows)
    from mcp_dynaload.store.redis_connection import open_remote
    from mcp_dynaload.store.redis_journal import SharedJournal

    return SharedJournal(open_remote(url), days, rows)


def _marked(tokens: Tokens, mark_file: Path | None) -> Tokens:
    return MarkedTokens(tokens, mark_file) if mark_file else tokens


def _shared(url: str) -> Memory:
    # the Redis client: a tenth of a second that nobody pays who has no url
    from mcp_dynaload.store.redis_connection import open_remote
    from mcp_dynaload.store.redis_usage import SharedMemory

    return SharedMemory(open_remote(url))
