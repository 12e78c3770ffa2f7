"""The address to which a login comes back: what stands in it, read and checked."""

import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from mcp_dynaload.errors import LoginError
from mcp_dynaload.masking.printable import quoted

CALLBACK_PATH = "/callback"
"""As Claude Code has it, so that what was registered for it serves us, too."""

MAX_ADDRESS = 16_384
MAX_SAID = 200

_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True, slots=True)
class Returned:
    """The parameters of the address to which an authorization server has sent the browser."""

    code: str
    iss: str | None


class ForeignReturnError(LoginError):
    """The address does not belong to the login that is waited for."""


def redirect_uri(port: int) -> str:
    """Return the address of this machine that is named to authorization servers."""
    return f"http://localhost:{port}{CALLBACK_PATH}"


def read_returned(address: str, state: str) -> Returned:
    """Return what the address brings, if it belongs to the login with this state.

    Raises:
        ForeignReturnError: it belongs to another one.
        LoginError: the login was refused.
    """
    given = {name: values[-1] for name, values in parse_qs(urlsplit(address[:MAX_ADDRESS]).query).items()}
    if not secrets.compare_digest(given.get("state", "").encode(), state.encode()):
        raise ForeignReturnError("this address belongs to another login (its 'state' is not ours)")
    if error := given.get("error"):
        shown = error if _ERROR.fullmatch(error) else "an error"
        said = given.get("error_description", "")
        raise LoginError(f"the login was refused: {shown}{f': {quoted(said[:MAX_SAID])}' if said else ''}")
    if not given.get("code"):
        raise ForeignReturnError("this address brings no code")
    return Returned(given["code"], given.get("iss"))


def read_pasted(text: str, state: str) -> Returned:
    """Return the same from what a user has pasted: the whole address, or the code alone.

    A code alone has no state; that it was pasted here says that it is ours, and the verifier proves it.

    Raises:
        LoginError: it is neither, or the login was refused.
    """
    text = text.strip()
    if "://" in text or "code=" in text or "error=" in text:
        return read_returned(text if "?" in text else f"?{text}", state)
    if not re.fullmatch(r"[\x21-\x7e]{4,4096}", text):
        raise ForeignReturnError("this is neither the address to which the browser was sent nor a code")
    return Returned(text, None)
