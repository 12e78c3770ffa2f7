"""The program without its commands, and with the one alone that a client starts."""

import inspect
from typing import Annotated, Any

import typer
import typer.core

from mcp_dynaload.catalog.names import SERVER_NAME, CommandName
from mcp_dynaload.cli.serve import serve
from mcp_dynaload.version import __version__

PYDANTIC_PREFIX = "Value error, "
_TYPED_IN_SESSIONS = frozenset(CommandName) - {CommandName.HELP}


class PlainGroup(typer.core.TyperGroup):
    """The commands, told in plain words: no type where there is no value, no line broken where none ends."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of this name; its help is made plain."""
        command: Any = super().get_command(ctx, cmd_name)
        for one in (command, *getattr(command, "commands", {}).values()):
            if one is not None:
                _make_plain(one, ctx)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is asked for.

        Raises:
            BadParameter: It is one that is typed in a session.
        """
        name = args[0]
        if super().get_command(ctx, name) is None and name in _TYPED_IN_SESSIONS:
            raise typer.BadParameter(
                f"{name!r} is typed in a session: /{SERVER_NAME}:{name} in Claude Code, /{name} in "
                "`mcp-dynaload interactive`"
            )
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, its own made plain, too."""
        _make_plain(self, ctx)
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run what is asked for.

        Raises:
            BadParameter: A value is wrong, in words that name no library's.
        """
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(PYDANTIC_PREFIX)
            raise


def _make_plain(command: Any, ctx: Any) -> None:
    for option in (*command.params, command.get_help_option(ctx)):
        if getattr(option, "is_flag", False) and option.metavar is None:
            option.metavar = ""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    command.help = "\n\n".join(" ".join(part.split()) for part in paragraphs)


def new_app() -> typer.Typer:
    """Return the program without a command."""
    app = typer.Typer(
        cls=PlainGroup,
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
