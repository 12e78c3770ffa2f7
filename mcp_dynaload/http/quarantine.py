"""REST endpoints for definitions that are held back: what differs, and the admin's answer."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import anyio.to_thread
from fastapi import Depends, Request
from pydantic import Field

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.catalog.pinning import DefinitionKind
from mcp_dynaload.catalog.word_diff import Op
from mcp_dynaload.http.dependencies import api_of
from mcp_dynaload.http.errors import NOT_FOUND, RESPONSES, NotFoundError
from mcp_dynaload.http.rest import PREFIX
from mcp_dynaload.http.routes import guarded_router, needs
from mcp_dynaload.http.schemas import Body
from mcp_dynaload.proxy.client import user_of
from mcp_dynaload.proxy.quarantine_review import ReviewGroup, ServerReview, judged_event, review
from mcp_dynaload.store.definitions import DefinitionStore, HeldDefinition
from mcp_dynaload.store.tokens import Scope
from mcp_dynaload.telemetry.events import Who

MAX_ANSWERED = 20_000
"""Definitions in one answer: all lists of the largest server."""

held_definitions = guarded_router(needs(Scope.CONTROL), prefix=PREFIX, tags=["quarantine"])

Api = Annotated[Dynaload, Depends(api_of)]


class DiffPiece(Body):
    """A part of a text that is the same in both versions, or in one of them only."""

    op: Op
    text: str


class FieldDifference(Body):
    """A field that differs from what was approved."""

    field: str
    pieces: tuple[DiffPiece, ...]


class DefinitionVersion(Body):
    """One version of a definition."""

    kind: DefinitionKind
    name: str
    digest: str
    """SHA-256 of the whole element as canonical JSON."""


class AlikeDefinitions(Body):
    """Definitions that differ in the same way."""

    reason: str
    """`changed`, `new`, or `finding: …`."""

    rejected: bool
    only_numbers_dates_or_paths: bool
    definitions: tuple[DefinitionVersion, ...]
    differences: tuple[FieldDifference, ...]
    """The differences of the first of them."""


class HeldServer(Body):
    """A server of which definitions are held back."""

    server: str
    entry_changed: bool
    """Its entry differs, too, from those with which the approved ones came."""

    groups: tuple[AlikeDefinitions, ...]


class HeldServers(Body):
    """All that is held back."""

    servers: tuple[HeldServer, ...]


class AnswerKind(StrEnum):
    """The admin's answer."""

    APPROVE = "approve"
    REJECT = "reject"


class AnsweredVersions(Body):
    """The versions that are meant."""

    definitions: Annotated[tuple[DefinitionVersion, ...] | None, Field(max_length=MAX_ANSWERED)] = None
    """As they were shown; without any all that is held back of the server now."""


class Answered(Body):
    """The answer that was written."""

    server: str
    answer: AnswerKind
    definitions: tuple[DefinitionVersion, ...]


@held_definitions.get("/quarantine")
async def quarantine(api: Api) -> HeldServers:
    """Return what servers changed or added since their definitions were approved, word by word."""
    return HeldServers(servers=tuple(map(_server, await _reviewed(api))))


@held_definitions.post(
    "/quarantine/{server}/{answer}", responses={**RESPONSES, **NOT_FOUND}, dependencies=[needs(Scope.ADMIN)]
)
async def answer_quarantine(
    server: str, answer: AnswerKind, body: AnsweredVersions, api: Api, request: Request
) -> Answered:
    """Approve or reject held definitions; approved ones are used at once, by other processes within two seconds."""
    found = [one for reviewed in await _reviewed(api, server) for one in reviewed.held]
    wanted = None if body.definitions is None else {(one.kind, one.name, one.digest) for one in body.definitions}
    chosen = [one for one in found if wanted is None or (*one.key, one.digest) in wanted]
    if not chosen:
        raise NotFoundError(f"nothing of {server!r} is held back, or it is another version by now: look again")
    store = _store_of(api)
    await anyio.to_thread.run_sync(store.approve if answer is AnswerKind.APPROVE else store.reject, chosen)
    outcome = "approved" if answer is AnswerKind.APPROVE else "rejected"
    api.proxy.shared.event_bus.emit(judged_event(chosen, outcome, Who("", user_of(request))))
    await api.proxy.live.readmit()
    return Answered(server=server, answer=answer, definitions=_versions(chosen))


async def _reviewed(api: Dynaload, server: str = "") -> tuple[ServerReview, ...]:
    return await anyio.to_thread.run_sync(review, _store_of(api), server)


def _store_of(api: Dynaload) -> DefinitionStore:
    return api.proxy.live.listings.quarantine.store


def _server(reviewed: ServerReview) -> HeldServer:
    groups = tuple(map(_group, reviewed.groups))
    return HeldServer(server=reviewed.server, entry_changed=reviewed.is_entry_changed, groups=groups)


def _group(group: ReviewGroup) -> AlikeDefinitions:
    differences = tuple(
        FieldDifference(field=diff.path, pieces=tuple(DiffPiece(op=one.op, text=one.text) for one in diff.pieces))
        for diff in group.diffs
    )
    return AlikeDefinitions(
        reason=group.reason,
        rejected=group.is_rejected,
        only_numbers_dates_or_paths=group.is_volatile,
        definitions=_versions(group.held),
        differences=differences,
    )


def _versions(held: Sequence[HeldDefinition]) -> tuple[DefinitionVersion, ...]:
    return tuple(DefinitionVersion(kind=one.kind, name=one.name, digest=one.digest) for one in held)
