"""Failures on their way to the client: in words, told as events, and never as an exception group."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

import anyio
import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS
from pydantic import ValidationError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamContentError, UpstreamError, UpstreamHeldError
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.call_events import cause_of
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.telemetry.events import Fallback, FellBack
from mcp_dynaload.upstream.failures import reason_of, single_cause

_Result = TypeVar("_Result")

log = structlog.get_logger()


async def accompanied(
    company: Callable[[], Coroutine[None, None, None]], work: Callable[[], Awaitable[_Result]]
) -> _Result:
    """Await `work()` while `company()` runs; what it raises comes as it is, not in a group."""
    results: list[_Result] = []
    failures: list[Exception] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(company)
        try:
            results.append(await work())
        except Exception as error:  # noqa: BLE001 - raised again below, where no group is put around it
            failures.append(error)
        tasks.cancel_scope.cancel()
    for failure in failures:
        raise failure
    return results[0]


async def as_error(session: Session, upstream: str, answer: Awaitable[Json]) -> Json:
    """Return the upstream's answer; that it could not give one is an event, and an error with its reasons.

    Raises:
        MCPError: The upstream failed, or its own error answer.
    """
    try:
        return await answer
    except (UpstreamHeldError, UpstreamContentError) as error:
        raise MCPError(code=INVALID_PARAMS, message=str(error)) from error
    except UpstreamError as error:
        session.emit(FellBack(step=Fallback.UPSTREAM_DOWN, upstream=upstream, detail=cause_of(error)))
        raise MCPError(code=INTERNAL_ERROR, message=str(error)) from error


def error_of(method: str, error: Exception, masker: Masker) -> Exception:
    """Return the error that the client gets for a failed request: always which request failed, and why."""
    cause = single_cause(error)
    if isinstance(cause, MCPError):
        return _without_secrets(cause, masker)
    if isinstance(cause, ValidationError):  # which the SDK has an answer for
        return cause
    if isinstance(cause, UpstreamError):
        return MCPError(code=INTERNAL_ERROR, message=str(cause))
    if isinstance(cause, RecursionError):
        text = f"mcp-dynaload cannot pass on {method!r}: what was asked, or the answer, is nested too deeply."
        return MCPError(code=INTERNAL_ERROR, message=text)
    log.error("request_broke_us", method=method, exc_info=error)
    message = (
        f"mcp-dynaload could not answer {method!r}: {reason_of(error, masker)}. Its log says more: `mcp-dynaload logs`."
    )
    return MCPError(code=INTERNAL_ERROR, message=message)


def _without_secrets(error: MCPError, masker: Masker) -> MCPError:
    """Return an error answer without known secrets and tokens in its message: a server may quote its input."""
    message = masker.tokens(error.error.message)
    if message == error.error.message:
        return error
    return MCPError(code=error.error.code, message=message, data=error.error.data)
