"""Commands for the cache of rankings."""

from mcp_dynaload.proxy.commands.command import Result, Words, done, refused
from mcp_dynaload.proxy.commands.layout import counted
from mcp_dynaload.proxy.session import Session


async def cache_enable(session: Session, words: Words) -> Result:
    """Keep rankings of prompts from now on."""
    session.live.index.rankings.enable()
    if not session.live.index.rankings.is_enabled:
        return refused("The cache stays off: CACHE_TTL_SECONDS or MAX_CACHE_SIZE is 0 in the settings.")
    return done("The cache of rankings is on: the same prompt is not ranked twice.")


async def cache_disable(session: Session, words: Words) -> Result:
    """Keep no rankings, and forget those kept."""
    kept = session.live.index.rankings.counts().rankings
    session.live.index.rankings.disable()
    return done(f"The cache of rankings is off; {counted(kept, 'ranking')} forgotten.")


async def cache_clear(session: Session, words: Words) -> Result:
    """Forget the rankings that are kept."""
    return done(f"{counted(session.live.index.rankings.clear(), 'ranking')} forgotten.")
