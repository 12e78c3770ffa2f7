"""`mcp-dynaload scan`: definitions that speak to the model, hide something or do other than they say."""

import json
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.completion import complete_server
from mcp_dynaload.cli.refresh import list_unseen
from mcp_dynaload.errors import ConfigError

if TYPE_CHECKING:
    from mcp_dynaload.catalog.pinning import Key
    from mcp_dynaload.catalog.tool import Json
    from mcp_dynaload.proxy.known_listings import KnownListings
    from mcp_dynaload.scanning import DefinitionFinding

ServerArgument = Annotated[
    str, typer.Argument(help="A server; without one, all of them.", autocompletion=complete_server)
]


def scan(
    server: ServerArgument = "",
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Scan what your servers define, offline; one never listed is listed first.

    Exit status 1 for a hard finding, and where something could not be scanned.

    Hard findings (hidden characters, orders to the model, theft, another server's name) are held back until you
    approve them; soft ones are worth a look, and nothing else happens to them.

    Example: mcp-dynaload scan github
    """
    from mcp_dynaload.configuration import open_catalog
    from mcp_dynaload.proxy.definition_scan import scan_servers

    configuration = configuration_of(config, trust, settings)
    if server and server not in configuration.configs:
        raise ConfigError(f"no server is called {server!r}; configured are: {', '.join(configuration.configs)}")
    list_unseen(configuration, server)
    with open_catalog(configuration) as live:
        found = scan_servers(live.listings, [server] if server else None)
        unseen = [name for name in live.listings.unseen if server in ("", name)]
        kept_away = _withheld(live.listings)
    masker = configuration.masker
    if as_json:
        rows = [_in_json(one, kept_away) for several in found.values() for one in several]
        print(json.dumps(masker.value({"findings": rows, "not_listed_yet": unseen}), indent=2))
    else:
        from mcp_dynaload.cli.screen import console

        for name, several in found.items():
            for line in (_counts_of(name, several, kept_away), *(f"  {_in_words(one, kept_away)}" for one in several)):
                console.print(masker.text(line), markup=False, highlight=False)
        if unseen:
            console.print(f"Could not be listed: {', '.join(unseen)}. Run `mcp-dynaload doctor`.", markup=False)
    is_whole = not unseen and (server or not configuration.upstreams.problems)
    if not is_whole or any(one.is_hard for several in found.values() for one in several):
        raise typer.Exit(1)


def notes_of(listings: "KnownListings") -> Iterator[tuple[str, str]]:
    """Yield for each server with findings how many, and the command that shows them."""
    from mcp_dynaload.proxy.definition_scan import scan_servers

    kept_away = _withheld(listings)
    for name, several in scan_servers(listings).items():
        if several:
            yield _counts_of(name, several, kept_away), f"mcp-dynaload scan {shlex.quote(name)}"


def _withheld(listings: "KnownListings") -> "dict[str, Collection[Key]]":
    """Return the definitions of each server that are held back, for whatever reason."""
    return {name: held.keys for name, held in listings.quarantine.held.items() if not held.is_in_use}


def _counts_of(server: str, found: "Sequence[DefinitionFinding]", kept_away: "Mapping[str, Collection[Key]]") -> str:
    """Return a line with the numbers of a server's findings."""
    hard = [one for one in found if one.is_hard]
    in_use = sum(not _is_held(one, kept_away) for one in hard)
    state = f" ({in_use} in use)" if in_use else " (held back)"
    numbers = [f"{len(hard)} hard{state}"] if hard else []
    numbers += [f"{len(found) - len(hard)} soft"] if len(found) > len(hard) else []
    return f"server {server}: {', '.join(numbers) or 'no'} finding{'s' if len(found) != 1 else ''} in its definitions"


def _in_words(one: "DefinitionFinding", kept_away: "Mapping[str, Collection[Key]]") -> str:
    held = ", held back" if _is_held(one, kept_away) else ""
    return f"{one.severity}{held}: {one.title}, {one.detail}"


def _is_held(one: "DefinitionFinding", kept_away: "Mapping[str, Collection[Key]]") -> bool:
    return (one.kind, one.name) in kept_away.get(one.server, ())


def _in_json(one: "DefinitionFinding", kept_away: "Mapping[str, Collection[Key]]") -> "Json":
    """Return a finding for programs."""
    return {
        "severity": str(one.severity),
        "rule": one.rule,
        "server": one.server,
        "kind": one.kind,
        "name": one.name,
        "place": one.place,
        "reason": one.reason,
        "excerpt": one.excerpt,
        "held": _is_held(one, kept_away),
    }
