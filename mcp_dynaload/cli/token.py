"""`mcp-dynaload token`: who may use a service, and for what."""

import json
import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import anyio
import typer

from mcp_dynaload.cli.common import JsonOption, configuration_of
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.store.tokens import Scope, TokenStore

token = typer.Typer(help="Access tokens of a service: make, list, revoke, forget.", no_args_is_help=True)

_OPEN = "There is no token: a service on a loopback address is open to everybody on this machine."

_CLOSED = (
    "There is no token any more, and a service lets nobody in: make one, or open a service on a loopback address "
    "to everybody on this machine again: mcp-dynaload token forget"
)

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


@token.command()
def create(
    name: Annotated[str, typer.Argument(help="The user or program that gets it; what it learns is kept by it.")],
    scope: Annotated[
        Scope, typer.Option(help="use: connect as a client. control: REST for its own sessions, too. admin: all.")
    ] = Scope.USE,
) -> None:
    """Make a token and print it, this once: only its hash is kept.

    Example: mcp-dynaload token create ann --scope use
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for a token: use up to 64 letters, digits, '.', '_', '@' and '-'")
    with _tokens() as tokens:
        print(anyio.run(tokens.create, name, scope))


@token.command("list")
def list_tokens(as_json: JsonOption = False) -> None:
    """List each token's name, scope and age."""
    with _tokens() as tokens:
        records, were_made = anyio.run(tokens.all), anyio.run(tokens.were_made)
    if as_json:
        print(json.dumps([asdict(record) for record in records]))
        return
    for record in records:
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.created_at))
        print(f"{record.name:<32} {record.scope:<8} {made}")
    if not records:
        print(_OPEN if were_made is False else _CLOSED)


@token.command()
def revoke(name: Annotated[str, typer.Argument(help="Whose token it is.")]) -> None:
    """Take a token back: the next request with it is refused, and its user's logins to servers are forgotten."""
    with _tokens() as tokens:
        made_at = [record.created_at for record in anyio.run(tokens.all) if record.name == name]
        if not anyio.run(tokens.revoke, name):
            raise ConfigError(f"there is no token for {name!r}; `mcp-dynaload token list` names all")
        is_last = not anyio.run(tokens.has_any)
    _forget_logins(name, made_at)
    print(f"The token of {name} is revoked.")
    if is_last:
        print(_CLOSED)


@token.command()
def forget() -> None:
    """Open a service on a loopback address to everybody on this machine again, once all tokens are revoked.

    It is open from its next start on.
    """
    with _tokens() as tokens:
        anyio.run(tokens.forget)
    print(_OPEN)


def _forget_logins(name: str, made_at: list[float]) -> None:
    from mcp_dynaload.logins.user_logins import owner_of
    from mcp_dynaload.store.backends import open_login_vault

    configuration = configuration_of(None, False)
    url, file = configuration.settings.store_url, configuration.locations.user_logins_file
    if not url and not file.exists():
        return
    with open_login_vault(url, file) as vault:
        for at in made_at:
            anyio.run(vault.forget, owner_of("", name, at))


@contextmanager
def _tokens() -> Generator[TokenStore]:
    from mcp_dynaload.store.backends import open_tokens  # SQLite, which `--help` can do without

    configuration = configuration_of(None, False)
    places = configuration.locations
    with open_tokens(configuration.settings.store_url, places.database_file, places.tokens_mark_file) as tokens:
        yield tokens
