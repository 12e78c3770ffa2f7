"""Asks remote servers whether they want a login, before they are moved to where nobody could give one."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.server_policy import expanded

PROBE_TIMEOUT_SECONDS = 3.0
"""A server that takes longer is taken to need no login: its own calls will tell."""

_CONCURRENT_PROBES = 8
LOGIN_STATUSES = (401, 403)
"""The statuses by which a server asks for a login."""

_INITIALIZE: Json = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "mcp-dynaload", "version": "1"},
    },
}


@dataclass(frozen=True, slots=True)
class UpstreamEntry:
    """A server as the client's file has it."""

    name: str
    entry: Json


Probe = Callable[[UpstreamEntry], str | None]
"""Why a remote server needs a login; None if it answers without one."""


def logins_needed(entries: Sequence[UpstreamEntry], probe: Probe) -> dict[str, str]:
    """Return the reasons, by name, of those servers that need a login; all are asked at once."""
    with ThreadPoolExecutor(_CONCURRENT_PROBES) as pool:
        reasons = pool.map(probe, entries)
        return {entry.name: reason for entry, reason in zip(entries, reasons, strict=True) if reason}


def http_probe(environ: Mapping[str, str]) -> Probe:
    """Return a probe that sends the server one `initialize` and looks at the status of the answer only."""

    def probe(upstream: UpstreamEntry) -> str | None:
        # Unreachable is no reason to stay: it would fail in the client just the same.
        status = answered_status(upstream.entry, environ)
        return f"needs a login (it answered {status})" if status in LOGIN_STATUSES else None

    return probe


def answered_status(
    entry: Json, environ: Mapping[str, str], within_seconds: float = PROBE_TIMEOUT_SECONDS
) -> int | None:
    """Return the status with which a remote server answers one `initialize`; None where it is not to be reached."""
    import httpx2  # an HTTP client is needed by few commands only

    given = entry.get("headers")
    headers = {
        key: expanded(str(value), environ)
        for key, value in (cast(Json, given).items() if isinstance(given, dict) else ())
    }
    is_sse = entry.get("type") == "sse"
    try:
        with httpx2.stream(
            "GET" if is_sse else "POST",
            expanded(str(entry.get("url")), environ),
            headers={"Accept": "application/json, text/event-stream", **headers},
            json=None if is_sse else _INITIALIZE,
            timeout=within_seconds,
            follow_redirects=False,  # another origin must not get the user's headers
        ) as answer:
            return answer.status_code
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError):
        return None
