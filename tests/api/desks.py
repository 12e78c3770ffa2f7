"""The API on scripted servers, away from the user's files."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.api.options import IntegrationMode
from mcp_dynaload.catalog.tool import Json
from tests.faults.scripted import entry, tool

TICKETS = [
    tool("search_tickets", "Search the tickets of the account"),
    tool("create_invoice", "Create an invoice for a customer"),
    tool("pid"),
    tool("echo"),
]
HALL = [tool("book_meeting_room", "Book a meeting room for a day"), tool("die")]


def servers(**more: Json) -> Json:
    desk = entry("desk", offers={"tools": TICKETS}, options={"categories": ["office"]})
    return {"desk": desk, "hall": entry("hall", offers={"tools": HALL}), **more}


@asynccontextmanager
async def opened(**options: Any) -> AsyncGenerator[Dynaload]:
    """Open it with waits that a busy machine keeps, too."""
    options = {"config": servers(), "mode": IntegrationMode.TESTING, **options}
    async with Dynaload.open(**options) as dynaload:
        yield dynaload
