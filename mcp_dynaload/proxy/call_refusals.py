"""The answers to a call that no server gives: it is refused, denied or failed, and why, so that the model can react."""

import structlog

from mcp_dynaload.catalog.names import FIND_TOOLS
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamDeniedError, UpstreamError
from mcp_dynaload.proxy.events import MAX_TEXT
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.telemetry.events import CallDenied

ESCAPE = "DYNAMIC_LOADING_ENABLED=false lists every tool"
"""For a client that does not follow changes of the list."""

log = structlog.get_logger()


def refused(why: str) -> Json:
    """Return a result that says why there is no other one."""
    return {"content": [{"type": "text", "text": why}], "isError": True}


def denied(session: Session, upstream: str, tool: str, rule: str, why: str) -> Json:
    """Return that the servers file denies a tool, and tell of the call."""
    session.emit(CallDenied(tool=tool[:MAX_TEXT], upstream=upstream, detail=rule))
    log.info("call_denied", upstream=upstream, tool=tool[:MAX_TEXT], rule=rule)
    return refused(why)


def held(session: Session, upstream: str, error: UpstreamError) -> Json:
    """Return that a tool is denied, which is told, or not approved, or that the scan of the call keeps it back."""
    if isinstance(error, UpstreamDeniedError):
        return denied(session, upstream, error.tool, error.rule, str(error))
    return refused(str(error))


def unwanted(session: Session, name: str) -> str:
    """Return why a tool that the user unloaded is not called."""
    return (
        f"The user unloaded {name!r} for this session: do not call it, use another way or ask. "
        f"Only they can bring it back, by loading or pinning it, or with /{session.registration.server}:reset."
    )


def unknown(session: Session, name: str, *, has_find_tools: bool) -> str:
    """Return that there is no such tool, and where to look for the one that is meant."""
    listings = session.live.listings
    for server in listings.unseen:
        if server in listings.failures and name.startswith(listings.configs[server].prefix or name):
            odd = "".join(f" Its entry: {warning}." for warning in listings.configs[server].warnings)
            return f"There is no tool {name!r}. {listings.failures[server]}{odd}"
    nearest = session.catalog.nearest(name)
    hint = f" Did you mean {', '.join(repr(near) for near in nearest)}?" if nearest else ""
    missing = listings.unseen
    wait = f" Not listed yet: {', '.join(missing)}." if missing else ""
    search = f" {_search(session)} searches all of them; {ESCAPE}." if has_find_tools else ""
    unread = "".join(f" A servers file is not used: {problem}." for problem in session.live.unused.files)
    return f"There is no tool {name!r}.{hint}{search}{wait}{unread}"


def _search(session: Session) -> str:
    return f"ToolSearch (or {FIND_TOOLS!r})" if session.plugin.is_search_ours else repr(FIND_TOOLS)
