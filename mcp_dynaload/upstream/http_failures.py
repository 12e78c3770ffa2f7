"""Why a server behind HTTP gave no answer, and what to do about it, in words.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

import re
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import cast
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies_environment

import httpx2

from mcp_dynaload.errors import LoginDemand
from mcp_dynaload.machine.authorities import EXTRA_AUTHORITIES
from mcp_dynaload.masking.printable import quoted

OTHER_ERA = frozenset({400, 404, 405, 406, 415, 422, 501})
"""With these a server may refuse one form of the handshake and take another."""

MAX_SCOPE = 200
"""Characters of a server's names of scopes in an error."""

_ADVICE = {
    301: "put the address to which it moved{to} into 'url' of its entry",
    400: "it does not take such requests: check 'url' and 'type' of its entry",
    401: "it wants a login, or one that has not run out: check 'headers' of its entry",
    402: "it wants to be paid first",
    403: "it does not allow this with the login that it got: check 'headers' of its entry",
    404: "nothing is served at that address: check 'url' of its entry",
    405: "it does not take such requests: check 'url' and 'type' of its entry",
    407: "the proxy before it wants a login: check HTTPS_PROXY",
    408: "it waited too long for the request: try again",
    410: "nothing is served at that address any more: check 'url' of its entry",
    413: "the request is too large for it",
    429: "it got too many requests: wait{wait} before the next",
    500: "the fault is on its side: try again later{wait}",
    503: "it is not available now: try again later{wait}",
}
_KEY_IN_PATH = re.compile(r"(?=[^/]*[0-9])[^/]{16,}")
"""Some servers give everybody an address with a key in its path, which is long and has digits."""

_WHOLE_NUMBER = re.compile(r"[0-9]+")
_LIKE = {302: 301, 303: 301, 307: 301, 308: 301, 406: 405, 415: 405, 422: 400, 502: 503, 504: 503}


def status_reason(response: httpx2.Response) -> str:
    """Return the meaning of a status, and the fix."""
    status = response.status_code
    known = status if status in _ADVICE else _LIKE.get(status, status // 100 * 100)
    seconds = _retry_after(response.headers.get("retry-after", ""))
    wait = f" {seconds} s" if seconds and known == 429 else f" (in {seconds} s)" if seconds else ""
    wait = wait or (" a while" if known == 429 else "")
    advice = _ADVICE.get(known, _ADVICE[400]).format(wait=wait, to=_moved_to(response))
    return f"it answered with {status_name(response)}: {advice}"


def _moved_to(response: httpx2.Response) -> str:
    """Return where a redirect leads, without what often is a key: user, query, fragment, long parts of the path.

    Path and host stand apart, as a whole address is cut to its host before it is shown or logged.
    """
    place = response.headers.get("location", "")
    if not place.strip():
        return ""
    try:
        to = urlsplit(urljoin(str(response.request.url), place.strip()))
    except ValueError:  # no address, so there is none to put anywhere
        return ""
    path = quoted(_KEY_IN_PATH.sub("…", to.path or "/"))
    at = quoted(f"{to.scheme}://{to.netloc.rpartition('@')[2]}")
    return f" ({path} at {at}{', with a query that is not shown' if to.query else ''})"


def demand_reason(response: httpx2.Response, demand: LoginDemand) -> str:
    """Return the meaning of a refusal that asks the user for a login."""
    if not demand.is_step_up:
        return f"it answered with {status_name(response)}: it wants a login"
    scope = f" (scope {quoted(demand.scope[:MAX_SCOPE])})" if demand.scope else ""
    return f"it answered with {status_name(response)}: the login does not allow this{scope}"


def status_name(response: httpx2.Response) -> str:
    """Return the status with its name."""
    try:
        return f"HTTP {response.status_code} ({HTTPStatus(response.status_code).phrase})"
    except ValueError:
        return f"HTTP {response.status_code}"


def trouble_reason(error: BaseException) -> str:
    """Return the problem on the way to a server, or on the way back."""
    if isinstance(error, httpx2.HTTPStatusError):
        return status_reason(error.response)
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return f"its TLS certificate or connection was not accepted ({cause.reason or cause}): {_tls_advice(cause)}"
        if isinstance(cause, socket.gaierror):
            return f"its host name is not known (no connection): check 'url' of its entry, and the network{_by_proxy()}"
        if isinstance(cause, ConnectionRefusedError):
            why = "nothing answers at its address (connection refused)"
            return f"{why}: check that it runs, and 'url' of its entry{_by_proxy()}"
    match error:
        case httpx2.InvalidURL():
            return f"its address is none that a request can be sent to ({error}): check 'url' of its entry"
        case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return "no connection to it in time: check that it runs, 'url' of its entry, and the network"
        case httpx2.TimeoutException():
            return "it did not take the request, or was silent, for too long"
        case httpx2.ConnectError():
            return f"no connection to it ({error}): check that it runs, and 'url' of its entry"
        case httpx2.SSEError() if "content type" in str(error):
            return (
                f"it answers with no stream of events ({str(error).rstrip('.')}): check 'url' and 'type' of its entry"
            )
        case httpx2.SSEError():
            return str(error)
        case httpx2.DecodingError():
            return f"its answer is not in the encoding that it names ({error})"
        case httpx2.NetworkError() | httpx2.RemoteProtocolError():
            return f"the connection to it broke off before its answer was there ({error or type(error).__name__})"
        case _:
            return f"{type(error).__name__}: {error}"


def _tls_advice(error: ssl.SSLError) -> str:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return "check 'url'"
    return f"check 'url'; if it is of an authority of your own, name that one's file in {EXTRA_AUTHORITIES}"


def _by_proxy() -> str:
    """Return where else the fault may be: the environment may send all requests to another address first."""
    names = [f"{kind}_PROXY".upper() for kind in sorted(getproxies_environment()) if kind != "no"]
    return f"; or the proxy that {' and '.join(names)} sets" if names else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and what has led to it; of several attempts to connect each."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for inner in cast(BaseExceptionGroup[BaseException], error).exceptions:
                yield from _causes(inner)
        error = error.__cause__ or error.__context__


def _retry_after(text: str) -> int:
    """Return the seconds to wait; 0 where the text does not say."""
    if _WHOLE_NUMBER.fullmatch(text.strip()):
        return int(text.strip()[:6])
    try:
        at = parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(0, round((at - datetime.now(UTC)).total_seconds()))
    except (ValueError, OverflowError):
        return 0
