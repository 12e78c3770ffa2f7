"""The opt-in scan of calls, prompts and resources: secrets in what is sent, orders to the model in what comes back."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import anyio.to_thread
import structlog

from mcp_dynaload.catalog.tool import Json, json_list, json_object
from mcp_dynaload.config.upstream_config import ContentScan
from mcp_dynaload.errors import UpstreamContentError
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.asked_element import AskedElement
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.telemetry.events import ContentFlagged

log = structlog.get_logger()


async def scanned(session: Session, asked: AskedElement, ask: Callable[[], Awaitable[Json]]) -> Json:
    """Return what an upstream answers when it is asked for something, scanned on both ways if the user wants that.

    Raises:
        UpstreamContentError: It was not asked, or its answer is kept back.
    """
    mode = _mode(session, asked.upstream)
    if mode == "off":
        return await ask()
    notes: list[str] = []
    if secrets := await anyio.to_thread.run_sync(secrets_in, session.masker, asked.arguments):
        asked = replace(asked, name=session.masker.tokens(asked.name))
        _tell(session, asked, "arguments", mode, secrets)
        if mode == "block":
            raise UpstreamContentError(asked.not_sent(secrets))
        notes.append(asked.note_of_secrets(secrets))
    result = await ask()
    if orders := await anyio.to_thread.run_sync(orders_in, result):
        _tell(session, asked, "result", mode, orders)
        if mode == "block":
            raise UpstreamContentError(asked.kept_back(orders))
        notes.append(asked.note_of_orders(orders))
    return asked.with_notes(result, notes) if notes else result


def secrets_in(masker: Masker, arguments: object) -> tuple[str, ...]:
    """Return the kinds of secrets that stand in a call's arguments, never the secrets."""
    return tuple(dict.fromkeys(kind for text in _texts(arguments) for kind in masker.kinds_in(text)))


def orders_in(result: Json) -> tuple[str, ...]:
    """Return what is found in a result, each a sentence's end."""
    # Its patterns take a tenth of a second to compile: for those alone who want the scan.
    from mcp_dynaload.scanning.content import content_findings

    return tuple(f"{finding.reason} ({finding.rule})" for finding in content_findings(_texts_of_result(result)))


def _mode(session: Session, upstream: str) -> ContentScan:
    config = session.live.listings.configs.get(upstream)
    return (config.options.content_scan if config else None) or session.settings.content_scan


def _texts(value: object) -> Iterator[str]:
    """Yield all texts and keys of a JSON value."""
    waiting = [value]
    for one in waiting:
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            inner = cast(Json, one)
            yield from inner
            waiting += inner.values()
        elif isinstance(one, list):
            waiting += cast(list[Any], one)


def _texts_of_result(result: Json) -> Iterator[str]:
    """Yield what the model reads of a result: no pictures, sounds and files in base64."""
    blocks = [
        *json_list(result.get("content")),
        *(json_object(message).get("content") for message in json_list(result.get("messages"))),
        *({"resource": part} for part in json_list(result.get("contents"))),
        {"description": result.get("description")},
    ]
    for block in map(json_object, blocks):
        inner = json_object(block.get("resource"))
        yield from (text for text in (block.get("text"), inner.get("text")) if isinstance(text, str))
        yield from (text for text in (block.get("title"), block.get("description")) if isinstance(text, str))
    yield from _texts(result.get("structuredContent"))


def _tell(session: Session, asked: AskedElement, where: str, mode: ContentScan, found: Sequence[str]) -> None:
    detail, is_blocked = "; ".join(found), mode == "block"
    flagged = ContentFlagged(
        upstream=asked.upstream, tool=asked.shown, kind=asked.kind, where=where, blocked=is_blocked, detail=detail
    )
    session.emit(flagged)
    log.warning(
        "content_flagged",
        upstream=asked.upstream,
        kind=asked.kind,
        name=asked.shown,
        where=where,
        mode=mode,
        found=detail,
    )
    session.flagged[asked.user_line(where, detail, is_blocked=is_blocked)] = None
