"""Why a connection came to nothing, in words for the user and the model."""

import errno
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, METHOD_NOT_FOUND

from mcp_dynaload.errors import DynaloadError, UpstreamLoginError
from mcp_dynaload.machine.logs import without_addresses
from mcp_dynaload.masking import Masker
from mcp_dynaload.masking.printable import quoted
from mcp_dynaload.upstream.output_log import TAIL_LINE_CHARACTERS

_EXPECTED = (
    DynaloadError,
    MCPError,
    OSError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
)
MAX_QUOTED_LINES = 3
"""The lines of a server's output that an error quotes: the whole is in its log."""

MAX_QUOTED_CHARACTERS = 300
"""The most characters of each of these lines."""

MAX_REASON_CHARACTERS = 2_000
"""The most characters of what a server says itself of its failure: whoever reads the error reads all of it."""

_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{40,}")
"""A line that says nothing to a reader, and may be one of a key."""

_TRANSPORT_LIBRARIES = ("httpcore2", "httpx2")
"""By name: they are imported only where a server is reached over HTTP."""


def is_closed(error: BaseException) -> bool:
    """Return whether the SDK tells of a connection's end; a server may use the same code for errors of its own."""
    return (
        isinstance(error, MCPError)
        and error.error.code == CONNECTION_CLOSED
        and error.error.message == "Connection closed"
    )


def is_lacking(error: BaseException) -> bool:
    """Return whether a server says that it has no such request."""
    return isinstance(error, MCPError) and error.error.code == METHOD_NOT_FOUND


def reason_of(error: BaseException, masker: Masker, exit_status: int | None = None) -> str:
    """Return the innermost cause in plain words, without secrets; `exit_status` is that of the server's process."""
    cause = next(_causes(error))
    if isinstance(cause, OSError) and isinstance(cause.filename, str):
        return masker.text(_unstarted(cause, cause.filename))
    if is_closed(cause):
        return f"it ended before it answered the handshake{_status(exit_status)}"
    text = str(cause)
    if _is_of_transport(cause):
        # the HTTP client: whoever raised this has imported it
        from mcp_dynaload.upstream.http_failures import trouble_reason

        text = trouble_reason(cause)
    return said_reason(without_addresses(text), masker) or type(cause).__name__


def said_reason(text: str, masker: Masker) -> str:
    """Return what a server says of its failure without secrets, or the beginning of it."""
    return _shortened(masker.text(text), MAX_REASON_CHARACTERS)


def _unstarted(error: OSError, program: str) -> str:
    """Return why the system does not start a program, and what to do."""
    named = f"the program {program!r}"
    match error.errno:
        case errno.ENOENT if Path(program).exists():
            return f"{named} cannot be run: what its first line names to run it with was not found"
        case errno.ENOENT:
            return f"{named} was not found: {_where_it_is(program)}"
        case errno.EACCES if Path(program).is_dir():
            return f"{named} is a folder: name the program in it"
        case errno.EACCES:
            return f"{named} may not be run (permission denied): make it executable, or name what runs it as 'command'"
        case errno.ENOEXEC:
            return f"{named} is none that this system can run: name what runs it as 'command', and it in 'args'"
        case errno.E2BIG:
            return f"{named} gets more in 'args' and 'env' than this system takes: give it a file"
        case _:
            return f"{named} could not be started: {error.strerror}"


def _where_it_is(program: str) -> str:
    """Return what to do about a program that was not found: some write a whole line in its place."""
    name, *rest = program.split()[:2] or [program]
    is_line = bool(rest) and ("\\" not in name and ("/" not in name or Path(name).is_file()))
    return f"put what follows {name!r} into 'args' of its entry" if is_line else "install it, or give its full path"


def _status(exit_status: int | None) -> str:
    if exit_status is None:
        return ""
    return f" (signal {-exit_status})" if exit_status < 0 else f" (exit status {exit_status})"


def login_error_in(error: BaseException) -> UpstreamLoginError | None:
    """Return the server's refusal for want of a login, if that is what has led to an error."""
    for cause in _causes(error):
        found = cause.error.data if isinstance(cause, MCPError) else cause
        if isinstance(found, UpstreamLoginError):
            return found
    return None


def single_cause(error: BaseException) -> BaseException:
    """Return the exception in a group of one; else the error itself."""
    causes = list(_causes(error))
    return causes[0] if len(causes) == 1 else error


def is_expected(error: BaseException) -> bool:
    """Return whether a server or the way to it can be the cause; all else is a fault of ours."""
    return all(isinstance(cause, _EXPECTED) or _is_of_transport(cause) for cause in _causes(error))


def _is_of_transport(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in _TRANSPORT_LIBRARIES


def _causes(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in cast(BaseExceptionGroup[BaseException], error).exceptions:
            yield from _causes(inner)
    else:
        yield error


def described(name: str, what: str, tail: Sequence[str], masker: Masker, option: str = "", *, login: str = "") -> str:
    """Return the whole error without secrets: the server, its problem, its last words, and the fix.

    `login`: the fix is to log in to it, in this way.
    """
    parts = [masker.text(f"MCP server {name!r} {what}.")]
    if login:
        parts.append(f"The user can log in {login}; then try again.")
    if words := last_words(tail, masker):
        parts.append("Its last output, quoted:\n" + "\n".join(words))
    see = f". See `mcp-dynaload logs {shlex.quote(name)}`" if tail else ""  # else its log says no more than this
    parts.append(f"The other servers are unaffected{see}{_hint(option)}.")
    return "\n".join(parts)


def last_words(tail: Sequence[str], masker: Masker) -> list[str]:
    """Return the last lines of what a server printed, each masked, cut and quoted.

    All are masked together: a key may have begun in a line that is not among the last ones.
    """
    lines = [line.strip() for line in masker.text("\n".join(map(_whole_words, tail))).splitlines()]
    told = [line for line in lines if line and not _ENCODED.fullmatch(line)]
    return [quoted(_shortened(line, MAX_QUOTED_CHARACTERS)) for line in told[-MAX_QUOTED_LINES:]]


def _whole_words(line: str) -> str:
    """Return the line; without its first and last word if it was cut: nobody knows a part of a secret as one."""
    return line if len(line) < TAIL_LINE_CHARACTERS else re.sub(r"^\S*|\S*$", "", line)


def _shortened(text: str, most: int) -> str:
    """Return the text, or its beginning: whole words, as nobody knows a part of a secret as one."""
    if len(text) <= most:
        return text
    words, space, _ = text[:most].rpartition(" ")
    return f"{words}{space}…" if words else f"{text[:most]}…"


def _hint(option: str) -> str:
    return f'; the limit is {option!r} under "dynaload" in its entry' if option else ""
