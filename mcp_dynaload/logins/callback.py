"""The place on this machine to which the user's browser brings a login back."""

import contextlib
import errno
import html
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.abc
import structlog

from mcp_dynaload.errors import LoginError
from mcp_dynaload.logins.returned import CALLBACK_PATH, MAX_ADDRESS, ForeignReturnError, Returned

REQUEST_SECONDS = 5.0
"""For a browser to send its request, a few hundred bytes."""

MAX_TRIES = 10
"""Ports that are tried where any will do: another program may listen on one at ::1 alone."""

MAX_OPEN = 8
"""Connections at a time; a browser opens one or two."""

_HOSTS = ("127.0.0.1", "::1")
"""Both, because a browser may take either for `localhost`, and whoever listens on the other would get the code."""

_NO_SUCH_FAMILY = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})

log = structlog.get_logger()

Read = Callable[[str], Returned]
"""Reads the address that a browser asks for; raises `LoginError`."""


@dataclass(slots=True)
class CallbackListener:
    """An open listener; made by `open_listener`."""

    port: int
    arrived: anyio.Event = field(default_factory=anyio.Event)
    """Set when the login has come back, or was refused."""

    returned: Returned | None = None
    refusal: LoginError | None = None

    def take(self, returned: Returned | LoginError) -> None:
        """Note how the login came back; only the first counts."""
        if self.arrived.is_set():
            return
        if isinstance(returned, LoginError):
            self.refusal = returned
        else:
            self.returned = returned
        self.arrived.set()


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer to a browser."""

    status: str
    text: str

    @property
    def bytes(self) -> bytes:
        """The whole answer."""
        body = (
            f"<!doctype html><meta charset=utf-8><title>mcp-dynaload</title><p>{html.escape(self.text)}</p>\n"
        ).encode()
        head = (
            f"HTTP/1.1 {self.status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + body


_DONE = _Page("200 OK", "The login has come back to mcp-dynaload. You can close this page; the rest stands there.")
_REFUSED = _Page("200 OK", "The login was refused. You can close this page; mcp-dynaload says more.")
_FOREIGN = _Page("400 Bad Request", "This is not the login that mcp-dynaload waits for. It goes on waiting.")
_NOT_FOUND = _Page("404 Not Found", "Nothing is here.")


@asynccontextmanager
async def open_listener(port: int | None, preferred: int | None, read: Read) -> AsyncGenerator[CallbackListener]:
    """Listen on this machine: on the port, or on the preferred one if it is free, or on any.

    Raises:
        LoginError: the port is taken.
    """
    sockets = await _bound(port, preferred)
    listener = CallbackListener(sockets[0].extra(anyio.abc.SocketAttribute.local_port))
    limit = anyio.CapacityLimiter(MAX_OPEN)

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream, limit:
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                with anyio.move_on_after(REQUEST_SECONDS):
                    await stream.send(_page(listener, await _target(stream), read).bytes)

    failure: Exception | None = None
    async with contextlib.AsyncExitStack() as stack, anyio.create_task_group() as tasks:
        for one in sockets:
            await stack.enter_async_context(one)
            tasks.start_soon(one.serve, serve)
        try:
            yield listener
        except Exception as error:  # noqa: BLE001 - raised again below, where no group is put around it
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


def _page(listener: CallbackListener, target: str, read: Read) -> _Page:
    """Take what the request brings; a foreign one changes nothing, as any page of any site can send one here."""
    if target.partition("?")[0] != CALLBACK_PATH:
        return _NOT_FOUND
    try:
        listener.take(read(target))
    except ForeignReturnError as error:
        log.warning("login_return_ignored", why=str(error))
        return _FOREIGN
    except LoginError as error:
        listener.take(error)
        return _REFUSED
    return _DONE


async def _target(stream: anyio.abc.SocketStream) -> str:
    """Return what a GET asks for; nothing of any other request."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < MAX_ADDRESS:
        head += await stream.receive()
    method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    return rest.partition(" ")[0] if method == "GET" else ""


async def _bound(port: int | None, preferred: int | None) -> list[anyio.abc.SocketListener]:
    if port is not None:
        try:
            return await _bound_at(port)
        except OSError as error:
            raise LoginError(
                f"the port {port}, to which 'callbackPort' of its entry has the login come back, is taken "
                f"({error.strerror or error}); end what listens there, perhaps another login, and try again"
            ) from error
    for candidate in (*([preferred] if preferred else []), *([0] * MAX_TRIES)):
        with contextlib.suppress(OSError):
            return await _bound_at(candidate)
    raise LoginError("no port of this machine is free for the login to come back to")


async def _bound_at(port: int) -> list[anyio.abc.SocketListener]:
    """Listen at both addresses; one that this machine does not have is left out."""
    found: list[anyio.abc.SocketListener] = []
    try:
        for host in _HOSTS:
            try:
                listener = await _listener(
                    host, found[0].extra(anyio.abc.SocketAttribute.local_port) if found else port
                )
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
            else:
                found.append(listener)
    except BaseException:
        for listener in found:
            await listener.aclose()
        raise
    if not found:
        raise OSError(errno.EADDRNOTAVAIL, "this machine has no loopback address")
    return found


async def _listener(host: str, port: int) -> anyio.abc.SocketListener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    raw = socket.socket(family)
    try:
        if sys.platform == "win32":  # there others could else listen at the same place
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        raw.setblocking(False)
        raw.bind((host, port))
        raw.listen(MAX_OPEN)
        return await anyio.abc.SocketListener.from_socket(raw)
    except BaseException:
        raw.close()
        raise
