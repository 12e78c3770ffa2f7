"""The program without its commands, and with the one alone that a client starts."""

from typing import Annotated

import typer

from mcp_dynaload.cli.serve import serve
from mcp_dynaload.version import __version__


def new_app() -> typer.Typer:
    """Return the program without a command."""
    app = typer.Typer(
        name="mcp-dynaload",
        help="One MCP server in front of all your others: loads only the tools that each prompt needs.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(options)
    return app


def serving_app() -> typer.Typer:
    """Return the program with `serve` alone: importing all others takes a quarter of its start."""
    app = new_app()
    app.command()(serve)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


def options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command."""
