"""Requests to authorization servers: encrypted, bounded in time and size, sent nowhere that a server may not name.

Imports the HTTP client, so it is imported only where a login is made, renewed or ended.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2
from mcp.shared._httpx_utils import next_request_within_origin  # which redirects the SDK's own login follows

from mcp_dynaload.errors import LoginError
from mcp_dynaload.machine.authorities import EXTRA_AUTHORITIES, trusted_authorities
from mcp_dynaload.machine.loopback import is_loopback

REQUEST_SECONDS = 15.0
"""For one request with its answer: somebody waits for it."""

MAX_ANSWER_BYTES = 262_144
"""Bytes of an answer; the descriptions of authorization servers are a few kilobytes."""

MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer, read to its end or to the bound."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Web:
    """The way to the authorization server of one MCP server."""

    def __init__(self, server_url: str) -> None:
        """Refuse a server to which a login would go unencrypted.

        Raises:
            LoginError: its address is neither https nor on this machine.
        """
        self._is_local = is_loopback(urlsplit(server_url).hostname or "")
        if urlsplit(server_url).scheme.lower() != "https" and not self._is_local:
            raise LoginError("its address begins with http://, so that a login would go unencrypted; give it https://")

    def checked(self, url: str, what: str) -> str:
        """Return an address that a server has named, if a login may go there.

        Only a server on this machine may name another one on this machine, or one without encryption.

        Raises:
            LoginError: it may not.
        """
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            host, parts = "", urlsplit("")
        is_local = is_loopback(host)
        if not host or parts.username or parts.password or parts.scheme not in ("https", "http"):
            raise LoginError(f"its {what} is no address that can be used")
        if (is_local and not self._is_local) or (parts.scheme == "http" and not is_local):
            where = "on this machine" if is_local else "without encryption"
            raise LoginError(f"its {what} is {where} ({parts.scheme}://{parts.netloc}), where no login is sent")
        return url

    async def get(self, url: str, what: str) -> WebAnswer:
        """Ask for a description of a server.

        Raises:
            LoginError: there is no answer, or it may not be asked there.
        """
        return await self._send("GET", self.checked(url, what), what, headers={"Accept": "application/json"})

    async def post(
        self,
        url: str,
        what: str,
        *,
        form: Mapping[str, str] | None = None,
        document: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> WebAnswer:
        """Send a form or a JSON document.

        Raises:
            LoginError: there is no answer, or nothing may be sent there.
        """
        asked = {"Accept": "application/json", **(headers or {})}
        return await self._send("POST", self.checked(url, what), what, data=form, json=document, headers=asked)

    async def challenge(self, method: str, url: str, document: Any, headers: Mapping[str, str]) -> WebAnswer:
        """Return how the MCP server itself answers somebody who is not logged in; the body is not read.

        Raises:
            LoginError: there is no answer.
        """
        return await self._send(method, url, "address", json=document, headers=dict(headers), reads=False)

    async def _send(self, method: str, url: str, what: str, *, reads: bool = True, **options: Any) -> WebAnswer:
        try:
            with anyio.fail_after(REQUEST_SECONDS):
                async with httpx2.AsyncClient(
                    timeout=REQUEST_SECONDS,
                    follow_redirects=False,
                    verify=trusted_authorities(os.environ.get(EXTRA_AUTHORITIES)),
                ) as client:
                    return await _answered(client, client.build_request(method, url, **options), reads=reads)
        except TimeoutError:
            raise LoginError(f"its {what} ({_origin(url)}) did not answer within {REQUEST_SECONDS:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, UnicodeError) as error:
            why = str(error) or type(error).__name__
            raise LoginError(f"its {what} ({_origin(url)}) could not be reached: {why}") from error


async def _answered(client: httpx2.AsyncClient, request: httpx2.Request, *, reads: bool) -> WebAnswer:
    """Return the answer; a redirect is followed within the origin, and no further."""
    for _ in range(MAX_REDIRECTS + 1):
        response = await client.send(request, stream=True)
        try:
            following = next_request_within_origin(response)
            if following is None:
                body = await _begin_of(response) if reads else b""
                return WebAnswer(response.status_code, body, {k.lower(): v for k, v in response.headers.items()})
        finally:
            await response.aclose()
        request = following
    return WebAnswer(508, b"", {})


async def _begin_of(response: httpx2.Response) -> bytes:
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise httpx2.StreamError(f"its answer has more than {MAX_ANSWER_BYTES:,} bytes")
    return body


def _origin(url: str) -> str:
    """Return the part of an address that holds no secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
