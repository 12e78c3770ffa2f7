"""Options that several commands share, and reading the configuration as the server would."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.errors import ConfigError

if TYPE_CHECKING:
    from mcp_dynaload.configuration import Configuration

ConfigOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--config", metavar="PATH", help="A servers file; given once or more, it replaces the user's and the project's."
    ),
]
TrustOption = Annotated[
    bool, typer.Option("--trust", help="Use the project's servers file without asking: for headless use.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting, by its name in dynaload.toml; wins over all others."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def confirm(question: str, otherwise: str) -> None:
    """Ask the user; a no ends the command with exit status 1, because what was asked for was not done.

    Raises:
        ConfigError: There is nobody to ask; `otherwise` says what to do then.
        typer.Exit: The answer is no.
    """
    if not is_agreed(question, otherwise):
        print("Nothing was changed.")
        raise typer.Exit(1)


def is_agreed(question: str, otherwise: str) -> bool:
    """Ask the user, and return whether the answer is yes.

    Raises:
        ConfigError: There is nobody to ask; `otherwise` says what to do then.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigError(f"nobody can be asked here (no terminal); {otherwise}")
    return typer.confirm(question)


def configuration_of(
    config: Sequence[Path] | None, trust: bool, settings: Sequence[str] | None = None, *, goes_on: bool = False
) -> "Configuration":
    """Return the configuration that `serve` would use with these options.

    `goes_on`: what is wrong in the user's settings file is among its problems, and the rest is used.

    Raises:
        ConfigError: The settings are wrong.
    """
    from mcp_dynaload.configuration import read_configuration  # ranking and catalog, which `--help` does without
    from mcp_dynaload.machine.logs import set_up_logs

    configuration = read_configuration(
        os.environ, explicit=config or (), trust_all=trust, overrides=overrides_of(settings), goes_on=goes_on
    )
    set_up_logs(
        configuration.settings.log_level, configuration.locations.logs_dir, to_stderr=False, masker=configuration.masker
    )
    return configuration


def overrides_of(settings: Sequence[str] | None) -> dict[str, str]:
    """Return the settings that are given as `NAME=VALUE`, by name.

    Raises:
        ConfigError: One has no value.
    """
    return dict(_named_value(text) for text in settings or ())


def _named_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {text} has no value; write --set {name}=VALUE")
    return name.strip(), value.strip()
