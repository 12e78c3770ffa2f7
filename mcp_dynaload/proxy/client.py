"""The client as we reach it: its questions answered, its notifications sent, what it has read of our list."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

import anyio
import structlog
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.shared.dispatcher import Outbound
from mcp.shared.exceptions import MCPError
from mcp_types import METHOD_NOT_FOUND
from starlette.authentication import BaseUser
from starlette.requests import HTTPConnection

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.logins.user_logins import MADE_AT, owner_of
from mcp_dynaload.machine.loopback import is_loopback
from mcp_dynaload.proxy.announcements import Announcements
from mcp_dynaload.transport.sdk_json import UnwritableError
from mcp_dynaload.upstream.connection import ClientProfile

log = structlog.get_logger()

Fit = Callable[[Json | None], Json | None]
"""Makes of a message's params what a transport can write; raises `UnwritableError`."""

TAKEOVER_SECONDS = 0.1
"""The interactive client takes over a list it has read up to 30 ms later; three times that is safe."""

TAKEOVER_WHILE_STARTING_SECONDS = 0.3
"""A prompt that was typed before we were connected competes with the client's own start."""

TAKEOVER_PER_REREAD = 3.0
"""Taking a list over takes no longer than coming to read it, which is 20 to 35 ms: a busy machine slows both."""

MAX_TAKEOVER_SECONDS = 2.0

STARTING_SECONDS = 3.0

INITIALIZED_SECONDS = 2.0
"""A client says in milliseconds that it has the answer to its handshake, if it says so at all."""

GATHER_SECONDS = 0.01
"""Hooks of agents that start together arrive within milliseconds; one announcement serves them all."""

MAX_GATHER_SECONDS = 0.2
"""For the choices of the others of these agents; the client would read a second announcement a second later."""

REREAD_INTERVAL_SECONDS = 1.0
"""Claude Code re-reads a list at most about once a second."""

MAX_REREAD_SECONDS = 1.2

SURE_REREAD_SECONDS = 5.0
"""For a client that is known to read a changed list, late only on a busy machine; about so long it is told again."""

REQUEST_SCOPED = frozenset({"notifications/progress", "notifications/message"})
"""Notifications that belong on the stream of the request which they are about."""

CAPABILITY_OF = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}

ENVIRONMENT_HEADERS = {
    "dynaload-entrypoint": "CLAUDE_CODE_ENTRYPOINT",
    "dynaload-tool-search": "ENABLE_TOOL_SEARCH",
    "dynaload-model": "ANTHROPIC_MODEL",
}
"""HTTP headers in which a client may send what a process that it starts would see in its environment."""

OWN_CLIENTS = "mcp-dynaload"
"""How our own clients' names begin; they call by name."""

Request = ServerRequestContext[Any, Any]
Token = str | int


@dataclass(frozen=True, slots=True)
class ClientEnvironment:
    """The facts that the client's environment tells about it."""

    session_id: str | None
    is_interactive: bool
    tool_search: bool
    model: str | None

    is_local: bool = True
    """Whether a path that it names is one of this machine's."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "ClientEnvironment":
        """Read the variables that Claude Code sets or obeys."""
        return cls(
            session_id=environ.get("CLAUDE_CODE_SESSION_ID") or None,
            is_interactive=not environ.get("CLAUDE_CODE_ENTRYPOINT", "").startswith("sdk"),
            tool_search=environ.get("ENABLE_TOOL_SEARCH", "").lower() not in ("0", "false", "no", "off"),
            model=environ.get("ANTHROPIC_MODEL") or None,
        )

    @classmethod
    def of_request(cls, request: HTTPConnection) -> "ClientEnvironment":
        """Return the facts that a client tells in headers over HTTP; without them it counts as interactive."""
        environ = {variable: request.headers.get(header, "") for header, variable in ENVIRONMENT_HEADERS.items()}
        is_local = request.client is not None and is_loopback(request.client.host)
        return replace(cls.read(environ), is_local=is_local and "x-forwarded-for" not in request.headers)


def is_following(name: str, following: str) -> bool:
    """Return whether a client's name is ours, or among those, with commas between, that follow changes."""
    return name.startswith(OWN_CLIENTS) or is_named(name, following)


def is_named(name: str, following: str) -> bool:
    """Return whether a client's name is among those, with commas between, that follow changes."""
    return name in (known.strip() for known in following.split(","))


def user_of(request: HTTPConnection) -> str:
    """Return the user whose access token came with an HTTP request; empty where none is asked for."""
    user: object = request.scope.get("user")
    return user.display_name if isinstance(user, BaseUser) and user.is_authenticated else ""


def login_owner_of(request: HTTPConnection) -> str:
    """Return whose logins an HTTP request uses: those of its access token's user, by whoever has issued that."""
    from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser  # a service has it, nobody else comes here

    user: object = request.scope.get("user")
    if not isinstance(user, AuthenticatedUser):
        return ""
    claims = user.access_token.claims or {}
    return owner_of(str(claims.get("iss") or ""), user.display_name, claims.get(MADE_AT) or 0.0)


def as_it_is(params: Json | None) -> Json | None:
    """Return what our own stdio can write: everything."""
    return params


@dataclass(slots=True)
class Client:
    """A connected client."""

    connection: Connection
    introduction: Json
    """The params of its `initialize`, raw."""

    environment: ClientEnvironment
    """The environment that it runs in, as far as it is known."""

    user: str = ""
    """The user for whom it acts where one process serves several; what is learned and pinned is theirs alone."""

    fit: Fit = as_it_is
    """Makes of what an upstream says by itself what the client's transport can write."""

    login_owner: str = ""
    """Whose logins to servers it uses where one process serves several; empty for nobody's."""

    announcements: Announcements = field(init=False)
    """Word to it that its lists differ."""

    _in_flight: dict[str, list[Outbound]] = field(default_factory=dict[str, list[Outbound]])
    """Channels of the requests that each upstream is working on, newest last."""

    _by_token: dict[tuple[str, Token], Outbound] = field(default_factory=dict[tuple[str, Token], Outbound])
    """Channels of the requests for which the client wants progress, by the upstream that works on them."""

    _asking: dict[Token, tuple[str, Token]] = field(default_factory=dict[Token, tuple[str, Token]])
    """Upstreams that want progress for a question of theirs, with their own tokens."""

    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.announcements = Announcements(self.connection)

    async def is_ready(self) -> None:
        """Wait for the client's word that it is; one that never says so is served all the same."""
        with anyio.move_on_after(INITIALIZED_SECONDS):
            await self.connection.initialized.wait()

    def profile(self) -> ClientProfile:
        """Return the client's name and capabilities as it gave them, but for `tasks`: nobody could ask for theirs."""
        given = {name: value for name, value in self.introduction["capabilities"].items() if name != "tasks"}
        return ClientProfile(self.introduction["clientInfo"], given)

    @property
    def name(self) -> str:
        """The name that the client gives itself."""
        return str(json_object(self.introduction.get("clientInfo")).get("name") or "")

    @contextmanager
    def serving(self, upstream: str, request: Request) -> Generator[None]:
        """Send what an upstream asks and says, while it works on a request, to that request's stream."""
        channel = channel_of(request)
        channels = self._in_flight.setdefault(upstream, [])
        channels.append(channel)
        try:
            token = progress_token(request.params)
            with _noted(self._by_token, None if token is None else (upstream, token), channel):
                yield
        finally:
            channels.remove(channel)

    async def ask(self, upstream: str, method: str, params: Json | None) -> Json:
        """Put an upstream's question to the client and return its raw answer.

        Raises:
            MCPError: The client's error, or METHOD_NOT_FOUND when it never said that it can answer such questions.
        """
        if CAPABILITY_OF.get(method) not in self.profile().capabilities:
            raise MCPError(code=METHOD_NOT_FOUND, message=f"the client does not support {method!r}")
        token = own = progress_token(params)
        if own in self._asking:  # another upstream has chosen the same
            token = f"{own}-dynaload-{next(self._numbers)}"
            params = {**(params or {}), "_meta": {**json_object((params or {}).get("_meta")), "progressToken": token}}
        with _noted(self._asking, token, (upstream, own or "")):
            return await self._channel(upstream).send_raw_request(method, self.fit(params))

    def asking(self, token: object) -> tuple[str, Token] | None:
        """Return the upstream whose question has this progress token, with its own token for it."""
        return self._asking.get(token) if isinstance(token, str | int) else None

    def awaits_progress(self, upstream: str, token: object) -> bool:
        """Return whether the upstream works on a request with this progress token."""
        return isinstance(token, str | int) and (upstream, token) in self._by_token

    async def tell(self, upstream: str, method: str, params: Json | None) -> None:
        """Pass a notification on."""
        token = json_object(params).get("progressToken")
        if method == "notifications/progress" and isinstance(token, str | int) and (upstream, token) in self._by_token:
            channel = self._by_token[upstream, token]
        else:
            channel = self._channel(upstream) if method in REQUEST_SCOPED else self.connection.outbound
        try:
            await channel.notify(method, self.fit(params))
        except UnwritableError as error:
            log.debug("notification_dropped", upstream=upstream, error=str(error))

    def _channel(self, upstream: str) -> Outbound:
        channels = self._in_flight.get(upstream)
        return channels[-1] if channels else self.connection.outbound


def channel_of(request: Request) -> Outbound:
    """Return the stream on which a request is answered."""
    return request.session._request_outbound  # pyright: ignore[reportPrivateUsage] - no public raw channel


_Key = TypeVar("_Key")
_Noted = TypeVar("_Noted")


@contextmanager
def _noted(notes: dict[_Key, _Noted], token: _Key | None, value: _Noted) -> Generator[None]:
    """Keep a note under a progress token, if there is one."""
    if token is None:
        yield
        return
    notes[token] = value
    try:
        yield
    finally:
        notes.pop(token, None)


def progress_token(params: Mapping[str, Any] | None) -> Token | None:
    """Return the token with which the sender of a request wants to be told of progress."""
    token = json_object((params or {}).get("_meta")).get("progressToken")
    return token if isinstance(token, str | int) else None


@dataclass(slots=True)
class ListRefresh:
    """The client's reading of the list that we announced last, and whether it has had time to take it over."""

    is_interactive: bool
    max_seconds: float
    _opened_at: float = field(default_factory=anyio.current_time)
    _is_announcing: bool = False
    _pending: anyio.Event | None = None
    _announced_at: float = float("-inf")
    _read_at: float = float("-inf")
    _taken_over_at: float = float("-inf")
    _told_at: float = float("-inf")
    _deciding: int = 0
    _decided: anyio.Event = field(default_factory=anyio.Event)
    is_sure: bool = False
    """Whether the client is known to read a list again that it is told has changed."""

    _has_failed: bool = False
    """It has not, the last time that it was waited for."""

    @contextmanager
    def deciding(self) -> Generator[None]:
        """Make an announcement for an agent wait for the tools that are being chosen for it, too."""
        self._deciding += 1
        try:
            yield
        finally:
            self._deciding -= 1
            if not self._deciding:
                self._decided.set()
                self._decided = anyio.Event()

    async def announce(self, client: Client, *, gather: bool = False) -> None:
        """Tell the client that the list differs from what it knows; with `gather`, once for all that comes together.

        One that was told a moment ago and has not listed since will see this change, too.
        """
        is_told = self._pending is not None and anyio.current_time() - self._told_at < REREAD_INTERVAL_SECONDS
        self.announced()
        if self._is_announcing or is_told:
            return
        self._is_announcing = gather
        try:
            if gather:
                await anyio.sleep(GATHER_SECONDS)
                with anyio.move_on_after(MAX_GATHER_SECONDS):
                    while self._deciding:
                        await self._decided.wait()
        finally:
            self._is_announcing = False
        self._told_at = anyio.current_time()
        await client.announcements.tell("tools")

    @property
    def is_recent(self) -> bool:
        """Whether the client has read the list so recently that it would be slow to read it again."""
        return anyio.current_time() - self._read_at < REREAD_INTERVAL_SECONDS

    def started_over(self) -> None:
        """Note that the client has begun a new conversation: it is as busy with itself as at its start."""
        self._opened_at = anyio.current_time()

    def announced(self) -> None:
        """Note that the list differs from the one that the client knows."""
        if self._pending is None:
            self._pending = anyio.Event()
            self._announced_at = anyio.current_time()

    def was_read(self) -> None:
        """Note that the client has listed."""
        before, self._read_at = self._read_at, anyio.current_time()
        if self._pending is not None:
            self._has_failed = False
            self._taken_over_at = self._read_at + self._takeover_seconds(before)
            self._pending.set()
            self._pending = None

    async def hold(self) -> None:
        """Wait until the client has read the announced list and taken it over; at once if it has by now."""
        now = anyio.current_time()
        with anyio.CancelScope(deadline=now + self._max_wait(now)) as scope:
            if self._pending is not None:
                await self._pending.wait()
        if scope.cancelled_caught:
            self._has_failed = True
            log.debug("list_not_read", consequence="this prompt lacks what is new")
        await anyio.sleep_until(self._taken_over_at)

    def _max_wait(self, now: float) -> float:
        if self.is_sure and not self._has_failed:
            return max(SURE_REREAD_SECONDS, self.max_seconds)
        is_early = now - self._read_at < REREAD_INTERVAL_SECONDS
        return max(MAX_REREAD_SECONDS if is_early else 0, self.max_seconds)

    def _takeover_seconds(self, read_before: float) -> float:
        if not self.is_interactive:
            return 0.0
        is_starting = self._read_at - self._opened_at < STARTING_SECONDS
        least = TAKEOVER_WHILE_STARTING_SECONDS if is_starting else TAKEOVER_SECONDS
        took = self._read_at - max(self._announced_at, read_before + REREAD_INTERVAL_SECONDS)
        return min(MAX_TAKEOVER_SECONDS, max(least, TAKEOVER_PER_REREAD * took))
