"""`mcp-dynaload serve`: what the client starts."""

import gc

from mcp_dynaload.cli.common import ConfigOption, SetOption, TrustOption, configuration_of


def serve(config: ConfigOption = None, trust: TrustOption = False, settings: SetOption = None) -> None:
    """Serve one client on stdin and stdout.

    Example: mcp-dynaload serve --config servers.json
    """
    gc.disable()  # nothing that is built while starting becomes garbage: collecting costs a tenth of the start
    import anyio

    configuration = configuration_of(config, trust, settings)
    from mcp_dynaload.runtime import serve_stdio

    gc.freeze()
    gc.enable()
    anyio.run(serve_stdio, configuration)
