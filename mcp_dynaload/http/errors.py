"""Our errors as answers of the REST endpoints."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from mcp.shared.exceptions import MCPError
from starlette.exceptions import HTTPException

from mcp_dynaload.api.sessions import TooManySessionsError
from mcp_dynaload.errors import DynaloadError, StoreAwayError
from mcp_dynaload.http.schemas import Problem, UnfitPart, UnfitProblem
from mcp_dynaload.masking import Masker

RETRY_AFTER_SECONDS = 5

RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "It makes no sense"},
    503: {"model": Problem, "description": "As many sessions as allowed are at work, or a store cannot be asked"},
}
"""The answers of every endpoint that opens sessions, beside success."""

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such thing"}}


UNFIT: dict[int | str, dict[str, Any]] = {422: {"model": UnfitProblem, "description": "It does not fit the schema"}}
"""The answer of every endpoint that takes something, beside success."""


class NotFoundError(DynaloadError):
    """The thing that a path names does not exist."""


class NotAllowedError(DynaloadError):
    """The sender may not do this in another's name."""


class ShuttingDownError(DynaloadError):
    """The service ended before the answer was there."""


class BusyError(DynaloadError):
    """The thing asked for is being done for somebody else."""


def tell_errors(app: FastAPI, masker: Masker) -> None:
    """Have our errors answered as `Problem`, without secrets."""
    app.add_exception_handler(NotFoundError, _told(404, "not_found", masker))
    app.add_exception_handler(NotAllowedError, _told(403, "insufficient_scope", masker))
    app.add_exception_handler(TooManySessionsError, _told(503, "too_many_sessions", masker))
    app.add_exception_handler(ShuttingDownError, _told(503, "shutting_down", masker))
    app.add_exception_handler(BusyError, _told(503, "busy", masker))
    app.add_exception_handler(StoreAwayError, _told(503, "store_unavailable", masker))
    app.add_exception_handler(DynaloadError, _told(400, "wrong_input", masker))
    app.add_exception_handler(MCPError, _told(400, "mcp_error", masker))
    app.add_exception_handler(Exception, _failed)
    app.add_exception_handler(HTTPException, _refused(masker))
    app.add_exception_handler(RequestValidationError, _unfit(masker))


def _told(status: int, word: str, masker: Masker) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def tell(request: Request, error: Exception) -> Response:
        problem = Problem(error=word, message=masker.text(str(error)))
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None
        return JSONResponse(problem.model_dump(mode="json"), status, headers)

    return tell


async def _failed(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw; the server logs it."""
    problem = Problem(error="internal_error", message="something failed here that should not; the service's log has it")
    return JSONResponse(problem.model_dump(mode="json"), HTTPStatus.INTERNAL_SERVER_ERROR)


def _refused(masker: Masker) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def tell(request: Request, error: Exception) -> Response:
        """Answer a refusal of the framework itself: an unknown path, a body that is no text."""
        assert isinstance(error, HTTPException)
        word = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        problem = Problem(error=word, message=masker.text(str(error.detail)))
        return JSONResponse(problem.model_dump(mode="json"), error.status_code, error.headers)

    return tell


def _unfit(masker: Masker) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def tell(request: Request, error: Exception) -> Response:
        """Answer a request that does not fit an endpoint's schema, in the framework's words, without what was sent."""
        assert isinstance(error, RequestValidationError)
        told = [
            UnfitPart(loc=tuple(one["loc"]), msg=one["msg"].removeprefix("Value error, "), type=one["type"])
            for one in error.errors()
        ]
        message = "; ".join(f"{'.'.join(map(str, one.loc))}: {one.msg}" for one in told)
        problem = UnfitProblem(error="wrong_input", message=message, detail=tuple(told))
        return JSONResponse(masker.tokens_in(problem.model_dump(mode="json")), HTTPStatus.UNPROCESSABLE_ENTITY)

    return tell
