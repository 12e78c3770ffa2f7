"""Messages and questions of a server's own accord, where there are others: only its own, and with its name."""

from collections.abc import Mapping
from typing import cast

from mcp.shared.exceptions import MCPError
from mcp_types import (
    ElicitCompleteNotificationParams,
    LoggingMessageNotificationParams,
    ProgressNotificationParams,
    ResourceUpdatedNotificationParams,
)
from pydantic import BaseModel, ValidationError

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.upstream.connection import UPDATED

PROGRESS = "notifications/progress"
LOG_MESSAGE = "notifications/message"
ELICITED = "notifications/elicitation/complete"

SAID: Mapping[str, type[BaseModel]] = {
    PROGRESS: ProgressNotificationParams,
    LOG_MESSAGE: LoggingMessageNotificationParams,
    UPDATED: ResourceUpdatedNotificationParams,
    ELICITED: ElicitCompleteNotificationParams,
}
"""The notifications that servers may send a client. We tell changes of lists ourselves, once they have been listed."""

SERVER_KEY = "dynaload/server"
"""The `_meta` key of a question under which a program finds the name of the server that asks."""

MAX_NAME = 60
"""Characters of a server's name."""

MAX_LOGGER = 100


def is_sayable(method: str, params: Json | None) -> bool:
    """Return whether it is a notification that clients know, with the params that it must have."""
    model = SAID.get(method)
    if model is None:
        return False
    try:
        model.model_validate(params, by_name=False, strict=True)
    except ValidationError:
        return False
    return True


def logged_by(upstream: str, params: Json) -> Json:
    """Return a log message with the server's name in its `logger`."""
    logger = params.get("logger")
    own = f"/{printable(logger)[:MAX_LOGGER]}" if isinstance(logger, str) and logger else ""
    return {**params, "logger": f"{_named(upstream)}{own}"}


def asked_by(upstream: str, method: str, params: Json | None) -> Json:
    """Return the params of a question so that the user, or the client's program, sees which server asks."""
    asked = {**(params or {})}
    asked["_meta"] = {**json_object(asked.get("_meta")), SERVER_KEY: upstream}
    return _elicited_by(upstream, asked) if method == "elicitation/create" else asked


def refused_by(upstream: str, error: MCPError) -> MCPError:
    """Return the answer that pages must be opened first, so that it shows which server wants that."""
    data = json_object(error.error.data)
    told = {**data, "elicitations": [_elicited_by(upstream, page) for page in _pages(data)]}
    return MCPError(code=error.error.code, message=error.error.message, data=told)


def links_of(error: MCPError) -> list[str]:
    """Return the ids of the pages that such an answer names."""
    pages = _pages(json_object(error.error.data))
    return [page["elicitationId"] for page in pages if isinstance(page.get("elicitationId"), str)]


def _pages(data: Json) -> list[Json]:
    wanted = data.get("elicitations")
    return [json_object(page) for page in cast(list[object], wanted)] if isinstance(wanted, list) else []


def _elicited_by(upstream: str, asked: Json) -> Json:
    message = asked.get("message")
    return {**asked, "message": f"{_named(upstream)} asks: {_quoted(message if isinstance(message, str) else '')}"}


def _quoted(text: str) -> str:
    """Return the server's words, each line marked as quoted, so that none can pass for ours."""
    lines = printable(text.replace("\r\n", "\n"), keeps_lines=True).split("\n")
    return f'"{lines[0]}"' if len(lines) == 1 else "".join(f"\n> {line}" for line in lines)


def _named(upstream: str) -> str:
    return printable(upstream)[:MAX_NAME]
