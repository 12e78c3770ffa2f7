"""All commands under one name."""

import typer

from mcp_dynaload.cli.serve import serve

app = typer.Typer(
    name="mcp-dynaload",
    help="One MCP server in front of all your others: loads only the tools that each prompt needs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def group() -> None:
    """Keep commands by name even while there is only one."""


app.command()(serve)
