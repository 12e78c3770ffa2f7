"""What a client would take offence at: one element that the protocol's types refuse costs it the whole list."""

from collections.abc import Iterable
from dataclasses import replace

import structlog
from mcp_types import Prompt, Resource, ResourceTemplate, Tool
from pydantic import BaseModel, ValidationError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.upstream.listing import Listing

log = structlog.get_logger()


def acceptable(upstream: str, listing: Listing) -> Listing:
    """The listing without the elements that the protocol's types refuse; each is logged with the reason."""
    return replace(
        listing,
        tools=_valid(upstream, Tool, listing.tools),
        prompts=_valid(upstream, Prompt, listing.prompts),
        resources=_valid(upstream, Resource, listing.resources),
        templates=_valid(upstream, ResourceTemplate, listing.templates),
    )


def _valid(upstream: str, model: type[BaseModel], elements: Iterable[Json]) -> tuple[Json, ...]:
    return tuple(element for element in elements if _is_valid(upstream, model, element))


def _is_valid(upstream: str, model: type[BaseModel], element: Json) -> bool:
    try:
        model.model_validate(element, by_name=False)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        name = str(element.get("name") or element.get("uri") or element.get("uriTemplate"))
        log.warning(
            "element_left_out", upstream=upstream, kind=model.__name__, name=name, key=place, error=first["msg"]
        )
        return False
    return True
