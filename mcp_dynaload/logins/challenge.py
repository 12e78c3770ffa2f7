"""The login that a refusal over HTTP asks for (RFC 6750, RFC 9728); imports nothing heavy."""

import re

from mcp_dynaload.errors import LoginDemand

MAX_VALUE = 2048
"""Characters of a value that a server names; a longer one is left out."""

UNAUTHORISED, FORBIDDEN = 401, 403


def demand_in(status: int, challenge: str) -> LoginDemand | None:
    """Return the login that a refusal asks for; None if no login would help."""
    is_step_up = status == FORBIDDEN and _field(challenge, "error") == "insufficient_scope"
    if status != UNAUTHORISED and not is_step_up:
        return None
    return LoginDemand(_field(challenge, "scope"), _field(challenge, "resource_metadata"), is_step_up)


def _field(challenge: str, name: str) -> str:
    """Return the value of a parameter of `WWW-Authenticate`."""
    found = re.search(rf'(?i)(?<![\w-]){name}\s*=\s*(?:"([^"]*)"|([^\s,"]+))', challenge[: 4 * MAX_VALUE])
    value = (found[1] or found[2] or "").strip() if found else ""
    return value if len(value) <= MAX_VALUE else ""  # a part of an address is another address
