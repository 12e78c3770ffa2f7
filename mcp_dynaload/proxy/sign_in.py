"""Logins in the middle of a session: asked of the user where a call needs one, or begun by a command."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

import anyio
import anyio.abc
import structlog
from mcp.shared.exceptions import MCPError

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import DynaloadError, LoginDemand, LoginError, StoreError
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.proxy.attribution import ELICITED
from mcp_dynaload.proxy.client import Client, Request
from mcp_dynaload.proxy.known_listings import KnownListings
from mcp_dynaload.upstream.pool import Pool

ASK_AGAIN_SECONDS = 300.0
"""A user who did not log in when asked is left alone for so long; the error says how to log in all the same."""

PROGRESS_SECONDS = 5.0
MAX_STARTING_STEPS = 1000
"""Progress must increase: more than are told, a second each, while a server starts."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A time at which the user was asked to log in."""

    at: float
    demand: LoginDemand
    is_made: bool


@dataclass(slots=True)
class _Asking:
    """A login that the user is being asked for."""

    over: anyio.Event = field(default_factory=anyio.Event)
    is_made: bool = False


@dataclass(slots=True)
class SignIns:
    """The logins of a session whose user is known."""

    client: Client
    logins: Logins
    listings: KnownListings
    pool: Callable[[], Pool]
    tasks: anyio.abc.TaskGroup
    open_page: Callable[[str], bool]
    """Opens a page in the user's browser; false if there is none."""

    _asking: dict[str, _Asking] = field(default_factory=dict[str, _Asking])
    _asked: dict[str, _Asked] = field(default_factory=dict[str, _Asked])
    """When the user was asked last, by upstream."""

    @property
    def configs(self) -> Mapping[str, UpstreamConfig]:
        """The upstreams to which the user can log in."""
        return {name: config for name, config in self.listings.configs.items() if self.logins.can_log_in(config)}

    async def begin(self, upstream: str) -> str:
        """Begin a login, open its page if there is a browser, and go on in the background; returns the address.

        Raises:
            LoginError: it cannot be made.
            StoreError: what is kept cannot be read.
        """
        return await self.tasks.start(self._log_in, self.configs[upstream])

    async def is_made(self, upstream: str, request: Request, demand: LoginDemand) -> bool:
        """Return whether there is a login now that a request has met the want of one; the user is asked for it.

        Who did not log in is left alone for a while; a login that did not help is not asked for again.
        """
        if not self._can_ask(upstream, demand):
            return False
        if (other := self._asking.get(upstream)) is not None:
            await other.over.wait()
            return other.is_made
        asking = self._asking[upstream] = _Asking()
        try:
            with self.client.serving(upstream, request):
                asking.is_made = await self._ask(self.configs[upstream], request, demand)
        except (LoginError, StoreError) as error:
            log.warning("login_failed", upstream=upstream, why=str(error))
        finally:
            self._asked[upstream] = _Asked(anyio.current_time(), demand, asking.is_made)
            del self._asking[upstream]
            asking.over.set()
        return asking.is_made

    def _can_ask(self, upstream: str, demand: LoginDemand) -> bool:
        """Return whether the client shows its user pages to open, and the user may be asked now.

        A client without a screen says that it does, too, and then waits for a program that may never answer.
        """
        is_shown = "url" in json_object(self.client.profile().capabilities.get("elicitation"))
        if not (is_shown and self.client.environment.is_interactive):
            return False
        last = self._asked.get(upstream)
        if upstream not in self.configs or last is None:
            return upstream in self.configs
        is_new = last.is_made and last.demand != demand
        return is_new or anyio.current_time() - last.at >= ASK_AGAIN_SECONDS

    async def _ask(self, config: UpstreamConfig, request: Request, demand: LoginDemand) -> bool:
        link, is_made, failure = secrets.token_hex(8), False, None
        async with self.logins.ask(config, demand) as pending, anyio.create_task_group() as tasks:
            question = {
                "mode": "url",
                "message": f"The MCP server {config.name!r} wants you to log in ({pending.issuer}) before it goes on.",
                "elicitationId": link,
                "url": pending.url,
            }

            async def ask() -> None:
                if not await self._agrees(config.name, question):
                    tasks.cancel_scope.cancel()

            tasks.start_soon(ask)
            tasks.start_soon(self._tell_progress, config.name, request)
            try:
                await pending.wait()
                is_made = True
            except DynaloadError as error:
                failure = error
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if is_made:
            await self.client.tell(config.name, ELICITED, {"elicitationId": link})
        return is_made

    async def _agrees(self, upstream: str, question: Json) -> bool:
        try:
            answer = await self.client.ask(upstream, "elicitation/create", question)
        except MCPError as error:
            log.info("login_not_asked", upstream=upstream, why=error.error.message)
            return False
        return answer.get("action") == "accept"

    async def _tell_progress(self, upstream: str, request: Request) -> None:
        """Tell the client that there is reason to wait, so that its own timer does not run out."""
        if "progress_token" not in (request.meta or {}):
            return
        for step in count(MAX_STARTING_STEPS):
            await request.session.report_progress(-1 / step, None, f"waiting for the login to MCP server {upstream!r}")
            await anyio.sleep(PROGRESS_SECONDS)

    async def _log_in(self, config: UpstreamConfig, *, task_status: anyio.abc.TaskStatus[str]) -> None:
        """Carry a login through; what fails before there is a page is the caller's, and later told in the log."""
        async with self.logins.ask(config, None) as pending:
            self.open_page(pending.url)
            task_status.started(pending.url)
            try:
                await pending.wait()
            except (LoginError, StoreError) as error:
                log.warning("login_failed", upstream=config.name, why=str(error))
                return
        self._asked.pop(config.name, None)
