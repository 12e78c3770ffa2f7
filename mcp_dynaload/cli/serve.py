"""`mcp-dynaload serve`: what the client starts, or a service to which many connect."""

import gc
import sys
from contextlib import nullcontext, suppress
from enum import StrEnum
from importlib import import_module
from threading import Thread
from typing import Annotated

import typer

from mcp_dynaload.cli.common import ConfigOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.machine.freed_memory import claim_process
from mcp_dynaload.machine.lean_imports import built_when_used, import_parts, left_out

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765

SWITCH_SECONDS = 0.0005
"""So soon a thread makes way for another that waits: a choice hands texts to the model's threads and goes on meanwhile,
and with Python's ten times as much the model begins when the rest is done."""

SDK = ("mcp", "mcp.server", "mcp.client")
SDK_PARTS = ("mcp.shared.exceptions", "mcp.server.runner", "mcp.server.lowlevel.server", "mcp.client.stdio")
"""The parts that every session needs."""


class Transport(StrEnum):
    """The way in which clients reach us."""

    STDIO = "stdio"
    SSE = "sse"
    HTTP = "http"


def serve(
    context: typer.Context,
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    transport: Annotated[
        Transport,
        typer.Option(
            help="stdio: the one client that has started this process. http: any number, by streamable HTTP at /mcp "
            "and for older clients by SSE at /sse. sse: the same service under the older name."
        ),
    ] = Transport.STDIO,
    host: Annotated[str, typer.Option(help="Where http and sse listen.")] = DEFAULT_HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one, which the log names.")] = DEFAULT_PORT,
) -> None:
    """Serve one client on stdin and stdout, or many over HTTP.

    This is what the client starts.

    Example: mcp-dynaload serve --transport http --port 8765
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.disable()  # nothing that is built while starting becomes garbage: collecting costs a tenth of the start
    import anyio

    if context.obj is not None and context.obj.stored is not None:
        # The first prompt may wait for us already: what it is ranked by is read beside the rest, not after it.
        Thread(target=_read_models, name="early-models", daemon=True).start()
    _import_libraries(transport)
    # a client that starts us would be without any server; of a service whoever starts it reads what is wrong
    configuration = configuration_of(config, trust, settings, goes_on=transport is Transport.STDIO)
    if transport is not Transport.STDIO:
        from mcp_dynaload.http.run import serve_http  # FastAPI, which a client's own process never needs

        claim_process()
        gc.enable()
        anyio.run(serve_http, configuration, host, port)
        return
    from mcp_dynaload.app import serve_stdio

    claim_process()
    gc.enable()
    anyio.run(serve_stdio, configuration, context.obj)


def _import_libraries(transport: Transport) -> None:
    """Import those of which a session needs a part, without the rest."""
    unused = left_out("uvicorn") if transport is Transport.STDIO else nullcontext()  # an SDK's service is run by it
    with unused, built_when_used():
        import_parts(SDK, SDK_PARTS)
    with left_out("rich"):  # for tracebacks in colour, which are not to be in a log
        import_module("structlog")


def _read_models() -> None:
    from mcp_dynaload.encoder.sentence_encoder import read_models  # heavy

    with suppress(Exception):  # whatever it is, the session that needs them meets it again, and tells it
        read_models()
