"""`mcp-dynaload quarantine`: what servers changed since their definitions were approved, to look at and to answer."""

import json
import shlex
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import JsonOption, configuration_of, confirm
from mcp_dynaload.errors import ConfigError

if TYPE_CHECKING:
    from mcp_dynaload.catalog.tool import Json
    from mcp_dynaload.configuration import Configuration
    from mcp_dynaload.proxy.quarantine_review import ServerReview
    from mcp_dynaload.store.definitions import DefinitionStore
    from mcp_dynaload.telemetry.events import DefinitionsJudged

quarantine = typer.Typer(
    help="Definitions that servers changed or added since you approved them: list, show, approve, reject.",
    no_args_is_help=True,
)

_NAMES = "[SERVER [DEFINITION...]]"

ShownArgument = Annotated[
    list[str] | None, typer.Argument(metavar=_NAMES, help="A server, else all; then some of its definitions only.")
]
ApprovedArgument = Annotated[
    list[str] | None, typer.Argument(metavar=_NAMES, help="A server; then, if not all is to be used, its definitions.")
]
RejectedArgument = Annotated[
    list[str] | None, typer.Argument(metavar=_NAMES, help="A server; then, if not all is to be kept away, definitions.")
]
ServerOption = Annotated[
    str, typer.Option("--server", metavar="NAME", help="A server; arguments are then names of its definitions.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

NOTHING = "Nothing is held back: every server offers what you have approved."


@quarantine.command("list")
def list_servers(server: ServerOption = "", as_json: JsonOption = False) -> None:
    """List the servers of which definitions are held back, with how many and why.

    Example: mcp-dynaload quarantine list
    """
    found = _reviewed(server, ())
    if as_json:
        print(json.dumps([_in_json(one) for one in found], indent=2))
        return
    from mcp_dynaload.cli.screen import console, show_table
    from mcp_dynaload.proxy.quarantine_review import ENTRY_CHANGED

    if not found:
        console.print(NOTHING)
        return
    rows = [
        (one.server, one.counts, one.rejected or "", ENTRY_CHANGED if one.is_entry_changed else "") for one in found
    ]
    show_table("", ("server", "definitions", "rejected", ""), rows, ("rejected",))
    console.print(f"\nLook at them: mcp-dynaload quarantine show {shlex.quote(found[0].server)}", markup=False)


@quarantine.command()
def show(names: ShownArgument = None, server: ServerOption = "", as_json: JsonOption = False) -> None:
    """Show word by word how definitions differ from those that you approved; alike changes once.

    Example: mcp-dynaload quarantine show github
    """
    found = _reviewed(*_wanted(names, server))
    if as_json:
        print(json.dumps([_in_json(one, with_diffs=True) for one in found], indent=2))
        return
    _show(found)
    for one in found:
        name = shlex.quote(one.server)
        print(f"Use them: mcp-dynaload quarantine approve {name}    Not: mcp-dynaload quarantine reject {name}")


@quarantine.command()
def approve(names: ApprovedArgument = None, server: ServerOption = "", yes: YesOption = False) -> None:
    """Use exactly the definitions that are shown; sessions have them within two seconds.

    Example: mcp-dynaload quarantine approve github
    """
    _answer("approved", _wanted(names, server), yes=yes)


@quarantine.command()
def reject(names: RejectedArgument = None, server: ServerOption = "", yes: YesOption = False) -> None:
    """Keep these definitions away and be told no more of them; `approve` takes that back.

    Example: mcp-dynaload quarantine reject github create_issue
    """
    _answer("rejected", _wanted(names, server), yes=yes)


def _wanted(names: Sequence[str] | None, server: str) -> tuple[str, Sequence[str]]:
    """Return the server and the names that are meant."""
    if server or not names:
        return server, tuple(names or ())
    return names[0], tuple(names[1:])


def _reviewed(server: str, names: Sequence[str]) -> "tuple[ServerReview, ...]":
    from mcp_dynaload.proxy.quarantine_review import review

    configuration = configuration_of(None, False)
    with _definitions(configuration) as definitions:
        found = review(definitions, server, names)
    if not found and server and server not in configuration.configs:
        known = ", ".join(configuration.configs) or "none"
        raise ConfigError(f"no server is called {server!r}; configured are: {known}")
    if not found and names:
        raise ConfigError(f"nothing of {server!r} called {', '.join(names)} is held back")
    return found


def _answer(outcome: str, wanted: tuple[str, Sequence[str]], *, yes: bool) -> None:
    """Show what is meant, ask, and write the answer for exactly these versions.

    Raises:
        ConfigError: There is nothing of that name, or nobody to ask.
    """
    from mcp_dynaload.proxy.quarantine_review import judged_event, review

    server, names = wanted
    if not server:
        raise ConfigError(f"name the server whose definitions are {outcome}: `mcp-dynaload quarantine list` names all")
    configuration = configuration_of(None, False)
    with _definitions(configuration) as definitions:
        found = review(definitions, server, names)
        if not found:
            which = f"{server!r} {', '.join(names)}".strip()
            raise ConfigError(f"nothing of {which} is held back; `mcp-dynaload quarantine list` names all servers")
        _show(found)
        if not yes:
            confirm("Approve them?" if outcome == "approved" else "Reject them?", "add --yes")
        (chosen,) = found
        (definitions.approve if outcome == "approved" else definitions.reject)(chosen.held)
    _journal(configuration, judged_event(chosen.held, outcome))
    count = len(chosen.held)
    print(f"{count} definition{'s' if count != 1 else ''} of {server} {outcome}.")


def _show(found: "Sequence[ServerReview]") -> None:
    from mcp_dynaload.cli.screen import console
    from mcp_dynaload.proxy.quarantine_review import lines_of

    if not found:
        console.print(NOTHING)
    for one in found:
        for line in lines_of(one):
            console.print(line, markup=False, highlight=False)
        console.print("")


def _in_json(one: "ServerReview", *, with_diffs: bool = False) -> "Json":
    from mcp_dynaload.proxy.quarantine_review import ReviewGroup

    def group(found: ReviewGroup) -> "Json":
        names = [{"kind": held.kind, "name": held.name, "digest": held.digest} for held in found.held]
        told = {"reason": found.reason, "rejected": found.is_rejected, "only_numbers_dates_or_paths": found.is_volatile}
        pieces = [
            {"field": diff.path, "pieces": [{"op": piece.op, "text": piece.text} for piece in diff.pieces]}
            for diff in found.diffs
        ]
        return {**told, "definitions": names, **({"differences": pieces} if with_diffs else {})}

    groups = [group(found) for found in one.groups]
    return {"server": one.server, "entry_changed": one.is_entry_changed, "groups": groups}


@contextmanager
def _definitions(configuration: "Configuration") -> "Generator[DefinitionStore]":
    from mcp_dynaload.store.backends import open_definitions  # SQLite, which `--help` can do without

    with open_definitions(configuration.settings.store_url, configuration.locations.definitions_file) as definitions:
        yield definitions


def _journal(configuration: "Configuration", event: "DefinitionsJudged") -> None:
    """Write the answer into the journal of all processes, unless nothing is journalled."""
    from mcp_dynaload.store.backends import open_journal_store
    from mcp_dynaload.telemetry.codec import row_of

    settings, file = configuration.settings, configuration.locations.journal_file
    if not settings.metrics_collection_enabled:
        return
    days, rows = settings.journal_days, settings.journal_rows
    with closing(open_journal_store(settings.store_url, file, days, rows)) as journal:
        if error := journal.append([row_of(time.time(), event)]):
            print(f"the journal could not be written: {error}", file=sys.stderr)
