"""Whether a server behind HTTP still knows the session of our connection, as far as its answers tell."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from mcp.shared.exceptions import MCPError

ABOUT_SESSIONS = re.compile(r"\bsession|not initiali[sz]ed|before initiali[sz]ation", re.IGNORECASE)
"""In an error of a server that does not know our session; a tool may speak of another one."""

_UNKNOWN = (
    r"unknown|invalid|expired|missing|required|no longer|no (?:valid|active|such)"
    r"|not (?:found|been found|exist|known|recogni[sz]ed|valid|active)"
)
ABOUT_UNKNOWN_SESSION = re.compile(
    rf"(?:{_UNKNOWN})[^.]*\bsession|\bsession[^.]*\b(?:{_UNKNOWN})|not initiali[sz]ed|before initiali[sz]ation",
    re.IGNORECASE,
)
"""In an error of a server that has carried out nothing, as it does not know our session; one that ends it may have."""


@dataclass(slots=True)
class HttpSession:
    """The session of one connection; empty-handed until the server has given one."""

    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    """In the data of errors that stand for "it does not know our session": no server can know it."""

    given: bytes = b""
    """The id that the server gave it, as it wrote it: the protocol has visible ASCII there, and not every server."""

    is_doubtful: bool = False
    """It answered in a way that servers that have forgotten the session answer, too."""

    on_gap: Callable[[], None] = lambda: None
    """Called when something that the server told by itself may not have been heard."""

    def is_lost(self, error: MCPError) -> bool:
        """Return whether the request was not carried out because the session is not known."""
        return error.error.data == self.mark

    def may_be_lost(self, error: MCPError) -> bool:
        """Return whether the request was not carried out, unless the error speaks of another session."""
        return ABOUT_UNKNOWN_SESSION.search(error.error.message) is not None

    def heed(self, error: MCPError) -> None:
        """Take note of what an error answer may tell, whatever its code: a ping before the next request says more."""
        if ABOUT_SESSIONS.search(error.error.message):
            self.is_doubtful = True
