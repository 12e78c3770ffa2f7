"""Which servers of ours one client has started: the one that the user registered, one that the plugin brings."""

import os
import re
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import IO

import structlog

from mcp_dynaload.machine.private_files import make_private_folder, open_private

KEPT_SECONDS = 3600.0
"""The file of a server that was killed is deleted after this; a new one is not locked yet for a moment."""

MAX_ADDRESS_BYTES = 4096

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
                    make_private_folder(self._folder)
                    stack.callback(_forget, file)
                    opened = stack.enter_context(open(file, "wb", opener=open_private))
                    self.address = self._new_address(stack)
                    opened.write(self.address.encode())
                    opened.flush()
                    _lock(opened)
                except OSError as error:
                    log.warning("peers_not_told", error=str(error), consequence="two servers of ours may both serve")
            yield

    def others(self) -> tuple[str, ...]:
        """Return the addresses of those that run for the client and have come to it the other way; blocks, shortly."""
        if self._folder is None or not self._folder.is_dir():
            return ()
        theirs = Origin.PLUGIN if self.own is Origin.REGISTERED else Origin.REGISTERED
        files = sorted(self._folder.glob(f"{self._client}.{theirs}.*"))
        found = tuple(address for file in files if (address := _address_of(file)) is not None)
        if found:
            self._expected_until = 0.0
        return found

    def _new_address(self, stack: ExitStack) -> str:
        """Return where this one can be reached: in the folder for temporary files, as such a path must be short."""
        if self.own is Origin.PLUGIN or sys.platform == "win32":
            return ""
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mcp-dynaload-", ignore_cleanup_errors=True))
        return str(Path(folder) / "hooks")


def _forget(file: Path) -> None:
    with suppress(OSError):  # nobody takes it for a running server's
        file.unlink(missing_ok=True)


def _lock(opened: IO[bytes]) -> None:
    if sys.platform != "win32":  # there nobody can delete what is open, which tells as much
        import fcntl

        fcntl.flock(opened, fcntl.LOCK_EX)


def _address_of(file: Path) -> str | None:
    """Return what stands in a file if who has made it still runs; an old one of somebody who does not is deleted."""
    with suppress(FileNotFoundError):
        if sys.platform == "win32":
            try:
                file.unlink()
            except PermissionError:
                return ""
            return None
        import fcntl

        with file.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return opened.read(MAX_ADDRESS_BYTES).decode("utf-8", "replace")
            if time.time() - os.fstat(opened.fileno()).st_mtime > KEPT_SECONDS:
                file.unlink(missing_ok=True)
    return None
