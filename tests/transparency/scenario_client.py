"""The client that the conformance suite's client scenarios test: it reaches their server through our service.

Run as `python -m tests.transparency.scenario_client SCENARIO URL`: the suite appends the address of its server.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp_types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.http.app import create_app
from tests.http.services import a_new_configuration
from tests.transparency.serving import served

CALLS: dict[str, tuple[str, Json]] = {
    "tools_call": ("add_numbers", {"a": 5, "b": 3}),
    "elicitation-sep1034-client-defaults": ("test_client_elicitation_defaults", {}),
    "sse-retry": ("test_reconnection", {}),
}
"""The tool that each scenario wants to be called, and its arguments."""


async def accepted(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    """Answer as a user who takes every default."""
    assert isinstance(params, ElicitRequestFormParams)
    properties = json_object(params.requested_schema.get("properties"))
    defaults: Any = {name: field["default"] for name, field in properties.items() if "default" in field}
    return ElicitResult(action="accept", content=defaults)


async def main(scenario: str, url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        entry: Json = {"type": "http", "url": url, "dynaload": {"prefix": ""}}
        configuration = a_new_configuration(Path(folder), {"scenario": entry}, DYNAMIC_LOADING_ENABLED="false")
        async with (
            served(create_app(configuration)) as origin,
            Client(f"{origin}/mcp", mode="legacy", elicitation_callback=accepted) as client,
        ):
            await client.list_tools()
            if scenario in CALLS:
                name, arguments = CALLS[scenario]
                await client.call_tool(name, arguments)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2])
