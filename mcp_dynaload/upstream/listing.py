"""Everything that an upstream offers, read page by page."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import cast

import structlog
from mcp import MCPError
from mcp_types import METHOD_NOT_FOUND

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.upstream.era import Era

MAX_PAGES = 1_000

IDENTITY = {"tools": "name", "prompts": "name", "resources": "uri", "resourceTemplates": "uriTemplate"}
"""The field by which an element of each list is asked for."""

log = structlog.get_logger()

Request = Callable[[str, Json], Awaitable[Json]]
"""Sends one request to the upstream and returns the raw result."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What one upstream offers, raw as it said it."""

    tools: tuple[Json, ...] = ()
    prompts: tuple[Json, ...] = ()
    resources: tuple[Json, ...] = ()
    templates: tuple[Json, ...] = ()
    instructions: str = ""
    server_info: Json | None = None
    capabilities: Json | None = None
    version: str = ""
    unnamed: Json = field(default_factory=dict[str, int])
    """How many elements were dropped from each list because they have no name to ask for."""

    def as_json(self) -> Json:
        """The listing as it is kept on disk."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Json) -> "Listing":
        """The listing read back from disk.

        Raises:
            TypeError: The data has fields that are not ours.
            KeyError: A list is missing.
        """
        lists = {key: tuple(cast(list[Json], data[key])) for key in ("tools", "prompts", "resources", "templates")}
        fields: Json = {**data, **lists}
        return cls(**fields)


async def read_listing(era: Era, request: Request) -> Listing:
    """List tools, prompts, resources and templates, each as far as the upstream has them, all pages.

    Raises:
        MCPError: The upstream answered a list with an error.
    """
    offers, lost = era.capabilities, dict[str, int]()
    tools = await _pages(request, "tools/list", "tools", lost) if "tools" in offers else []
    prompts = await _pages(request, "prompts/list", "prompts", lost) if "prompts" in offers else []
    has_resources = "resources" in offers
    resources = await _pages(request, "resources/list", "resources", lost) if has_resources else []
    templates = await _pages(request, "resources/templates/list", "resourceTemplates", lost) if has_resources else []
    return Listing(
        tuple(tools),
        tuple(prompts),
        tuple(resources),
        tuple(templates),
        era.instructions,
        era.server_info,
        era.capabilities,
        era.version,
        lost,
    )


async def _pages(request: Request, method: str, key: str, lost: dict[str, int]) -> list[Json]:
    """All pages of one list; a cursor that comes back ends it, as does a server that lacks the method after all."""
    items: list[Json] = []
    seen: set[str] = set()
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        try:
            page = await request(method, {"cursor": cursor} if cursor else {})
        except MCPError as error:
            if error.error.code == METHOD_NOT_FOUND:
                break
            raise
        items += _named(page.get(key), key, lost)
        cursor = page.get("nextCursor")
        if not isinstance(cursor, str) or not cursor or cursor in seen:
            break
        seen.add(cursor)
    return items


def _named(page: object, key: str, lost: dict[str, int]) -> list[Json]:
    """The elements of one page that can be told apart; one without a name could never be asked for: it is counted."""
    elements = cast(list[object], page) if isinstance(page, list) else []
    named = [item for item in map(json_object, elements) if isinstance(item.get(IDENTITY[key]), str)]
    if len(named) < len(elements):
        log.warning("listed_elements_dropped", count=len(elements) - len(named), missing=IDENTITY[key])
        lost[key] = lost.get(key, 0) + len(elements) - len(named)
    return named
