"""Which of two servers of ours serves a client: the one that the user registered goes before the plugin's."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.catalog.names import SERVER_NAME
from mcp_dynaload.proxy.client import Client, ListRefresh
from mcp_dynaload.proxy.client_plugin import ClientPlugin
from mcp_dynaload.store.peers import Origin, Peers

LISTS = ("tools", "prompts", "resources")
LOOK_SECONDS = 0.25
"""How soon a server of ours that comes later is seen."""

LOOKING_SECONDS = 30.0
"""So long the client gives each server to start."""

log = structlog.get_logger()


@dataclass(slots=True)
class ServingRole:
    """Whether a session serves its client, or stands by as another server of ours does."""

    peers: Peers
    client: Client
    list_refresh: ListRefresh
    plugin: ClientPlugin
    stands_by: bool = False
    """Another server of ours serves this client: the user has registered it, and this one is the plugin's."""

    serving_at: str = ""
    """Where that one takes hook calls, which the client makes to this one."""

    has_standby: bool = False
    """Such a server of the plugin's stands by beside this one."""

    serves: anyio.Event = field(default_factory=anyio.Event)
    """Set when no other server of ours serves the client, before which no upstream is started."""

    async def begin(self) -> None:
        """Take the role that the servers of now give."""
        others = await anyio.to_thread.run_sync(self.peers.others)
        is_registered = self.peers.own is Origin.REGISTERED
        self.has_standby = self.plugin.is_there = is_registered and bool(others)
        self.stands_by = not is_registered and self._is_served_by(others)
        if not self.stands_by:
            self.serves.set()

    async def look_around(self) -> None:
        """Note which other server of ours the client has started, and tell the client what that changes."""
        if not self.peers.is_known:
            return
        others = await anyio.to_thread.run_sync(self.peers.others)
        if self.peers.own is Origin.REGISTERED:
            self.has_standby = bool(others)
            if self.has_standby and self.plugin.arrived():
                await self.list_refresh.announce(self.client)
            return
        self.serving_at = next(iter(others), "")
        stands_by = self._is_served_by(others)
        if self.stands_by == stands_by:
            return
        self.stands_by = stands_by
        if not stands_by:
            self.serves.set()
        log.info("serving_changed", serves=not stands_by, other_server=SERVER_NAME)
        self.list_refresh.announced()
        for kind in LISTS:
            await self.client.announcements.tell(kind)

    async def settle(self) -> None:
        """Look around, and wait for the server of ours that the client is just starting and that is to serve."""
        await self.look_around()
        while self.stands_by and self.peers.is_expected:
            await anyio.sleep(LOOK_SECONDS)
            await self.look_around()

    async def keep_looking(self) -> None:
        """Look around while the client starts its servers; later each hook does."""
        await self.client.is_ready()
        with anyio.move_on_after(LOOKING_SECONDS):
            while self.peers.is_known:
                await self.look_around()
                await anyio.sleep(LOOK_SECONDS)

    def _is_served_by(self, others: Sequence[str]) -> bool:
        return bool(others) or self.peers.is_expected
