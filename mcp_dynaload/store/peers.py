"""Which servers of ours one client has started: the one that the user registered, one that the plugin brings."""

import os
import re
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path

import structlog

from mcp_dynaload.store.running import content_of, held, private_address

EXPECTED_SECONDS = 20.0
"""How long one that the client has an entry for may take to start before it counts as one that does not come."""

_CLIENT = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""A text that may be part of a file's name, as the client's session ids are."""

log = structlog.get_logger()


class Origin(StrEnum):
    """How a server of ours has come to the client."""

    REGISTERED = "registered"
    PLUGIN = "plugin"


class Peers:
    """The servers of ours that run for one client: each has a file, which it keeps locked as long as it runs."""

    def __init__(
        self,
        folder: Path | None = None,
        client: str | None = None,
        own: Origin = Origin.REGISTERED,
        *,
        is_expected: bool = False,
    ) -> None:
        """Know the client by its session; `is_expected` says that it starts a server of ours the other way, too."""
        self.own = own
        self._expected_until = time.monotonic() + EXPECTED_SECONDS if is_expected else 0.0
        is_known = client is not None and _CLIENT.fullmatch(client) is not None
        self._folder = folder if is_known else None
        self._client = client
        self.address = ""
        """The Unix socket at which others reach this one while it is there; empty where there is none."""

    @property
    def is_known(self) -> bool:
        """Whether it is known which client has started us."""
        return self._folder is not None

    @property
    def is_expected(self) -> bool:
        """Whether one that the client starts the other way is still to come."""
        return self.is_known and time.monotonic() < self._expected_until

    @contextmanager
    def joined(self) -> Generator[None]:
        """Be there for the others while the block runs."""
        with ExitStack() as stack:
            if self._folder is not None:
                file = self._folder / f"{self._client}.{self.own}.{os.getpid()}"
                try:
                    self.address = stack.enter_context(self._own_address())
                    stack.enter_context(held(file, self.address))
                except OSError as error:
                    log.warning("peers_not_told", error=str(error), consequence="two servers of ours may both serve")
            yield

    def others(self) -> tuple[str, ...]:
        """Return the addresses of those that run for the client and have come to it the other way; blocks, shortly."""
        if self._folder is None or not self._folder.is_dir():
            return ()
        theirs = Origin.PLUGIN if self.own is Origin.REGISTERED else Origin.REGISTERED
        files = sorted(self._folder.glob(f"{self._client}.{theirs}.*"))
        found = tuple(address for file in files if (address := content_of(file)) is not None)
        if found:
            self._expected_until = 0.0
        return found

    @contextmanager
    def _own_address(self) -> Generator[str]:
        """Yield where this one can be reached; empty for the plugin's, which others do not ask."""
        if self.own is Origin.PLUGIN:
            yield ""
            return
        with private_address("hooks") as address:
            yield address
