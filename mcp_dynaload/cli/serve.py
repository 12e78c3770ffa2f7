"""`mcp-dynaload serve`: what the client starts."""

import os
from pathlib import Path
from typing import Annotated

import typer


def serve(
    config: Annotated[
        list[Path] | None, typer.Option("--config", help="A servers file; instead of the person's and the project's.")
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Use the project's servers file without asking: for headless use.")
    ] = False,
) -> None:
    """Serve one client on stdin and stdout.

    Example: mcp-dynaload serve --config servers.json
    """
    import anyio  # the other commands start without what serving needs

    from mcp_dynaload.runtime import read_configuration, serve_stdio

    configuration = read_configuration(os.environ, explicit=config or (), trust_all=trust)
    anyio.run(serve_stdio, configuration)
