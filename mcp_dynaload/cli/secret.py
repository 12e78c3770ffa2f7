"""`mcp-dynaload secret`: values for servers files that do not stand in them."""

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import JsonOption
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking.printable import printable

if TYPE_CHECKING:
    from mcp_dynaload.config.secret_store import SecretStore

secret = typer.Typer(help="Secrets for servers files, kept elsewhere: set, list, rm.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The secret's name, which `${keyring:NAME}` in an entry stands for.")]


@secret.command("set")
def set_secret(name: NameArgument) -> None:
    """Keep a secret, which is asked for or read from stdin, in the keyring, or in a file of yours where there is none.

    Example: mcp-dynaload secret set github-token
    """
    from mcp_dynaload.config.secret_store import NAME_RULE, SECRET_NAME

    if not SECRET_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for a secret: {NAME_RULE}")
    value = typer.prompt("Value", hide_input=True) if sys.stdin.isatty() else sys.stdin.read().rstrip("\r\n")
    if not value or "\0" in value:
        raise ConfigError(f"there is no value for {name!r}; type it when asked, or write it to stdin")
    place = _store().set(name, value)
    print(printable(f"Kept {name!r} in {place}. In a servers file: ${{keyring:{name}}}"))
    print("Running sessions take it up by themselves.")


@secret.command("list")
def list_secrets(as_json: JsonOption = False) -> None:
    """List the names of your secrets and where each is kept; no value is shown."""
    store = _store()
    names = store.names()
    if as_json:
        print(json.dumps([{"name": name, "place": place} for name, place in names.items()], indent=2))
        return
    for name, place in names.items():
        print(printable(f"{name:<32} {place}"))
    if not names:
        print(printable(f"There is no secret; `mcp-dynaload secret set NAME` would keep one in {store.place}."))


@secret.command("rm")
def remove_secret(name: Annotated[str, typer.Argument(help="The secret to forget.")]) -> None:
    """Forget a secret; a server whose entry names it does not start any more."""
    if not _store().remove(name):
        raise ConfigError(f"there is no secret {name!r}; `mcp-dynaload secret list` names all")
    print(printable(f"Forgot {name!r}."))


def _store() -> "SecretStore":
    from mcp_dynaload.config.secret_store import SecretStore  # what `--help` can do without

    return SecretStore(find_locations(os.environ).secrets_file)
