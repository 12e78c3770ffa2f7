"""A service of our own that is started to be measured: a free port, and the wait until it answers."""

import socket

import anyio
import anyio.abc
import httpx2

from mcp_dynaload.errors import DynaloadError

START_SECONDS = 60.0


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def until_ready(port: int, process: anyio.abc.Process) -> None:
    """Wait until the service that is to listen on a port says that it is ready.

    Raises:
        DynaloadError: It has ended, or does not answer in time.
    """
    url = f"http://127.0.0.1:{port}/readyz"
    async with httpx2.AsyncClient(verify=False, timeout=5) as http:  # loopback: no authorities are read
        with anyio.move_on_after(START_SECONDS):
            while process.returncode is None:
                try:
                    if (await http.get(url)).status_code == 200:
                        return
                except httpx2.HTTPError:
                    await anyio.sleep(0.1)
    raise DynaloadError(f"the service did not start within {START_SECONDS:.0f} s (exit status {process.returncode})")
