"""`mcp-dynaload add`, `add-json`, `remove`, `enable`, `disable`, `list`, `get`: the servers behind the proxy."""

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.cli.common import JsonOption
from mcp_dynaload.cli.completion import complete_server
from mcp_dynaload.config.paths import Locations, find_locations
from mcp_dynaload.config.problems import nearest_name
from mcp_dynaload.config.server_entry import is_disabled
from mcp_dynaload.errors import ConfigError, HostError
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.commands.layout import counted

if TYPE_CHECKING:
    from mcp_dynaload.configuration import Configuration

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://.*", re.IGNORECASE | re.DOTALL)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LISTING_SECONDS = 60.0
"""Given to a new server to be listed: the first start of many downloads it."""

_NEXT = "Running sessions take it up by themselves."


class ServerScope(StrEnum):
    """Whose servers file is meant."""

    USER = "user"
    PROJECT = "project"
    LOCAL = "local"


class ServerTransport(StrEnum):
    """The way to a server."""

    STDIO = "stdio"
    SSE = "sse"
    HTTP = "http"
    STREAMABLE_HTTP = "streamable-http"


_SCOPES = "user|project|local"
_SCOPE_HELP = (
    "Your servers everywhere (user), the project's file (project), or yours for this folder, kept out of git (local)"
)

ScopeOption = Annotated[
    ServerScope,
    typer.Option(
        "--scope",
        "-s",
        metavar=_SCOPES,
        help=f"{_SCOPE_HELP}.",
    ),
]
AnyScopeOption = Annotated[
    ServerScope | None,
    typer.Option("--scope", "-s", metavar=_SCOPES, help=f"{_SCOPE_HELP}; by default wherever it is."),
]
NoListOption = Annotated[bool, typer.Option("--no-list", help="Do not start the server now to list its tools.")]


def add(
    name: Annotated[str, typer.Argument(help="The server's name: letters, digits, `-` and `_`.")],
    command_or_url: Annotated[str, typer.Argument(help="The program to start, or the address to connect to.")],
    args: Annotated[list[str] | None, typer.Argument(help="The program's arguments.")] = None,
    transport: Annotated[
        ServerTransport | None,
        typer.Option("--transport", "-t", help="By default http for an address, stdio for a program."),
    ] = None,
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", metavar="NAME=VALUE", help="A variable of the program.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", metavar="NAME: VALUE", help="A header of each request.")
    ] = None,
    scope: ScopeOption = ServerScope.USER,
    client_id: Annotated[str | None, typer.Option("--client-id", help="OAuth client id of the server.")] = None,
    client_secret: Annotated[
        bool, typer.Option("--client-secret", help="Refused: add the server, then `login NAME --client-secret`.")
    ] = (False),
    callback_port: Annotated[
        int | None, typer.Option("--callback-port", min=1, max=65535, help="Port of the OAuth callback.")
    ] = None,
    allow: Annotated[
        list[str] | None, typer.Option("--allow", metavar="GLOB", help="Only tools of such names may be called.")
    ] = None,
    deny: Annotated[
        list[str] | None, typer.Option("--deny", metavar="GLOB", help="Tools of such names may not be called.")
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Only tools may be called that say that they change nothing.")
    ] = False,
    sandbox: Annotated[
        list[str] | None,
        typer.Option(
            "--sandbox",
            metavar="none|network|read=PATH|write=PATH",
            help="Contain the program; may be given more than once, none: nothing but the project to read.",
        ),
    ] = None,
    no_list: NoListOption = False,
) -> None:
    """Add a server; a copied `claude mcp add …` works with our name in its place. Its tools are listed at once.

    Options of a program stand after `--`. Running sessions take the server up by themselves.

    Example: mcp-dynaload add notes -e DB=notes.db -- uvx mcp-server-sqlite
    """
    if client_secret:
        raise ConfigError("--client-secret: a servers file keeps no secrets; add the server without it, then log in")
    is_address = bool(_ADDRESS.fullmatch(command_or_url))
    way = transport or (ServerTransport.HTTP if is_address else ServerTransport.STDIO)
    entry: Json
    if way is ServerTransport.STDIO:
        _refuse_for(way, header=header, client_id=client_id, callback_port=callback_port)
        entry = _program(command_or_url, args or [], env or [])
    else:
        _refuse_for(way, env=env, args=args, sandbox=sandbox)
        entry = {"type": "http" if way is ServerTransport.STREAMABLE_HTTP else str(way), "url": command_or_url}
        entry |= {"headers": headers} if (headers := dict(map(_header, header or []))) else {}
        oauth = {"clientId": client_id, "callbackPort": callback_port}
        entry |= {"oauth": given} if (given := {key: value for key, value in oauth.items() if value}) else {}
    rules: Json = {"allow": allow, "deny": deny, "read_only": read_only}
    limits = {key: rule for key, rule in rules.items() if rule} | _sandbox(sandbox or [])
    if limits:
        entry["dynaload"] = {**json_object(entry.get("dynaload")), **limits}
    _add(name, entry, scope, lists=not no_list)


def add_json(
    name: Annotated[str, typer.Argument(help="The server's name, as for `add`.")],
    entry: Annotated[str, typer.Argument(metavar="JSON", help="The entry as JSON; `-` reads it from stdin.")],
    scope: ScopeOption = ServerScope.USER,
    no_list: NoListOption = False,
) -> None:
    """Add a server by its entry in Claude's format, with our options under `dynaload` if you like.

    A pasted `{"mcpServers": {NAME: …}}` is taken, too.

    Example: mcp-dynaload add-json notes '{"command": "uvx", "args": ["mcp-server-sqlite"]}'
    """
    text = sys.stdin.read() if entry == "-" else entry
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the entry of {name!r} is not valid JSON ({error}); correct it, in single quotes") from error
    if not isinstance(value, dict):
        raise ConfigError(f'the entry of {name!r} must be an object: {{"command": …}} or {{"type": "http", "url": …}}')
    _add(name, _unwrapped(name, cast(Json, value)), scope, lists=not no_list)


def _unwrapped(name: str, pasted: Json) -> Json:
    """Return the entry in what pages show for pasting: `{"mcpServers": {"notes": …}}`, or `{"notes": …}`.

    Raises:
        ConfigError: Several are there, and none of this name.
    """
    servers = pasted.get("mcpServers")
    if servers is None and pasted.keys() == {name}:
        servers = pasted
    if not isinstance(servers, dict):
        return pasted
    named = cast(Json, servers)
    if name not in named and len(named) != 1:
        held = f"entries of {', '.join(named)}" if named else "no entry"
        raise ConfigError(f"what is given for {name!r} has {held} under mcpServers; give its own entry alone")
    return json_object(named.get(name, next(iter(named.values()))))


def remove(
    name: Annotated[str, typer.Argument(help="The server to take out.", autocompletion=complete_server)],
    scope: AnyScopeOption = None,
) -> None:
    """Remove a server from the servers file; everything else in the file stays as it is.

    Example: mcp-dynaload remove notes
    """
    path = _change(name, scope, lambda servers: {key: entry for key, entry in servers.items() if key != name})
    _say(f"Removed {name!r} from {path}. Running sessions let it go by themselves.")


def enable(
    name: Annotated[str, typer.Argument(help="The server to use again.", autocompletion=complete_server)],
    scope: AnyScopeOption = None,
) -> None:
    """Use a server again that was disabled.

    Example: mcp-dynaload enable notes
    """
    path = _change(name, scope, lambda servers: {**servers, name: _switched(servers[name], is_on=True)})
    _say(f"{name!r} of {path} is enabled. {_NEXT}")


def disable(
    name: Annotated[str, typer.Argument(help="The server to switch off.", autocompletion=complete_server)],
    scope: AnyScopeOption = None,
) -> None:
    """Keep a server in the servers file, but neither start nor list it.

    Example: mcp-dynaload disable notes
    """
    path = _change(name, scope, lambda servers: {**servers, name: _switched(servers[name], is_on=False)})
    _say(f"{name!r} of {path} is disabled: `mcp-dynaload enable {name}` takes that back.")


def list_servers(as_json: JsonOption = False) -> None:
    """List the servers behind the proxy: where each is configured, whether it is used, its tools and their tokens.

    Tokens are those of all its definitions, were they loaded. Of a server that failed in a session, running or over,
    and has not answered since it says when and why. Exit status 1 if something in the files is wrong.

    Example: mcp-dynaload list
    """
    from mcp_dynaload.cli.servers_table import print_servers  # the catalog, which only this and `get` need

    configuration = _configuration()
    print_servers(configuration, as_json=as_json)
    if configuration.upstreams.problems:
        raise typer.Exit(1)


def get(
    name: Annotated[str, typer.Argument(help="The server to show.", autocompletion=complete_server)],
    as_json: JsonOption = False,
) -> None:
    """Show a server's entry, values of variables and headers masked, its state and the tokens of each of its tools.

    Example: mcp-dynaload get notes
    """
    from mcp_dynaload.cli.servers_table import print_server

    print_server(_configuration(), name, as_json=as_json)


def _add(name: str, entry: Json, scope: ServerScope, *, lists: bool) -> None:
    from mcp_dynaload.config.servers_edit import checked_entry, edit_servers  # pydantic, which `--help` does without

    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} cannot be a server's name: use letters, digits, '-' and '_'")
    places = find_locations(os.environ)
    path = _file(places, scope)
    config = checked_entry(places, path, name, entry, dict(os.environ))
    for warning in config.warnings:
        _warn(str(replace(warning, file=None)))

    def with_new(servers: Json) -> Json:
        if name in servers:
            raise ConfigError(f"{path} has a server {name!r}: `mcp-dynaload remove {name}` first, or change it there")
        exclude_first()
        return {**servers, name: entry}

    exclude_first, after_writing = _exclusion(places, path, scope)
    edited = edit_servers(places, path, with_new)
    _say(f"Added {name!r} to {path}: {_target(entry)}")
    after_writing()
    if not edited.is_trusted:
        _warn(f"{path} is not trusted, so nothing in it is started; run: mcp-dynaload trust {path}")
    elif lists:
        _list_now(name)


def _list_now(name: str) -> None:
    """List the new server, so that its tools are known; where that fails the entry stays, and why is told."""
    from mcp_dynaload.cli.refresh import fill_cache

    configuration = _configuration()
    if name not in configuration.configs:
        return
    listed = fill_cache(configuration, [name], LISTING_SECONDS)
    if (listing := listed.listings.get(name)) is not None:
        _say(f"Listed: {counted(len(listing.tools), 'tool')}. {_NEXT}")
    if name in listed.logins_needed:
        _say(f"It wants a login: run `mcp-dynaload login {name}`.")
    for error in listed.errors.values() if name not in listed.logins_needed else ():
        _warn(
            f"{error}\nThe entry stays: `mcp-dynaload refresh` tries again, `mcp-dynaload remove {name}` takes it away."
        )


def _configuration() -> "Configuration":
    from mcp_dynaload.cli.common import configuration_of

    return configuration_of(None, False)


def _change(name: str, scope: ServerScope | None, edit: Callable[[Json], Json]) -> Path:
    """Change the file that has the server; returns that file.

    Raises:
        ConfigError: None has it, or both have, or the file is broken.
    """
    from mcp_dynaload.config.servers_edit import edit_servers

    places = find_locations(os.environ)
    wanted = dict.fromkeys(_file(places, one) for one in ([scope] if scope else ServerScope))
    known = {path: edit_servers(places, path, dict).before for path in wanted if path.exists()}
    having = [path for path, servers in known.items() if name in servers]
    if not having:
        names = [one for servers in known.values() for one in servers]
        hint = nearest_name(name, names) if names else "there is none"
        raise ConfigError(f"no server {name!r} in {' or '.join(map(str, wanted))}; {hint}")
    if len(having) > 1:
        raise ConfigError(
            f"{' and '.join(map(str, having))} have {name!r}; say which by --scope user or --scope project"
        )

    def checked(servers: Json) -> Json:
        if name not in servers:
            raise ConfigError(f"{having[0]}: {name!r} was removed by another program just now")
        return edit(servers)

    if not edit_servers(places, having[0], checked).is_trusted:
        _warn(f"{having[0]} is not trusted, so nothing in it is started; run: mcp-dynaload trust {having[0]}")
    return having[0]


def _switched(entry: object, *, is_on: bool) -> Json:
    if not isinstance(entry, dict):
        raise ConfigError("the entry is no object, so nothing can be switched in it; correct it in the file")
    rest = {key: value for key, value in cast(Json, entry).items() if key not in ("disabled", "enabled")}
    if is_on:
        return rest
    return cast(Json, entry) if is_disabled(cast(Json, entry)) else {**rest, "disabled": True}


def _program(command: str, args: Sequence[str], env: Sequence[str]) -> Json:
    """Return the entry of a program, which gets the environment as a client would give it."""
    variables = dict(map(_variable, env))
    return {
        "type": "stdio",
        "command": command,
        "args": list(args),
        **({"env": variables} if variables else {}),
        "dynaload": {"inherit_env": True},
    }


def _sandbox(given: Sequence[str]) -> Json:
    """Return the option of an entry that `--sandbox` means, given any number of times.

    Raises:
        ConfigError: One of them is nothing that it knows.
    """
    reach: dict[str, list[str]] = {"read": [], "write": []}
    for text in given:
        key, equals, path = text.partition("=")
        if equals and path and key in reach:
            reach[key].append(path)
        elif text not in ("none", "network"):
            raise ConfigError(f"--sandbox {printable(text)!r}: write none, network, read=PATH or write=PATH")
    named = {key: paths for key, paths in reach.items() if paths}
    return {"sandbox": {**({"network": True} if "network" in given else {}), **named}} if given else {}


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not _VARIABLE.fullmatch(name):
        raise ConfigError(f"-e {printable(name)!r}: write -e NAME=VALUE, and the server's command after `--`")
    return name, value


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ConfigError(f"-H {printable(name)!r}: write -H 'Name: value'")
    return name.strip(), value.strip()


def _refuse_for(way: ServerTransport, **given: object) -> None:
    """Refuse options that mean nothing for a transport.

    Raises:
        ConfigError: There is such a one.
    """
    for option, value in given.items():
        if value:
            what = "arguments" if option == "args" else f"--{option.replace('_', '-')}"
            raise ConfigError(f"{what}: not for a {way} server; --transport says how the server is reached")


def _file(places: Locations, scope: ServerScope) -> Path:
    return places.user_servers_file if scope is ServerScope.USER else places.project_servers_file


def _exclusion(places: Locations, path: Path, scope: ServerScope) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return what to do with the repository before the servers file is written, and once it is.

    Raises:
        HostError: What is private would end in a file that others have, or may have.
    """
    from mcp_dynaload.hosts.claude_code import git_exclude
    from mcp_dynaload.machine.atomic_files import write_atomically

    exclude = None if scope is ServerScope.USER else git_exclude.exclude_file(places.project_dir)
    if exclude is None:
        return _do_nothing, _do_nothing
    if scope is ServerScope.PROJECT:
        return _do_nothing, partial(_warn_if_ignored, path)
    pattern = git_exclude.EXCLUDED
    text = exclude.read_text("utf-8", "surrogateescape") if exclude.exists() else ""
    shared, outranking = git_exclude.sharing(path), git_exclude.outranking_line(path, pattern)
    git_exclude.check_private(
        path, exists=path.exists(), shared=shared, outranking=outranking, exclude=exclude, text=text, pattern=pattern
    )

    def exclude_now() -> None:
        exclude.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(exclude, git_exclude.excluding(text, pattern).encode("utf-8", "surrogateescape"))

    return exclude_now, lambda: _say(f"Kept out of git by {exclude}.")


def _do_nothing() -> None:
    """Leave the repository as it is."""


def _warn_if_ignored(path: Path) -> None:
    """Tell that a servers file that is for all who have the project stays on this machine."""
    from mcp_dynaload.hosts.claude_code.git_exclude import ignoring_line

    try:
        line = ignoring_line(path)
    except HostError as error:
        _warn(str(error))  # the server is in the file all the same
        return
    if line is not None:
        _warn(f"git ignores {path}, so nobody else gets this server: take out {line}")


def _target(entry: Json) -> str:
    """Return what is started or reached, as written: what a variable or a secret stands for is not shown."""
    from mcp_dynaload.machine.logs import without_addresses
    from mcp_dynaload.masking import Masker

    words = [str(entry.get("command") or ""), *map(str, entry.get("args") or ())]
    return Masker().text(without_addresses(str(entry["url"])) if "url" in entry else " ".join(words))


def _say(text: str) -> None:
    print(printable(text, keeps_lines=True))


def _warn(text: str) -> None:
    print(printable(text, keeps_lines=True), file=sys.stderr)
