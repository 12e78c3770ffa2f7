"""One connection to an upstream from its start to its end: all in one task, in states that follow each other."""

import time
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path

import anyio
import anyio.abc
import structlog
from mcp.shared.exceptions import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_file import UpstreamConfig
from mcp_dynaload.errors import UpstreamError, UpstreamLoginError, UpstreamUncheckedError
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.masking import Masker
from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.callbacks import UpstreamCallbacks
from mcp_dynaload.upstream.channels import open_streams
from mcp_dynaload.upstream.connection import Connection, Ends, open_connection
from mcp_dynaload.upstream.definition_guard import DefinitionGuard, Unguarded
from mcp_dynaload.upstream.failures import is_closed, is_expected, login_error_in, reason_of, said_reason
from mcp_dynaload.upstream.list_reading import ListingBudget, read_listing
from mcp_dynaload.upstream.listing import Listing, announces_changes
from mcp_dynaload.upstream.output_log import OutputLog
from mcp_dynaload.upstream.relisting import Relisting
from mcp_dynaload.upstream.streams import Streams

MAX_START_SECONDS = 900.0
"""A start that takes longer is given up: the first `npx` or `docker run` of a server downloads it."""

PATIENCE_SECONDS = 2.0
"""How long a caller waits for a start that has taken too long already."""

SETTLING_SECONDS = 4.0
"""How long a server may take to register its tools after its start."""

POLL_SECONDS = 0.05

RESTORING_SECONDS = 2.0
"""How long an upstream may take for each thing that the client has asked for before its start."""

GONE_SECONDS = 1.0
"""How long what a program has started may take to answer in its place, once that is gone."""

ENDED = "it ended right after the handshake"

SHARE = 0.05
BURST_SECONDS = 0.25
"""The time that we give at once, for what an upstream says or prints by itself."""

log = structlog.get_logger()


class State(Enum):
    """The state that a connection has reached."""

    STARTING = auto()
    OPEN = auto()
    ENDING = auto()
    """It takes no request any more."""


class End(Enum):
    """The reason why a connection is over."""

    FAILED = auto()
    """It was never there."""

    STOPPED = auto()
    """By us."""

    DIED = auto()
    """By itself."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The place where the upstreams of a session run, and the session that they serve."""

    host: UpstreamCallbacks
    project_dir: Path
    logs_dir: Path
    masker: Masker = field(default_factory=Masker)
    """Hides secrets in what is told of them."""

    guard: DefinitionGuard = field(default_factory=Unguarded)
    """Compares what they list with what the user approved."""

    logins: Logins | None = None
    """The user's logins; None: none are used."""


@dataclass(slots=True)
class Lifecycle:
    """A connection that is being made, is there, or is being closed; run by `run`, in a task of its own."""

    config: UpstreamConfig
    surroundings: Surroundings
    log: OutputLog
    subscriptions: set[str]
    """Resources of which the client wants to hear."""

    state: State = State.STARTING
    end: End = End.FAILED
    connection: Connection | None = None
    since: float = field(default_factory=anyio.current_time)
    settled: anyio.Event = field(default_factory=anyio.Event)
    """Set when it is open, or will not be."""

    listed: anyio.Event = field(default_factory=anyio.Event)
    """Set when it has been listed for the first time, or will not be."""

    tools_listed: anyio.Event = field(default_factory=anyio.Event)
    """Set when its tools have been listed and compared for the first time, or will not be."""

    over: anyio.Event = field(default_factory=anyio.Event)
    listing: Listing | None = None
    """The last listing."""

    is_retired: bool = False
    """Another one serves in its place, or none: its lists count no more."""

    was_asked: bool = False
    """Somebody has used it: what it lists from now on differs for another reason than that it has just started."""

    error: str = ""
    login_error: UpstreamLoginError | None = None
    """The server's refusal, where it wants a login."""

    listing_error: str = ""
    _ending: anyio.Event = field(default_factory=anyio.Event)
    _scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _relisting: Relisting = field(init=False)
    _has_tools: bool = False
    _is_told: bool = False
    _streams: Streams | None = None

    def __post_init__(self) -> None:
        self._relisting = Relisting(self._list_again, self._tell_unlisted)

    @property
    def ready(self) -> Connection | None:
        """The connection, if it takes requests."""
        return self.reached if self.state is State.OPEN else None

    @property
    def reached(self) -> Connection | None:
        """The connection, from the handshake on, unless it is about to be closed."""
        is_there = self.connection is not None and not self.connection.closed.is_set()
        return self.connection if is_there and self.state is not State.ENDING else None

    @property
    def is_usable(self) -> bool:
        """Whether it takes requests, or may soon."""
        return self.state is State.STARTING or self.ready is not None

    @property
    def patience_seconds(self) -> float:
        """The time that a caller waits for the end of its start, which goes on if it takes longer."""
        limit = self.config.options.connect_timeout_seconds
        return max(self.since + limit - anyio.current_time(), min(limit, PATIENCE_SECONDS))

    def stop(self) -> None:
        """End it, even while it is being made."""
        if self.state is State.STARTING:
            self.error = "it was stopped while it started"
            self._scope.cancel()
        self.refuse_requests()
        self._ending.set()

    def refuse_requests(self) -> None:
        """Let it take no further request; it is to be stopped when those that it works on are answered."""
        if self.state is not State.ENDING:
            self.state, self.end = State.ENDING, End.STOPPED

    async def run(self) -> None:
        """Open the connection, keep it until it ends, close it."""
        try:
            with self._scope as scope:
                scope.deadline = self.since + MAX_START_SECONDS
                await self._open()
            if scope.cancelled_caught and not self.error:
                self.error = f"no answer to the handshake in {MAX_START_SECONDS:g} s"
        except anyio.get_cancelled_exc_class():
            self.end = End.STOPPED  # the session is over
            raise
        except Exception as error:  # whatever a transport raises, only this upstream's calls may fail
            self.error = reason_of(error, self.surroundings.masker, self.log.exit_status)
            self.login_error = login_error_in(error)
            if self.state is State.OPEN:
                self.end = End.DIED
            if not is_expected(error):
                log.exception("upstream_broke_us", upstream=self.config.name)
        finally:
            self.state = State.ENDING

    async def relist(self) -> None:
        """List it again and tell the session, also why that failed."""
        try:
            await self._relisting.now()
        except (MCPError, TimeoutError, UpstreamError) as error:
            self._tell_unlisted(error)
            raise

    async def compared(self, method: str) -> None:
        """Wait until what a request may name has been listed over this connection and compared.

        A server that registers its tools after its start has its time for that.

        Raises:
            UpstreamUncheckedError: It cannot be listed.
        """
        began = time.monotonic()
        listed = self.tools_listed if method == "tools/call" else self.listed
        if not listed.is_set():  # as in a server's first second; each later call passes here, too
            await listed.wait()
        if self.listing_error and self.listing is None and self.ready is not None:
            try:
                await self.relist()
            except (MCPError, TimeoutError, UpstreamError):
                said = (
                    f"could not be listed ({self.listing_error}), so it is not known whether it is as you approved it"
                )
                raise UpstreamUncheckedError(f"{said}; the next call tries again") from None
        if method == "tools/call" and self._lacks_tools:
            with anyio.move_on_after(self.since + SETTLING_SECONDS - anyio.current_time()):
                while self._lacks_tools:  # noqa: ASYNC110 - only listings tell
                    await anyio.sleep(POLL_SECONDS)
        if not self.was_asked:
            waited = 1000 * (time.monotonic() - began)
            log.info("first_request_waited_for_list", upstream=self.config.name, ms=round(waited, 1))
        self.was_asked = True

    @property
    def _lacks_tools(self) -> bool:
        connection = self.ready
        if connection is None or self._has_tools:
            return False
        return "tools" in connection.era.capabilities and announces_changes(connection.era.capabilities)

    def settle(self) -> None:
        """Tell all who wait for anything of it that it is over."""
        for event in (self.settled, self.tools_listed, self.listed, self.over):
            event.set()

    async def _open(self) -> None:
        options, project = self.config.options, self.surroundings.project_dir
        allowance = Allowance(SHARE, BURST_SECONDS)
        ends = Ends(self._relisting.ask, self.log.note, allowance, self.subscriptions)
        async with open_streams(self.config, project, self.log, allowance, self.surroundings.logins) as streams:
            self._streams = streams
            host = self.surroundings.host
            async with (
                open_connection(
                    self.config.name, streams, host, host.profile(), options.call_timeout_seconds, ends
                ) as connection,
                anyio.create_task_group() as tasks,
            ):
                await self._serve(connection, tasks)

    async def _serve(self, connection: Connection, tasks: anyio.abc.TaskGroup) -> None:
        """Have the connection used from now on, until it is to end."""
        name, host = self.config.name, self.surroundings.host
        self.connection = connection
        log.info("upstream_started", upstream=name, pid=connection.pid, protocol=connection.era.version)
        host.upstream_started(name, anyio.current_time() - self.since)
        tasks.start_soon(self._end_with, connection)
        tasks.start_soon(self._hang_up_when_gone, connection)
        await self._restore(connection)
        if connection.era.is_modern:  # over HTTP, what a call must carry in headers stands in the list
            await self._list_at_start(connection)
        else:
            tasks.start_soon(self._list_at_start, connection)
        self._scope.deadline = float("inf")
        if self.state is State.STARTING:
            self.state = State.OPEN
        self.settled.set()
        tasks.start_soon(self._follow_changes)
        await self._ending.wait()
        tasks.cancel_scope.cancel()

    def note_unfinished(self) -> None:
        """Note the line that the program has begun and not ended: it explains why nothing follows."""
        if self._streams is not None and (begun := self._streams.unfinished().strip()):
            self.log.note(f"a line without an end: {begun[:200]!r}")

    async def _end_with(self, connection: Connection) -> None:
        await connection.closed.wait()
        if self.state is not State.ENDING:
            self.state, self.end = State.ENDING, End.DIED
        self._ending.set()

    async def _hang_up_when_gone(self, connection: Connection) -> None:
        """End the connection after the program's end, unless what it has started answers in its place.

        A browser or a wrapper's child keeps the output open, so that its end is not seen.
        """
        if self._streams is None or self._streams.exited is None:
            return
        await self._streams.exited.wait()
        try:
            with anyio.fail_after(GONE_SECONDS):
                await connection.request("ping", {})
        except TimeoutError:
            log.info("upstream_left_its_output_open", upstream=self.config.name)
            self._streams.hang_up()
        except (MCPError, UpstreamError) as error:
            log.debug("upstream_answers_after_its_end", upstream=self.config.name, error=str(error))

    async def _list_at_start(self, connection: Connection) -> None:
        try:
            await self._relisting.now()
        except (MCPError, TimeoutError, UpstreamError) as error:
            self.login_error = login_error_in(error)
            self.listing_error = self._tell_unlisted(error)
        finally:
            self.tools_listed.set()
            self.listed.set()

    async def _follow_changes(self) -> None:
        await self.listed.wait()
        await self._relisting.run()

    async def _list_again(self) -> bool:
        """List; whether that differs from the listing before."""
        connection = self.connection
        assert connection is not None, "it is listed before it is open"
        budget = ListingBudget(seconds=self.config.options.connect_timeout_seconds)
        is_settling = not self.was_asked and anyio.current_time() - self.since < SETTLING_SECONDS
        listing = await read_listing(connection.era, connection.request, budget, self.listing, heard=self._hear)
        listing = replace(listing, is_settling=is_settling)
        if listing.gaps:
            log.warning("upstream_listed_in_part", upstream=self.config.name, gaps=listing.gaps)
        connection.era.remember_headers(list(listing.tools))
        before, self.listing, self.login_error = self.listing, listing, None
        self._is_told = False
        await self.tell_listing()
        return listing != before

    async def tell_listing(self) -> None:
        """Tell the session of the last listing, unless that was done: the end of the connection may have cut it off."""
        if self.listing is not None and not self._is_told and not self.is_retired:
            await self.surroundings.host.upstream_listed(self.config.name, self.listing)
            self._is_told = True

    def _tell_unlisted(self, error: Exception) -> str:
        """Tell that it could not be listed, unless it wants a login or has ended, which is told as that; return why."""
        said = ENDED if is_closed(error) else said_reason(str(error), self.surroundings.masker)
        why = said or "it did not answer in time"
        log.warning("upstream_listing_failed", upstream=self.config.name, error=why)
        if not is_closed(error) and login_error_in(error) is None and not self.is_retired:
            self.surroundings.host.upstream_unlisted(self.config.name, f"could not be listed: {why}")
        return why

    async def _hear(self, kind: str, elements: tuple[Json, ...]) -> None:
        """Have the tools compared as soon as they are known: the other lists of some servers take long."""
        if kind == "tools":
            await self.surroundings.guard.foresee(self.config.name, elements)
            self._has_tools = bool(elements)
            self.tools_listed.set()

    async def _restore(self, connection: Connection) -> None:
        """Repeat what the client asked for before this connection was made; the first call already counts on it."""
        asked = [("resources/subscribe", {"uri": uri}) for uri in sorted(self.subscriptions)]
        if (level := self.surroundings.host.log_level) and has_logs(connection):
            asked.insert(0, ("logging/setLevel", {"level": level}))
        for method, params in asked:
            try:
                with anyio.fail_after(RESTORING_SECONDS):
                    await connection.request(method, params)
            except TimeoutError:  # it answers nothing: whoever waits for its start finds that out soon enough
                log.warning("upstream_not_as_before", upstream=self.config.name, method=method, error="timed out")
                break
            except (MCPError, UpstreamError) as error:  # a resource may be gone, and others there
                log.warning("upstream_not_as_before", upstream=self.config.name, method=method, error=str(error))
        connection.tell_missed_updates()


def has_logs(connection: Connection) -> bool:
    """Return whether an upstream can be told which log messages the client wants."""
    return connection.era.is_modern or "logging" in connection.era.capabilities
