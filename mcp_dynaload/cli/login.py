"""`mcp-dynaload login` and `logout`: the user's logins to servers behind HTTP."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import ConfigOption, TrustOption, configuration_of
from mcp_dynaload.cli.completion import complete_server
from mcp_dynaload.errors import ConfigError, DynaloadError, LoginError
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.commands.layout import counted

if TYPE_CHECKING:
    from mcp_dynaload.config.upstream_config import UpstreamConfig
    from mcp_dynaload.configuration import Configuration
    from mcp_dynaload.logins.flow import PendingLogin
    from mcp_dynaload.logins.logins import Logins

NameArgument = Annotated[
    str | None, typer.Argument(help="The server's name in the servers file.", autocompletion=complete_server)
]


def login(
    name: NameArgument = None,
    all_: Annotated[bool, typer.Option("--all", help="Each server that wants a login and has none.")] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the page's address, and take what you paste from it.")
    ] = False,
    client_secret: Annotated[
        bool,
        typer.Option(
            "--client-secret", help="Ask for the secret of the client that the entry names (or MCP_CLIENT_SECRET)."
        ),
    ] = False,
    config: ConfigOption = None,
    trust: TrustOption = False,
) -> None:
    """Log in to a server with your browser; the login is kept, and renewed by itself.

    Example: mcp-dynaload login linear
    """
    configuration = configuration_of(config, trust)
    chosen = _wanting(configuration) if all_ else [_named(configuration, name)]
    secret = typer.prompt("Client secret", hide_input=True) if client_secret else ""
    failed = [one.name for one in chosen if not _log_in(configuration, one, no_browser=no_browser, secret=secret)]
    if all_ and not chosen:
        print("No server wants a login that it does not have.")
    if failed:
        raise typer.Exit(1)


def logout(
    name: NameArgument = None,
    all_: Annotated[bool, typer.Option("--all", help="Every login that is kept, of whatever server.")] = False,
) -> None:
    """Forget the login to a server, and have it revoked there where that is possible.

    Example: mcp-dynaload logout linear
    """
    if all_ is (name is not None):
        raise ConfigError("name one server, or give --all")
    logins = configuration_of(None, False).logins
    if not asyncio.run(_log_out(logins, name)):
        print("There is no login to forget." if all_ else printable(f"There is no login to {name!r}."))


def _named(configuration: "Configuration", name: str | None) -> "UpstreamConfig":
    if name is None:
        raise ConfigError("name one server, or give --all")
    config = configuration.configs.get(name)
    remote = [one.name for one in configuration.configs.values() if one.transport != "stdio"]
    if config is None:
        raise ConfigError(f"there is no server {name!r}; behind HTTP are: {', '.join(remote) or 'none'}")
    if config.transport == "stdio":
        raise ConfigError(f"{name!r} is a program of this machine, to which nobody logs in here")
    if config.has_own_authorization:
        raise ConfigError(f"the entry of {name!r} has an 'Authorization' header: remove it to log in instead")
    return config


def _wanting(configuration: "Configuration") -> list["UpstreamConfig"]:
    """Return the servers that refuse us for want of a login; each is asked."""
    from mcp_dynaload.cli.refresh import fill_cache

    remote = [name for name, config in configuration.configs.items() if configuration.logins.can_log_in(config)]
    wanting = fill_cache(configuration, remote).logins_needed if remote else ()
    return [configuration.configs[name] for name in wanting]


def _log_in(configuration: "Configuration", config: "UpstreamConfig", *, no_browser: bool, secret: str) -> bool:
    """Log in to one server and list it; a failure is told and stops no other."""
    from mcp_dynaload.cli.refresh import fill_cache

    masker, logins = configuration.masker, configuration.logins
    try:
        asyncio.run(_logged_in(logins, config, no_browser=no_browser, secret=secret))
    except DynaloadError as error:
        said = masker.tokens(f"{config.name}: not logged in: {error}")
        print(printable(said, keeps_lines=True), file=sys.stderr)
        return False
    print(printable(f"{config.name}: logged in.{_kept_elsewhere(configuration, config)}"))
    listed = fill_cache(configuration, [config.name])
    if (listing := listed.listings.get(config.name)) is not None:
        many = counted(len(listing.tools), "tool")
        print(printable(f"{config.name}: {many}. Running sessions take them up by themselves."))
    for error in listed.errors.values():
        print(printable(error, keeps_lines=True), file=sys.stderr)
    return not listed.errors


def _kept_elsewhere(configuration: "Configuration", config: "UpstreamConfig") -> str:
    """Return where the login is kept if the keyring was to have it; the log says why it has not."""
    from mcp_dynaload.logins.login import key_of
    from mcp_dynaload.logins.store import LoginStore

    if configuration.settings.login_store == "file":
        return ""
    place = LoginStore(configuration.locations.logins_dir, configuration.masker).place_of(key_of(config))
    hint = "" if "keyring" in place else ": there is no keyring to be used here (install the extra `keyring`)"
    return f" It is kept in {place}{hint}."


async def _logged_in(logins: "Logins", config: "UpstreamConfig", *, no_browser: bool, secret: str) -> None:
    from mcp_dynaload.machine.browser import open_page  # needed by this command alone

    async with logins.open(config, None, secret) as pending:
        is_open = not no_browser and open_page(pending.url, os.environ)
        print(
            printable(
                f"{config.name}: log in at {pending.issuer} with this page{', which opens now' if is_open else ''}:"
            )
        )
        print(printable(pending.url))
        if not is_open:
            print("If it cannot come back here by itself, paste the address to which it has sent you:")
            _hear_pastes(pending)
        sys.stdout.flush()
        await pending.wait()


def _hear_pastes(pending: "PendingLogin") -> None:
    """Take lines of the input until one is the login; in a thread that keeps nobody from leaving."""
    loop = asyncio.get_running_loop()

    def take(line: str) -> None:
        try:
            pending.paste(line)
        except LoginError as error:
            print(printable(f"Not this: {error}. Paste another, or press Ctrl-C."), file=sys.stderr)

    def read(told: Callable[[str], object]) -> None:
        for line in sys.stdin:
            if line.strip():
                try:
                    loop.call_soon_threadsafe(told, line)
                except RuntimeError:  # the loop is over: the login has come back by itself
                    return

    threading.Thread(target=read, args=(take,), daemon=True).start()


async def _log_out(logins: "Logins", name: str | None) -> Sequence[str]:
    """Forget the login of the name, or all; returns whose."""
    known = [key for key in await logins.store.all() if name in (None, key.name)]
    for key in known:
        try:
            is_revoked = await logins.log_out(key)
        except LoginError as error:
            print(printable(f"{key.name}: forgotten here. {error}"), file=sys.stderr)
        else:
            there = "and revoked at its server" if is_revoked else "its server has no way to revoke it"
            print(printable(f"{key.name}: forgotten here, {there}."))
    return [key.name for key in known]
