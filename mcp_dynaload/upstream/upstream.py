"""One upstream of one client session: started when it is needed, restarted with back-off, stopped when idle."""

import time

import anyio
import anyio.abc
import structlog
from mcp.shared.exceptions import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_file import UpstreamConfig
from mcp_dynaload.errors import (
    UpstreamAnswerError,
    UpstreamClosedError,
    UpstreamDeniedError,
    UpstreamError,
    UpstreamHeldError,
    UpstreamLoginError,
    UpstreamStartError,
    UpstreamTimeoutError,
    UpstreamUncheckedError,
)
from mcp_dynaload.logins.login import login_command
from mcp_dynaload.machine.background import surviving
from mcp_dynaload.upstream.backoff import Backoff
from mcp_dynaload.upstream.connection import Connection
from mcp_dynaload.upstream.failures import described, is_closed, is_lacking, reason_of
from mcp_dynaload.upstream.lifecycle import ENDED, SETTLING_SECONDS, End, Lifecycle, Surroundings, has_logs
from mcp_dynaload.upstream.listing import announces_changes
from mcp_dynaload.upstream.output_log import OutputLog, log_path

PATIENCE_SECONDS = 2.0
"""A caller waits this long for the end of a back-off; for a longer one it gets an error at once."""

PING_SECONDS = 2.0
CLOSING_SECONDS = 0.5
"""A connection that has ended is seen to have ended within this time."""

RETIRING_POLL_SECONDS = 0.05

FORGOTTEN_SECONDS = 2.0
"""How long a connection whose session is lost is kept for the answers that are still to come over it."""

log = structlog.get_logger()


def gone(name: str) -> str:
    """Return what to say of a server that a running session has no more."""
    return (
        f"MCP server {name!r} was removed from the servers file, or changed there, while this session runs; "
        "use another tool, or ask the user to add it again (`mcp-dynaload list` shows all)"
    )


class Upstream:
    """A configured server; `request` is all that a caller needs."""

    def __init__(self, config: UpstreamConfig, surroundings: Surroundings, tasks: anyio.abc.TaskGroup) -> None:
        self.config = config
        self.name = config.name
        self.last_used = 0.0
        self.busy = 0
        self.subscriptions: set[str] = set()
        self._surroundings = surroundings
        self._tasks = tasks
        self._log = OutputLog(log_path(surroundings.logs_dir, config.name))
        self._lifecycle: Lifecycle | None = None
        self._backoff = Backoff()
        self.login_error: UpstreamLoginError | None = None
        """The error with which it has refused us for want of a login, unless it has answered since."""

        self._login_stamp = ""
        """The stamp of the login with which it has."""

        self._answering = 0
        """Requests of callers that it works on."""

        self._trusting = anyio.Lock()
        self._is_retired = False

    @property
    def connection(self) -> Connection | None:
        """The open connection, if there is one that is not about to be closed."""
        return self._lifecycle.ready if self._lifecycle else None

    @property
    def is_running(self) -> bool:
        """Whether a process or connection exists, even one that is still starting or stopping."""
        return self._lifecycle is not None

    @property
    def is_listed_empty(self) -> bool:
        """Whether it runs, should have tools and has listed none by now, but says that it would tell of changes."""
        lifecycle = self._lifecycle
        if lifecycle is None or lifecycle.ready is None or lifecycle.listing is None:
            return False
        capabilities = lifecycle.ready.era.capabilities
        return "tools" in capabilities and announces_changes(capabilities) and not lifecycle.listing.tools

    @property
    def failure(self) -> str | None:
        """The reason of its last failure, unless it has answered since, or all it wants is a login."""
        return self._backoff.last_error if self._backoff.failures and self.login_error is None else None

    async def request(self, method: str, params: Json) -> Json:
        """Send a request, starting the upstream if needed, and return its raw result.

        Raises:
            UpstreamStartError: It could not be started.
            UpstreamLoginError: It wants a login.
            UpstreamTimeoutError: It was silent for too long.
            UpstreamClosedError: It died meanwhile, or is not to be reached.
            UpstreamAnswerError: It answered with nothing that can be passed on.
            UpstreamUncheckedError: It could not be compared with what the user approved.
            UpstreamHeldError: The user has not approved what is asked for, or denies it.
            MCPError: Its own error answer, unchanged.
        """
        self.busy += 1
        try:
            connection = await self._trusted(await self.start())
            try:
                return await self._answered(connection, method, params)
            except MCPError as error:
                renewed = await self._renewed_after(error, connection)
                if renewed is connection:
                    raise
            return await self._repeated(renewed, method, params)
        finally:
            self.busy -= 1
            self.last_used = time.monotonic()

    async def start(self) -> Connection:
        """Return the open connection, made if there is none.

        Raises:
            UpstreamLoginError: It wants a login.
            UpstreamStartError: It could not be started, or takes long; then it goes on starting.
        """
        while (lifecycle := self._lifecycle) is not None and not lifecycle.is_usable:
            await lifecycle.over.wait()
        if self._is_retired and lifecycle is None:
            raise UpstreamStartError(gone(self.name))
        if self._lifecycle is None:
            await self._wait_out_backoff()
        if self._lifecycle is None:  # no other caller has started it meanwhile
            self.last_used = time.monotonic()  # one that is just starting is not the one to make room
            self._lifecycle = Lifecycle(self.config, self._surroundings, self._log, self.subscriptions)
            self._tasks.start_soon(surviving, self._own, self._lifecycle)
        lifecycle = self._lifecycle
        if not lifecycle.settled.is_set():  # each call of a running one passes here: a wait would be a turn of the loop
            with anyio.move_on_after(lifecycle.patience_seconds):
                await lifecycle.settled.wait()
        if not lifecycle.settled.is_set():
            lifecycle.note_unfinished()
            limit = self.config.options.connect_timeout_seconds
            said = (
                f"did not start: no answer to the handshake in {limit:g} s. It goes on starting: try again in a while"
            )
            raise UpstreamStartError(self._describe(said, "connect_timeout_seconds"))
        if lifecycle.connection is None and lifecycle.login_error is not None:
            raise await self._refused(lifecycle.login_error, f"did not start: {lifecycle.error}")
        if lifecycle.connection is None:
            raise UpstreamStartError(self._describe(f"did not start: {lifecycle.error}"))
        if self.login_error is not None and not self.login_error.demand.is_step_up:
            self._let_in()
        return lifecycle.connection

    async def list_once(self) -> None:
        """Start and list it, and stop it again after a while unless it is to stay or somebody has come to use it.

        Raises:
            UpstreamStartError: It could not be started or listed.
        """
        self.busy += 1
        try:
            await self.start()
            lifecycle, started = self._lifecycle, self.last_used
            if lifecycle is not None:
                await lifecycle.listed.wait()
                await lifecycle.tell_listing()
        finally:
            self.busy -= 1
        if lifecycle is not None:
            if (connection := lifecycle.ready) and announces_changes(connection.era.capabilities):
                self._tasks.start_soon(surviving, self._leave, lifecycle, started)
            else:
                self._stop_unless_used(lifecycle, started)
            if lifecycle.login_error is not None:
                raise await self._refused(lifecycle.login_error, f"could not be listed: {lifecycle.listing_error}")
            if lifecycle.listing_error:
                raise UpstreamStartError(self._describe(f"could not be listed: {lifecycle.listing_error}"))
            if lifecycle.listing is None and lifecycle.end is End.DIED:
                raise UpstreamStartError(self._describe(f"could not be listed: {ENDED}"))
            self._let_in()

    async def notify(self, method: str, params: Json | None) -> None:
        """Send a notification if the upstream is running; one that is not has nothing to be told."""
        if connection := self._reached:
            await connection.notify(method, params)

    async def set_log_level(self, level: str) -> None:
        """Pass the client's log level on to a running upstream that has logs."""
        if (connection := self._reached) and has_logs(connection):
            await connection.request("logging/setLevel", {"level": level})

    @property
    def _reached(self) -> Connection | None:
        return self._lifecycle.reached if self._lifecycle else None

    def stop(self) -> None:
        """End the connection, even one that is being made; the next request makes a new one."""
        if self._lifecycle is not None:
            self._lifecycle.stop()

    async def stopped(self) -> None:
        """End the connection and wait until it is gone."""
        if (lifecycle := self._lifecycle) is not None:
            lifecycle.stop()
            await lifecycle.over.wait()

    def withdraw(self) -> None:
        """Start it no more; another one of its name may serve from now on, so its lists count no more either."""
        self._is_retired = True
        if self._lifecycle is not None:
            self._lifecycle.is_retired = True

    async def retired(self) -> None:
        """End it when the calls that it works on are answered."""
        while self.busy:  # noqa: ASYNC110 - each call has an end of its own
            await anyio.sleep(RETIRING_POLL_SECONDS)
        await self.stopped()

    async def relist(self) -> None:
        """List again what the running upstream offers and tell the session."""
        if self.connection is not None and self._lifecycle is not None:
            await self._lifecycle.relist()

    async def _answered(self, connection: Connection, method: str, params: Json) -> Json:
        await self._approved(connection, method, params)
        self._answering += 1
        try:
            result = await connection.request(method, params)
        except TimeoutError:
            await self._drop_if_deaf(connection)
            seconds = self.config.options.call_timeout_seconds
            raise UpstreamTimeoutError(
                self._describe(f"did not answer {method!r} and was silent for {seconds:g} s", "call_timeout_seconds")
            ) from None
        except UpstreamLoginError as error:
            said = f"failed at {method!r}: {reason_of(error, self._surroundings.masker)}"
            raise await self._refused(error, said) from None
        except UpstreamAnswerError as error:
            text = self._describe(f"failed at {method!r}: {reason_of(error, self._surroundings.masker)}")
            if not error.is_gone:
                raise UpstreamAnswerError(error.cause, text) from None
            self.stop()  # the next call finds out whether it is there again, and rests if it is not
            raise UpstreamClosedError(text) from None
        except MCPError as error:
            if await self._has_ended(connection, error):
                raise UpstreamClosedError(self._describe(f"ended during {method!r}")) from None
            if connection.session is not None:
                connection.session.heed(error)
            self._backoff.answered()
            raise
        finally:
            self._answering -= 1
        self._backoff.answered()
        if self.login_error is not None:
            self._let_in()
        return result

    async def _approved(self, connection: Connection, method: str, params: Json) -> None:
        """See that what is asked for is allowed, and is as the user approved it: by this connection's own list."""
        guard = self._surroundings.guard
        if not guard.is_enforced(self.name):
            return
        lifecycle = self._lifecycle
        if lifecycle is not None and lifecycle.connection is connection:
            try:
                await lifecycle.compared(method)
            except UpstreamUncheckedError as error:
                raise UpstreamUncheckedError(f"MCP server {self.name!r} {error}") from None
        if (denial := guard.denial(self.name, method, params)) is not None:
            raise UpstreamDeniedError(str(denial), denial.tool, denial.rule)
        if reason := guard.refusal(self.name, method, params):
            raise UpstreamHeldError(f"MCP server {self.name!r} {reason}")

    async def _repeated(self, connection: Connection, method: str, params: Json) -> Json:
        """Return the answer to a request that was not carried out the first time."""
        try:
            return await self._answered(connection, method, params)
        except MCPError as error:
            if connection.session is None or not connection.session.is_lost(error):
                raise
            said = f"does not know the session that it has given us a moment ago, so {method!r} could not be sent"
            raise UpstreamClosedError(self._describe(said)) from None

    async def _renewed_after(self, error: MCPError, connection: Connection) -> Connection:
        """Return the connection, made anew if an error shows that its request met a session that is not known."""
        session = connection.session
        if session is not None and session.is_lost(error):
            return await self._renewed(connection)
        if session is not None and session.may_be_lost(error):
            async with self._trusting:
                return await self._tested(connection)
        return connection

    async def _renewed(self, connection: Connection) -> Connection:
        """Return the connection after a server has forgotten its session: one new handshake for all who wait."""
        log.info("upstream_session_lost", upstream=self.name)
        lifecycle = self._lifecycle
        if lifecycle is not None and lifecycle.connection is connection:
            lifecycle.refuse_requests()
            with anyio.move_on_after(FORGOTTEN_SECONDS):
                while connection.unanswered:  # noqa: ASYNC110 - each has an answer of its own to come, mostly the same one
                    await anyio.sleep(0.01)
            lifecycle.stop()
        return await self.start()

    async def _trusted(self, connection: Connection) -> Connection:
        """Return the connection, made anew if its server answers over it no more as one that knows it would."""
        if connection.session is None or not connection.session.is_doubtful:
            return connection
        async with self._trusting:  # of several callers one finds out, and all go on with what it has found
            connection = await self.start()
            if connection.session is None or not connection.session.is_doubtful or self._answering:
                return connection
            return await self._tested(connection)

    async def _tested(self, connection: Connection) -> Connection:
        """Return the connection, made anew unless its server answers a ping over it."""
        if connection.session is None or not connection.session.is_doubtful:
            return connection
        try:
            with anyio.fail_after(PING_SECONDS):
                await connection.request("ping", {})
        except (MCPError, UpstreamError, TimeoutError) as error:
            if not is_lacking(error):  # a server without that request knows us as well as one that has it
                log.info("upstream_session_doubtful", upstream=self.name, error=str(error))
                return await self._renewed(connection)
        connection.session.is_doubtful = False
        return connection

    async def _has_ended(self, connection: Connection, error: MCPError) -> bool:
        """Return whether the error tells of the connection's end.

        Then what the upstream said last has been read, too.

        A server may answer with the same code and words: only then is the connection still there.
        """
        lifecycle = self._lifecycle
        if not is_closed(error):
            return False
        with anyio.move_on_after(CLOSING_SECONDS):  # the waiting requests are told before the end is marked
            await connection.closed.wait()
            if lifecycle is not None and lifecycle.connection is connection:
                await lifecycle.over.wait()
        return connection.closed.is_set()

    async def _drop_if_deaf(self, connection: Connection) -> None:
        """Drop the connection of a server that does not answer a ping either: the next call restarts it."""
        with anyio.move_on_after(PING_SECONDS):
            try:
                await connection.request("ping", {})
            except (MCPError, UpstreamError) as error:
                log.debug("upstream_ping_failed", upstream=self.name, error=str(error))
            except TimeoutError:
                self.stop()
            return
        self.stop()

    async def _own(self, lifecycle: Lifecycle) -> None:
        try:
            await lifecycle.run()
        finally:
            self._lifecycle = None
            try:
                self._note_end(lifecycle)
            finally:
                lifecycle.settle()

    async def _leave(self, lifecycle: Lifecycle, started: float) -> None:
        """Stop it after a while in which it may tell of changes: some register their tools after their start."""
        with anyio.move_on_after(SETTLING_SECONDS):
            await lifecycle.over.wait()
        self._stop_unless_used(lifecycle, started)

    def _stop_unless_used(self, lifecycle: Lifecycle, started: float) -> None:
        is_wanted = self.busy or self.subscriptions or self.config.options.eager
        if not is_wanted and self.last_used == started:
            lifecycle.stop()

    async def _refused(self, error: UpstreamLoginError, what: str) -> UpstreamLoginError:
        """Return the error for a caller, and note that it is a login that is wanted."""
        self._login_stamp = await self._stamp()
        if self._surroundings.logins is not None and not error.demand.is_step_up:
            self._surroundings.logins.note_wanted(self.config, is_wanted=True)
        self.login_error = UpstreamLoginError(error.demand, error.cause, self._describe(what, login=self._way_in))
        return self.login_error

    def _let_in(self) -> None:
        """Note that it wants no login, or has one."""
        self.login_error = None
        if self._surroundings.logins is not None:
            self._surroundings.logins.note_wanted(self.config, is_wanted=False)

    async def has_new_login(self) -> bool:
        """Return whether its login has changed since it refused us for want of one."""
        return self.login_error is not None and await self._stamp() != self._login_stamp

    async def _stamp(self) -> str:
        logins = self._surroundings.logins
        return await logins.stamp(self.config) if logins is not None else ""

    async def _wait_out_backoff(self) -> None:
        if await self.has_new_login():
            self._backoff.answered()
            self.login_error = None
        remaining = self._backoff.seconds_left(anyio.current_time())
        if remaining > PATIENCE_SECONDS:
            state = f"failed {self._backoff.failures} times and rests for {remaining:.0f} s more"
            if self.login_error is not None:
                raise self.login_error
            raise UpstreamStartError(self._describe(f"{state}: {self._backoff.last_error}"))
        if remaining > 0:
            await anyio.sleep(remaining)

    def _note_end(self, lifecycle: Lifecycle) -> None:
        host, had_started = self._surroundings.host, lifecycle.connection is not None
        if lifecycle.end is End.STOPPED:
            log.info("upstream_stopped", upstream=self.name)
            host.upstream_stopped(self.name)
            return
        self._backoff.failed(lifecycle.error or "its connection ended", anyio.current_time())
        failures = self._backoff.failures
        if lifecycle.login_error is not None:
            log.info("upstream_wants_login", upstream=self.name, fix=f"log in {self._way_in}")
            if had_started:
                host.upstream_stopped(self.name)
            return
        log.warning("upstream_failed", upstream=self.name, error=self._backoff.last_error, failures=failures)
        host.upstream_failed(self.name, self._backoff.last_error, had_started=had_started)

    @property
    def _way_in(self) -> str:
        logins = self._surroundings.logins
        return logins.way_in(self.name) if logins is not None else f"with `{login_command(self.name)}`"

    def _describe(self, what: str, option: str = "", *, login: str = "") -> str:
        return described(self.name, what, self._log.tail(), self._surroundings.masker, option, login=login)
