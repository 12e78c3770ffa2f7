"""`mcp-dynaload dashboard`: what happened and happens, in the browser, without a service that runs."""

from typing import Annotated

import typer

from mcp_dynaload.cli.common import ConfigOption, SetOption, TrustOption, configuration_of

HOST = "127.0.0.1"


def dashboard(
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0: any free port.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print the address; open no browser.")] = False,
) -> None:
    """Show the dashboard over the journal of all your sessions, on this machine alone, until Ctrl-C.

    Example: mcp-dynaload dashboard --no-open
    """
    import anyio

    configuration = configuration_of(config, trust, settings)
    from mcp_dynaload.http.run import serve_http  # FastAPI, which `--help` can do without

    def listening(address: str) -> None:
        print(f"{address}/", flush=True)
        if not no_open:
            import webbrowser

            webbrowser.open(address)

    anyio.run(serve_http, configuration, HOST, port, listening)
