"""One upstream of one client session: started when it is needed, restarted with back-off, stopped when idle."""

from pathlib import Path

import anyio
import anyio.abc
import structlog
from mcp import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import (
    UpstreamAnswerError,
    UpstreamClosedError,
    UpstreamError,
    UpstreamStartError,
    UpstreamTimeoutError,
)
from mcp_dynaload.mcp_config import UpstreamConfig
from mcp_dynaload.upstream.backoff import Backoff
from mcp_dynaload.upstream.host import Host
from mcp_dynaload.upstream.link import Link, open_link
from mcp_dynaload.upstream.listing import read_listing
from mcp_dynaload.upstream.opening import Opening, told_when_cut_off
from mcp_dynaload.upstream.output_log import OutputLog, log_path
from mcp_dynaload.upstream.reasons import described, is_closed, is_expected, reason_of
from mcp_dynaload.upstream.transport import open_streams

PATIENCE_SECONDS = 2.0
"""A caller waits this long for the end of a back-off; for a longer one it gets an error at once."""

PING_SECONDS = 2.0
CLOSING_SECONDS = 0.5
"""A connection that has ended is seen to have ended within this time."""
log = structlog.get_logger()


class Upstream:
    """A configured server; `request` is all that a caller needs."""

    def __init__(
        self, config: UpstreamConfig, host: Host, tasks: anyio.abc.TaskGroup, project_dir: Path, logs_dir: Path
    ) -> None:
        self.config = config
        self.name = config.name
        self.last_used = 0.0
        self.busy = 0
        self.subscriptions: set[str] = set()
        self._host = host
        self._tasks = tasks
        self._project_dir = project_dir
        self._log = OutputLog(log_path(logs_dir, config.name))
        self._opening: Opening | None = None
        self._ended = anyio.Event()
        self._backoff = Backoff()

    @property
    def link(self) -> Link | None:
        """The open connection, if there is one that is not about to be closed."""
        link = self._opening.link if self._opening else None
        return None if link is None or link.closed.is_set() or self._ended.is_set() else link

    @property
    def is_running(self) -> bool:
        """Whether a process or connection exists, even one that is still starting or stopping."""
        return self._opening is not None

    @property
    def failure(self) -> str | None:
        """Why it failed last, unless it has answered since."""
        return self._backoff.last_error if self._backoff.failures else None

    async def request(self, method: str, params: Json) -> Json:
        """Send a request, starting the upstream if needed, and return its raw result.

        Raises:
            UpstreamStartError: It could not be started.
            UpstreamTimeoutError: It was silent for too long.
            UpstreamClosedError: It died meanwhile, or is not to be reached.
            UpstreamAnswerError: It answered with nothing that can be passed on.
            MCPError: Its own error answer, unchanged.
        """
        self.busy += 1
        try:
            link = await self.start()
            return await self._answered(link, method, params)
        finally:
            self.busy -= 1
            self.last_used = anyio.current_time()

    async def start(self) -> Link:
        """The open connection, made if there is none.

        Raises:
            UpstreamStartError: It could not be started.
        """
        while self._opening is not None and (self._ended.is_set() or (self._opening.done.is_set() and not self.link)):
            await self._opening.over.wait()  # the last connection is being closed
        if self._opening is None:
            await self._wait_out_backoff()
        if self._opening is None:  # no other caller has started it meanwhile
            self._opening = Opening()
            self.last_used = anyio.current_time()  # one that is just starting is not the one to make room
            self._ended = anyio.Event()
            self._tasks.start_soon(self._own, self._opening)
        opening = self._opening
        await opening.done.wait()
        if opening.link is None:
            raise UpstreamStartError(self._describe(f"did not start: {opening.error}"))
        return opening.link

    async def list_once(self) -> None:
        """Start, list, and stop again unless it is to stay or somebody has come to use it meanwhile.

        Raises:
            UpstreamStartError: It could not be started or listed.
        """
        self.busy += 1
        try:
            await self.start()
            opening, started = self._opening, self.last_used
            if opening is not None:
                await opening.listed.wait()
        finally:
            self.busy -= 1
        if not self.busy and not self.config.options.eager and self.last_used == started:
            self.stop()
        if opening is not None and opening.listing_error:
            raise UpstreamStartError(self._describe(f"could not be listed: {opening.listing_error}"))

    async def notify(self, method: str, params: Json | None) -> None:
        """Send a notification if the upstream is running; one that is not has nothing to be told."""
        if link := self.link:
            await link.notify(method, params)

    async def set_log_level(self, level: str) -> None:
        """Pass the client's log level on to a running upstream that has logs."""
        if (link := self.link) and (link.era.is_modern or "logging" in link.era.capabilities):
            await link.request("logging/setLevel", {"level": level})

    def stop(self) -> None:
        """End the connection, even one that is being made; the next request makes a new one."""
        self._ended.set()
        if (opening := self._opening) is not None and not opening.done.is_set():
            opening.was_stopped = True
            opening.error = "it was stopped while it started"
            opening.scope.cancel()

    async def stopped(self) -> None:
        """End the connection and wait until it is gone."""
        opening = self._opening
        self.stop()
        if opening is not None:
            await opening.over.wait()

    async def relist(self) -> None:
        """List again what the running upstream offers and tell the session."""
        if link := self.link:
            listing = await read_listing(link.era, link.request)
            link.era.remember_headers(list(listing.tools))
            await self._host.upstream_listed(self.name, listing)

    async def _answered(self, link: Link, method: str, params: Json) -> Json:
        try:
            result = await link.request(method, params)
        except TimeoutError:
            await self._drop_if_deaf(link)
            seconds = self.config.options.call_timeout_seconds
            raise UpstreamTimeoutError(
                self._describe(f"did not answer {method!r} and was silent for {seconds:g} s", "call_timeout_seconds")
            ) from None
        except UpstreamAnswerError as error:
            text = self._describe(f"failed at {method!r}: {reason_of(error)}")
            if not error.is_gone:
                raise UpstreamAnswerError(error.cause, text) from None
            self.stop()  # the next call finds out whether it is there again, and rests if it is not
            raise UpstreamClosedError(text) from None
        except MCPError as error:
            if await self._has_ended(link, error):
                raise UpstreamClosedError(self._describe(f"ended during {method!r}")) from None
            self._backoff.answered()
            raise
        self._backoff.answered()
        return result

    async def _has_ended(self, link: Link, error: MCPError) -> bool:
        """Whether the error tells of the connection's end; then what the upstream said last has been read, too.

        A server may answer with the same code and words: only then is the connection still there.
        """
        opening = self._opening
        if not is_closed(error):
            return False
        with anyio.move_on_after(CLOSING_SECONDS):  # the waiting requests are told before the end is marked
            await link.closed.wait()
            if opening is not None and opening.link is link:
                await opening.over.wait()
        return link.closed.is_set()

    async def _drop_if_deaf(self, link: Link) -> None:
        """A server that does not answer a ping either is restarted by the next call."""
        with anyio.move_on_after(PING_SECONDS):
            try:
                await link.request("ping", {})
            except (MCPError, UpstreamError) as error:
                log.debug("upstream_ping_failed", upstream=self.name, error=str(error))
            except TimeoutError:
                self.stop()
            return
        self.stop()

    async def _own(self, opening: Opening) -> None:
        """Open the connection, keep it until it ends, close it: all in this one task."""
        try:
            with opening.scope as scope:
                scope.deadline = anyio.current_time() + self.config.options.connect_timeout_seconds
                await self._open(opening)
            if scope.cancelled_caught and not opening.error:
                opening.error = f"not connected in {self.config.options.connect_timeout_seconds:g} s"
        except Exception as error:  # whatever a transport raises, only this upstream's calls may fail
            opening.error = reason_of(error)
            if not is_expected(error):
                log.exception("upstream_broke_us", upstream=self.name)
        finally:
            self._opening = None
            self._note_end(opening)
            for event in (opening.done, opening.listed, opening.over):
                event.set()

    async def _open(self, opening: Opening) -> None:
        options = self.config.options
        async with (
            open_streams(self.config, self._project_dir, self._log) as streams,
            told_when_cut_off(opening, f"no answer to the handshake in {options.connect_timeout_seconds:g} s"),
            open_link(
                self.name, streams, self._host, self._host.profile(), options.call_timeout_seconds, self._log.note
            ) as link,
            anyio.create_task_group() as tasks,
        ):
            opening.link = link
            self.last_used = anyio.current_time()
            log.info("upstream_started", upstream=self.name, pid=link.pid, protocol=link.era.version)
            self._host.upstream_started(self.name, self.last_used - opening.since)
            tasks.start_soon(self._end_with, link, opening)
            await self._restore(link)
            if link.era.is_modern:  # over HTTP, what a call must carry in headers stands in the list
                await self._list_at_start(opening)
            else:
                tasks.start_soon(self._list_at_start, opening)
            opening.done.set()
            opening.scope.deadline = float("inf")
            await self._ended.wait()
            tasks.cancel_scope.cancel()

    async def _end_with(self, link: Link, opening: Opening) -> None:
        await link.closed.wait()
        opening.died = True
        self._ended.set()

    async def _list_at_start(self, opening: Opening) -> None:
        try:
            with anyio.fail_after(self.config.options.connect_timeout_seconds):
                await self.relist()
        except (MCPError, TimeoutError, UpstreamError) as error:
            opening.listing_error = str(error) or "it did not answer in time"
            log.warning("upstream_listing_failed", upstream=self.name, error=opening.listing_error)
        finally:
            opening.listed.set()

    async def _restore(self, link: Link) -> None:
        """What the client asked for before this connection was made; the first call already counts on it."""
        try:
            if self._host.log_level:
                await self.set_log_level(self._host.log_level)
            for uri in sorted(self.subscriptions):
                await link.request("resources/subscribe", {"uri": uri})
        except (MCPError, TimeoutError, UpstreamError) as error:
            log.warning("upstream_not_as_before", upstream=self.name, error=str(error) or "timed out")

    async def _wait_out_backoff(self) -> None:
        remaining = self._backoff.seconds_left(anyio.current_time())
        if remaining > PATIENCE_SECONDS:
            state = f"failed {self._backoff.failures} times and rests for {remaining:.0f} s more"
            raise UpstreamStartError(self._describe(f"{state}: {self._backoff.last_error}"))
        if remaining > 0:
            await anyio.sleep(remaining)

    def _note_end(self, opening: Opening) -> None:
        is_failure = opening.died or (opening.error and not self._ended.is_set())
        if opening.was_stopped or (opening.link is not None and not is_failure):
            log.info("upstream_stopped", upstream=self.name)
            self._host.upstream_stopped(self.name)
            return
        self._backoff.failed(opening.error or "its connection ended", anyio.current_time())
        log.warning(
            "upstream_failed", upstream=self.name, error=self._backoff.last_error, failures=self._backoff.failures
        )
        self._host.upstream_failed(self.name, self._backoff.last_error, had_started=opening.link is not None)

    def _describe(self, what: str, option: str = "") -> str:
        return described(self.name, what, self._log.tail(), option)
