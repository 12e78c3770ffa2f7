"""Before a route answers: who sends, what for, how often and how much; then the body, in whole."""

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import structlog
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.routes import build_resource_metadata_url
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from pydantic import AnyHttpUrl
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.errors import StoreAwayError
from mcp_dynaload.http.auth import Access, bearer_token
from mcp_dynaload.http.host_guard import Origins, refused
from mcp_dynaload.http.mcp_endpoints import replayed
from mcp_dynaload.http.request_body import Take, UnfitBodyError, check_type, has_body, read_body
from mcp_dynaload.http.revocation import answer_while_welcome
from mcp_dynaload.store.tokens import Scope

RETRY_AFTER_SECONDS = 1

MAX_STREAMS = 200
"""The most streams of one token at the same time: more than its sessions need, far fewer than there are descriptors."""

SHARE = 2
"""One token may have this part of `max_concurrent_requests`: a half, so that others get an answer, too."""

MAX_KEY_CHARACTERS = 64
"""No session has a longer id, and what is counted is kept for a while."""

OWN_PAGES = frozenset({"", "none", "same-origin"})
"""The values of `Sec-Fetch-Site` where no page of another origin has a browser ask us; programs send none."""

log = structlog.get_logger()


class Guard:
    """The check of what a route needs; it refuses before anything is read of a body."""

    def __init__(self, settings: Settings, access: Access) -> None:
        self._settings = settings
        self._access = access
        self._origins = Origins(settings.allowed_origins)
        self._answering = 0
        self._requests: Counter[str] = Counter()
        self._streams: Counter[str] = Counter()
        self._unchecked = 0
        """The open streams of whose tokens nobody could tell at the last look."""

    @property
    def answering(self) -> int:
        """The number of requests that are being answered, open streams aside."""
        return self._answering

    async def serve(
        self, app: ASGIApp, scope: AsgiScope, receive: Receive, send: Send, *, needed: Scope | None, take: Take | None
    ) -> None:
        """Have a request answered if its sender has the scope; `take` is None where the route takes no such method."""
        if needed is not None:
            refusal = self._from_elsewhere(Headers(scope=scope)) or await self._unwelcome(scope, needed)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        if (refusal := self._busy(scope)) is not None:
            await refusal(scope, receive, send)
            return
        with self._counted(scope):
            await self._answer(app, scope, receive, send, needed=needed, take=take)

    async def _answer(
        self, app: ASGIApp, scope: AsgiScope, receive: Receive, send: Send, *, needed: Scope | None, take: Take | None
    ) -> None:
        headers = Headers(scope=scope)
        if has_body(headers) or scope["method"] == "POST":
            try:
                body = await read_body(headers, receive, self._settings.max_request_bytes)
                if take is not None and body:
                    check_type(headers)
                if take is not None and (body or scope["method"] == "POST"):
                    body = take(body)
            except UnfitBodyError as error:
                await error.response()(scope, receive, send)
                return
            except ClientDisconnect:  # nobody is there to be answered
                return
            receive = replayed(body, receive)
        if scope["method"] == "GET" and needed is not None:
            with self._checked(scope, needed) as is_welcome:
                await answer_while_welcome(app, scope, receive, send, is_welcome)
            return
        await app(scope, receive, send)

    @contextmanager
    def _checked(self, scope: AsgiScope, needed: Scope) -> Generator[Callable[[], Awaitable[bool]]]:
        """Yield the look at an open stream's token; that nobody can tell is logged once, for all streams."""
        is_unchecked = False

        def note(*, is_away: bool) -> None:
            nonlocal is_unchecked
            self._unchecked += is_away - is_unchecked
            is_unchecked = is_away

        async def is_welcome() -> bool:
            try:
                known = await self._access.identify(HTTPConnection(scope))
            except StoreAwayError as error:
                if not self._unchecked:
                    why = "open streams go on till it can be"
                    log.warning("token_not_checked", error=str(error), consequence=why)
                note(is_away=True)
                return True
            note(is_away=False)
            return known is not None and needed in known[1].scopes

        try:
            yield is_welcome
        finally:
            note(is_away=False)

    def _from_elsewhere(self, headers: Headers) -> Response | None:
        """Return a refusal of what another origin's page has a browser ask for: it may come without `Origin`, too."""
        site = headers.get("sec-fetch-site", "").strip().lower()
        if site in OWN_PAGES or self._origins.allow(headers.get("origin")):
            return None
        return refused(403, f"requests of pages of another site ({site!r}) are refused")

    async def _unwelcome(self, scope: AsgiScope, needed: Scope) -> Response | None:
        """Return a refusal of a sender who has no token for this, or asks too often."""
        connection = HTTPConnection(scope)
        token, failures = bearer_token(connection), self._access.failures
        if token and (wait := failures.wait_seconds(connection, token)):
            return _too_many_failures(wait)
        known = await self._access.identify(connection)
        if known is None:
            wait = await failures.wrong(connection, token) if token else 0.0
            why = "a valid access token is needed"
            return _too_many_failures(wait) if wait else self._unauthorised(401, "invalid_token", why)
        if token:
            failures.right(token)
        scope["user"], scope["auth"] = known
        if needed not in known[1].scopes:
            why = f"this needs a token with the scope {str(needed)!r}: make one with `mcp-dynaload token create`"
            return self._unauthorised(403, "insufficient_scope", why)
        wait = max([await self._access.rates.wait_seconds(key) for key in _keys(connection)], default=0.0)
        return _later(wait, "too many requests: rate_limit_per_minute is the setting for it") if wait else None

    def _busy(self, scope: AsgiScope) -> Response | None:
        sender, most = _sender(scope), self._settings.max_concurrent_requests
        if scope["method"] == "GET":  # streams stay open, and their sessions are counted
            if not sender or self._streams[sender] < MAX_STREAMS:
                return None
            why = f"{MAX_STREAMS} streams of this token are open: end some"
        elif self._answering >= most:
            why = f"{self._answering} requests are being answered, as many as max_concurrent_requests allows: try later"
        elif sender and self._requests[sender] >= math.ceil(most / SHARE):
            why = f"{self._requests[sender]} requests of this token are being answered, its share: try later"
        else:
            return None
        return refused(503, why, {"Retry-After": str(RETRY_AFTER_SECONDS)})

    @contextmanager
    def _counted(self, scope: AsgiScope) -> Generator[None]:
        sender, is_stream = _sender(scope), scope["method"] == "GET"
        counts = self._streams if is_stream else self._requests
        counts[sender] += 1
        self._answering += not is_stream
        try:
            yield
        finally:
            self._answering -= not is_stream
            counts[sender] -= 1
            if not counts[sender]:
                del counts[sender]

    def _unauthorised(self, status: int, error: str, description: str) -> Response:
        parts = [f'error="{error}"', f'error_description="{description}"']
        if self._settings.oauth_resource:
            url = build_resource_metadata_url(AnyHttpUrl(self._settings.oauth_resource))
            parts.append(f'resource_metadata="{url}"')
        return refused(status, description, {"WWW-Authenticate": "Bearer " + ", ".join(parts)}, error)


def _sender(scope: AsgiScope) -> str:
    """Return the token's name; empty where none is asked for."""
    user: object = scope.get("user")
    return user.username if isinstance(user, AuthenticatedUser) else ""


def _keys(connection: HTTPConnection) -> list[str]:
    """Return the keys under which a request is counted: its token and its session."""
    sender = _sender(connection.scope)
    session = connection.headers.get(MCP_SESSION_ID_HEADER) or connection.query_params.get("session_id")
    keys = [f"token {sender}"] if sender else []
    return [*keys, f"session {session[:MAX_KEY_CHARACTERS]}"] if session else keys


def _later(wait: float, why: str) -> Response:
    return refused(429, why, {"Retry-After": str(math.ceil(wait))})


def _too_many_failures(wait: float) -> Response:
    return _later(wait, "too many wrong access tokens came from this address")
