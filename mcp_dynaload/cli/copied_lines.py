"""Options as `claude mcp add` takes them, so that a copied line works."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import typer
import typer.core

_MANY = {
    "-e": re.compile(r"[A-Za-z_][A-Za-z0-9_]*="),
    "-H": re.compile(r"[A-Za-z0-9-]+[ \t]*:(?!//)"),
}
"""The options that take several values one after another there, and what such a value looks like."""

_SHORT = {"-e": "-e", "--env": "-e", "-H": "-H", "--header": "-H"}


class CopiedLineCommand(typer.core.TyperCommand):
    """A command with options that take several values, and with a command line of others after `--`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Write an option before each of its values, which is how options come everywhere else."""
        known = {"--help", *(name for option in self.params for name in option.opts)}
        if (strange := unknown_option(args, known)) is not None:
            raise typer.BadParameter(f"no such option: {strange}; put `--` before the server's command and its options")
        return super().parse_args(ctx, list(with_repeated_options(args)))


def unknown_option(args: Sequence[str], known: Collection[str]) -> str | None:
    """Return the first option before `--` that is none of the known ones, nor the value of one."""
    before = ""
    for arg in args:
        if arg == "--":
            return None
        if arg.startswith("-") and before not in known and arg.partition("=")[0] not in known and len(arg) > 1:
            return arg
        before = arg
    return None


def with_repeated_options(args: Sequence[str]) -> Iterator[str]:
    """Yield the arguments with `-e A=1 B=2` written as `-e A=1 -e B=2`; what follows `--` is not looked at."""
    option, is_first = "", False
    for index, arg in enumerate(args):
        if arg == "--":
            yield from args[index:]
            return
        if arg in _SHORT:
            option, is_first = arg, True
        elif option and not is_first and _MANY[_SHORT[option]].match(arg):
            yield option
        elif is_first:
            is_first = False
        else:
            option = ""
        yield arg
