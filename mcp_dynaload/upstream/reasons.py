"""Why a connection came to nothing, in words for the user and the model."""

from collections.abc import Iterator
from typing import cast

import anyio
from mcp import MCPError
from mcp_types import CONNECTION_CLOSED

from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.logs import without_addresses
from mcp_dynaload.masking import masked_prose

_EXPECTED = (
    DynaloadError,
    MCPError,
    OSError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
)
_TRANSPORT_LIBRARIES = ("httpcore2", "httpx2")
"""By name: they are imported only where a server is reached over HTTP."""


def is_closed(error: BaseException) -> bool:
    """Whether the SDK tells of a connection's end; a server may use the same code for errors of its own."""
    return (
        isinstance(error, MCPError)
        and error.error.code == CONNECTION_CLOSED
        and error.error.message == "Connection closed"
    )


def reason_of(error: BaseException) -> str:
    """The innermost cause in plain words, without secrets."""
    cause = next(_causes(error))
    if isinstance(cause, FileNotFoundError):
        return f"the program {cause.filename!r} was not found"
    if is_closed(cause):
        return "it ended before it answered the handshake"
    text = str(cause)
    if _is_of_transport(cause):
        # the HTTP client: whoever raised this has imported it
        from mcp_dynaload.upstream.http_reasons import trouble_reason

        text = trouble_reason(cause)
    return masked_prose(without_addresses(text)) or type(cause).__name__


def single_cause(error: BaseException) -> BaseException:
    """What is in a group of one; else the error itself."""
    causes = list(_causes(error))
    return causes[0] if len(causes) == 1 else error


def is_expected(error: BaseException) -> bool:
    """Whether a server or the way to it can be the cause; all else is a fault of ours."""
    return all(isinstance(cause, _EXPECTED) or _is_of_transport(cause) for cause in _causes(error))


def _is_of_transport(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in _TRANSPORT_LIBRARIES


def _causes(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in cast(BaseExceptionGroup[BaseException], error).exceptions:
            yield from _causes(inner)
    else:
        yield error


def described(name: str, what: str, tail: list[str], option: str = "") -> str:
    """The whole error: the server, what is wrong with it, its last output, and what to do."""
    parts = [f"MCP server {name!r} {what}."]
    if tail:
        parts.append("Its last output:\n" + "\n".join(tail))
    parts.append(f"The other servers are unaffected. See `mcp-dynaload logs {name}`" + _hint(option) + ".")
    return "\n".join(parts)


def _hint(option: str) -> str:
    return f'; the limit is {option!r} under "dynaload" in its entry' if option else ""
