"""All upstreams of one client session: a cap on how many run, idle ones stopped, likely ones warmed."""

import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.abc
import structlog
from mcp.shared.exceptions import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_file import UpstreamConfig
from mcp_dynaload.config.servers_watch import change_between
from mcp_dynaload.errors import UpstreamClosedError, UpstreamError, UpstreamLoginError
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.machine.background import kept_up, surviving
from mcp_dynaload.masking import Masker
from mcp_dynaload.upstream.callbacks import UpstreamCallbacks
from mcp_dynaload.upstream.definition_guard import DefinitionGuard, Unguarded
from mcp_dynaload.upstream.failures import reason_of
from mcp_dynaload.upstream.lifecycle import Surroundings
from mcp_dynaload.upstream.upstream import Upstream, gone

MAX_WARMING = 2
MAX_LISTING = 4
SWEEP_SECONDS = 5.0
POLL_SECONDS = 0.05
LOGIN_POLL_SECONDS = 1.0
"""How soon a login is noticed that was made elsewhere, by the command in a terminal or by another session."""


WARM_DELAY_SECONDS = 0.25
"""A start takes the processor and holds the event loop while the client reads the changed list and makes its request;
the call for which it is comes with the model's answer, later than that."""

log = structlog.get_logger()


class Pool:
    """The upstreams of a session, to which requests are routed by name; made by `open_pool`."""

    def __init__(
        self, surroundings: Surroundings, tasks: anyio.abc.TaskGroup, max_running: int, common: "Pool | None"
    ) -> None:
        self.is_open = True
        self._surroundings = surroundings
        self._upstreams: dict[str, Upstream] = {}
        self._common = common
        self._tasks = tasks
        self._max_running = max_running
        self._warming = anyio.CapacityLimiter(MAX_WARMING)
        self._freed = anyio.Event()

    def __getitem__(self, name: str) -> Upstream:
        """Return one upstream.

        Raises:
            UpstreamClosedError: There is none of that name any more.
        """
        if (pool := self._pool_of(name)) is not self:
            return pool[name]
        if (upstream := self._upstreams.get(name)) is None:
            raise UpstreamClosedError(gone(name))
        return upstream

    def configure(self, configs: Iterable[UpstreamConfig]) -> None:
        """Have these upstreams from now on; those that others use in its place, or that are gone, finish their calls.

        One whose entry differs in nothing that decides how it is reached goes on as it is.
        """
        wanted = {
            config.name: config for config in configs if self._common is None or not self._common.has(config.name)
        }
        change = change_between({name: upstream.config for name, upstream in self._upstreams.items()}, wanted)
        for name in change.adjusted:
            self._upstreams[name].config = wanted[name]
        replaced = {name: self._upstreams.pop(name) for name in (*change.removed, *change.restarted)}
        for name in (*change.added, *change.restarted):
            self._upstreams[name] = Upstream(wanted[name], self._surroundings, self._tasks)
        for name, old in replaced.items():
            old.withdraw()
            if name in self._upstreams:
                self._upstreams[name].subscriptions |= old.subscriptions
            if old.is_running and self.is_open:
                self._tasks.start_soon(surviving, old.retired)

    def has(self, name: str) -> bool:
        """Return whether the upstream is one of this pool's own."""
        return name in self._upstreams

    def __contains__(self, name: str) -> bool:
        return self._pool_of(name).has(name)

    def is_connected(self, name: str) -> bool:
        """Return whether there is an open connection to the upstream."""
        return name in self and self[name].connection is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The upstreams of this pool's own."""
        return tuple(self._upstreams)

    @property
    def running(self) -> tuple[Upstream, ...]:
        """The upstreams of its own that have a process or connection now."""
        return tuple(upstream for upstream in self._upstreams.values() if upstream.is_running)

    @property
    def has_room(self) -> bool:
        """Whether one more may run without another one's end."""
        return len(self.running) < self._max_running

    @property
    def logins_needed(self) -> tuple[str, ...]:
        """The upstreams, of the common pool too, that have refused us for want of a login."""
        own = tuple(name for name, upstream in self._upstreams.items() if upstream.login_error is not None)
        return own if self._common is None else (*own, *self._common.logins_needed)

    def _pool_of(self, name: str) -> "Pool":
        """Return the pool of an upstream: this one, or the one that this has in common with others."""
        return self._common if self._common is not None and name in self._common.names else self

    async def request(self, name: str, method: str, params: Json) -> Json:
        """Send a request to one upstream, starting it if needed.

        Raises:
            UpstreamError: It could not answer.
            MCPError: Its own error answer, unchanged.
        """
        if (pool := self._pool_of(name)) is not self:
            return await pool.request(name, method, params)
        await self._make_room(self[name])
        try:
            return await self[name].request(method, params)
        finally:
            self._wake_waiting()

    async def start(self, name: str) -> None:
        """Start an upstream now.

        Raises:
            UpstreamStartError: It could not be started.
        """
        if (pool := self._pool_of(name)) is not self:
            await pool.start(name)
            return
        await self._make_room(self[name])
        try:
            await self[name].start()
        finally:
            self._wake_waiting()

    async def list_all(self, names: Iterable[str], errors: dict[str, str] | None = None) -> dict[str, str]:
        """List upstreams, a few at a time; returns the error of each that failed, by name, and adds it to `errors`.

        Each is stopped again: soon if it announces changes, at once if not.
        """
        errors = {} if errors is None else errors

        async def list_one(name: str) -> None:
            async with limiter:
                try:
                    await self._pool_of(name)._list_one(name)
                except UpstreamLoginError as error:  # which is told already
                    errors[name] = str(error)
                except UpstreamError as error:
                    errors[name] = str(error)
                    log.warning("upstream_not_listed", upstream=name, error=str(error))
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one server, the others are listed
                    errors[name] = self._fault_at(name, error)

        limiter = anyio.CapacityLimiter(min(MAX_LISTING, self._max_running))
        async with anyio.create_task_group() as tasks:
            for name in names:
                tasks.start_soon(list_one, name)
        return errors

    def start_listing(self, names: Iterable[str], failures: dict[str, str]) -> None:
        """List upstreams in the background; why one fails is added to `failures`."""

        async def list_new() -> None:
            failures.update(await self.list_all(names))

        if names := tuple(names):
            self._tasks.start_soon(surviving, list_new)

    async def _list_one(self, name: str) -> None:
        await self._make_room(self[name])
        try:
            await self[name].list_once()
        finally:
            self._wake_waiting()

    async def list_again(self, names: Iterable[str]) -> None:
        """List upstreams that may offer something else by now, two at a time and never at the cost of a running one."""

        async def list_one(name: str) -> None:
            async with self._warming:
                pool = self._pool_of(name)
                if pool.has(name) and pool._has_room_for(name):
                    await self._list_one_quietly(pool, name)

        async with anyio.create_task_group() as tasks:
            for name in names:
                tasks.start_soon(list_one, name)

    async def _list_one_quietly(self, pool: "Pool", name: str) -> None:
        try:
            if (upstream := pool[name]).connection is not None:
                await upstream.relist()
            else:
                await pool._list_one(name)
        except (MCPError, TimeoutError, UpstreamError) as error:
            log.warning("upstream_not_listed", upstream=name, error=str(error) or "timed out")
        except Exception as error:  # noqa: BLE001 - as above
            self._fault_at(name, error)

    def _fault_at(self, name: str, error: Exception) -> str:
        """Log a fault of ours with one server; returns what to say of it."""
        log.exception("upstream_broke_us", upstream=name)
        reason = reason_of(error, self._surroundings.masker)
        return f"MCP server {name!r} could not be listed, by a fault of mcp-dynaload's: {reason}; its log says more."

    def _has_room_for(self, name: str) -> bool:
        return self[name].is_running or self.has_room

    async def until_tools_come(self, seconds: float) -> None:
        """Wait for those upstreams that run and have listed none of the tools that they say they have."""
        with anyio.move_on_after(seconds):
            while any(upstream.is_listed_empty for upstream in self.running):  # noqa: ASYNC110 - only listings tell
                await anyio.sleep(POLL_SECONDS)

    def warm(self, names: Iterable[str]) -> None:
        """Start upstreams in the background because a call is likely; never at the cost of a running one."""
        for name in names:
            if (pool := self._pool_of(name)) is not self:
                pool.warm([name])
                continue
            upstream = self._upstreams.get(name)
            if upstream and not upstream.is_running:
                self._tasks.start_soon(surviving, self._warm_one, upstream)

    async def sweep(self) -> None:
        """Stop idle upstreams, for ever."""
        while True:
            await anyio.sleep(SWEEP_SECONDS)
            for upstream in self.running:
                idle = upstream.config.options.idle_seconds
                if idle and upstream.connection and not upstream.subscriptions and _idle_since(upstream) > idle:
                    upstream.stop()

    async def follow_logins(self) -> None:
        """List those again, for ever, that wanted a login and have another one by now, whoever has made it."""
        while True:
            await anyio.sleep(LOGIN_POLL_SECONDS)
            upstreams = list(self._upstreams.values())
            names = [upstream.name for upstream in upstreams if await upstream.has_new_login()]
            failed = await self.list_all(names) if names else {}
            for name in names:
                if name not in failed:
                    log.info("upstream_let_us_in", upstream=name)

    async def _warm_one(self, upstream: Upstream) -> None:
        await anyio.sleep(WARM_DELAY_SECONDS)
        async with self._warming:
            try:
                if not upstream.is_running and self.has_room:
                    await upstream.start()
            except UpstreamError as error:
                log.warning("upstream_not_started", upstream=upstream.name, error=str(error))

    async def _make_room(self, wanted: Upstream) -> None:
        """Stop the upstream that was used least recently, or wait until one is not busy, to be below the cap.

        One with subscriptions goes last: while it is stopped, the client hears of no change.
        """
        while not wanted.is_running and len(running := self.running) >= self._max_running:
            idle = sorted((u for u in running if not u.busy), key=lambda u: (bool(u.subscriptions), u.last_used))
            if idle:
                await idle[0].stopped()
                continue
            await self._freed.wait()

    def _wake_waiting(self) -> None:
        freed, self._freed = self._freed, anyio.Event()
        freed.set()


def _idle_since(upstream: Upstream) -> float:
    return 0.0 if upstream.busy else time.monotonic() - upstream.last_used


@asynccontextmanager
async def open_pool(
    configs: Iterable[UpstreamConfig],
    host: UpstreamCallbacks,
    project_dir: Path,
    logs_dir: Path,
    max_running: int,
    common: Pool | None = None,
    masker: Masker | None = None,
    guard: DefinitionGuard | None = None,
    logins: Logins | None = None,
) -> AsyncGenerator[Pool]:
    """Open the pool of a session; at exit every upstream of its own is stopped and gone.

    What is in `common` is used from there, and stays. The guard says what must not be asked for.
    """
    async with anyio.create_task_group() as tasks:
        surroundings = Surroundings(host, project_dir, logs_dir, masker or Masker(), guard or Unguarded(), logins)
        pool = Pool(surroundings, tasks, max_running, common)
        pool.configure(configs)
        tasks.start_soon(kept_up, pool.sweep)
        if logins is not None:
            tasks.start_soon(kept_up, pool.follow_logins)
        try:
            yield pool
        finally:
            pool.is_open = False
            tasks.cancel_scope.cancel()
