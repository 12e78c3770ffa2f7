"""The servers behind the proxy as `list` and `get` show them."""

import json
import re
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.config.commented_json import parse_commented
from mcp_dynaload.config.problems import nearest_name, written_path
from mcp_dynaload.config.server_entry import SERVERS_KEY, is_disabled
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.logins.login import login_advice, login_command
from mcp_dynaload.machine.logs import without_addresses
from mcp_dynaload.telemetry.last_failures import LastFailure, last_failures

if TYPE_CHECKING:
    from mcp_dynaload.configuration import Configuration

_HIDDEN = ("env", "headers")
_MASK = "***"
NOTHING: Mapping[str, str] = {}
_USED, _NEEDS_LOGIN = "used", "needs login"


@dataclass(frozen=True, slots=True)
class ConfiguredServer:
    """A server as a servers file has it, and what became of it."""

    name: str
    file: Path
    scope: str
    state: str
    """`used`, `needs login`, `disabled`, `overruled` by another file, `untrusted` or `wrong`."""

    why: str
    """The reason for a state in which it is not used; empty for the others."""

    target: str
    """The command or the host, secrets masked."""

    tools: int | None
    """None where it was never listed, or is not used."""

    costs: Mapping[str, int]
    """The tokens of each of its tools that can be loaded, by name."""

    held: int
    """Definitions that are held back until the user has looked."""

    entry: Json
    """As written, values of variables and headers masked."""

    denied: Mapping[str, str]
    """The tools that the entry denies, with the rule of each."""

    failure: LastFailure | None
    """Its last failure in a session, unless it has answered since; secrets masked."""


def print_servers(configuration: "Configuration", *, as_json: bool) -> None:
    """Show a row for each server, and what is wrong with the files."""
    servers = configured_servers(configuration)
    if as_json:
        rows = [_row(server) for server in servers]
        problems = [str(problem) for problem in configuration.upstreams.problems]
        print(json.dumps({"servers": rows, "problems": problems}, indent=2))
        return
    from mcp_dynaload.cli.screen import console, show_table

    shown = [
        (
            server.name,
            server.scope,
            server.state,
            _tools(server),
            f"{sum(server.costs.values()):,}" if server.costs else "",
            server.target,
        )
        for server in servers
    ]
    if shown:
        show_table("", ("server", "scope", "state", "tools", "tokens", "command or host"), shown, ("tokens",))
    elif not configuration.upstreams.problems:
        console.print(
            "No server is configured: `mcp-dynaload add` adds one, `mcp-dynaload init` takes over those you have."
        )
    wanting = [server.name for server in servers if server.state == _NEEDS_LOGIN]
    if wanting:
        console.print(f"\n{login_advice(wanting)}", markup=False)
    for server in servers:
        if server.failure is not None:
            console.print(f"\n{_in_words(server.name, server.failure)}", style="red", markup=False)
    for problem in configuration.upstreams.problems:
        console.print(f"\n{problem}", style="red", markup=False)


def print_server(configuration: "Configuration", name: str, *, as_json: bool) -> None:
    """Show all that is known of a server of this name.

    Raises:
        ConfigError: There is none.
    """
    servers = configured_servers(configuration)
    found = [server for server in servers if server.name == name]
    if not found:
        hint = nearest_name(name, [server.name for server in servers]) if servers else "none is configured"
        raise ConfigError(f"there is no server {name!r}; {hint}")
    if as_json:
        print(
            json.dumps(
                [{**_row(server), "costs": dict(server.costs), "entry": server.entry} for server in found], indent=2
            )
        )
        return
    from mcp_dynaload.cli.screen import console, json_to_copy

    for server in found:
        console.print(f"{server.name}: {server.state}, {server.scope} scope, {server.file}")
        if server.state == _NEEDS_LOGIN:
            console.print(f"  log in with: {login_command(server.name)}", markup=False)
        if server.why:
            console.print(f"  {server.why}", style="red", markup=False)
        if server.failure is not None:
            console.print(f"  {_in_words('it', server.failure)}", style="red", markup=False)
        _print_tools(server)
        for tool, rule in server.denied.items():
            console.print(f"    denied: {tool}, by {rule}", markup=False, highlight=False)
        console.print(json_to_copy(server.entry), markup=False)
        console.print(f"To remove it: mcp-dynaload remove {server.name} --scope {server.scope}")


def _print_tools(server: ConfiguredServer) -> None:
    """Print how many tools it has, and each that can be loaded with what it costs."""
    from mcp_dynaload.cli.screen import console

    if told := _tools(server):
        total = f" ({sum(server.costs.values()):,} tokens if all were loaded)" if server.costs else ""
        console.print(f"  tools: {told}{total}")
    for tool, cost in server.costs.items():
        console.print(f"    {tool}  {cost:,}", markup=False, highlight=False)
    if (left_out := (server.tools or 0) - len(server.costs)) > 0:
        console.print(f"    and {left_out} that `include` or `exclude` of its entry leaves out")


def configured_servers(configuration: "Configuration") -> list[ConfiguredServer]:
    """Return the servers of all files in the order in which they stand there."""
    from mcp_dynaload.configuration import open_catalog

    with open_catalog(configuration) as live:
        counts = {name: len(listing.tools) for name, listing in live.listings.by_name.items()}
        quarantine, catalog = live.listings.quarantine, live.catalog
        failures = _failures(configuration, live.listings.listed_at())
    masker = configuration.masker
    servers: list[ConfiguredServer] = []
    for file in configuration.upstreams.files:
        for name, entry in _entries(file.path).items() if file.state in ("read", "untrusted") else ():
            written = json_object(entry)
            state = "untrusted" if file.state == "untrusted" else _state(configuration, file.path, name, written)
            is_used = state in (_USED, _NEEDS_LOGIN)
            words = [str(written.get("command") or ""), *map(str, written.get("args") or ())]
            target = without_addresses(str(written["url"])) if "url" in written else " ".join(words)
            held = quarantine.held.get(name) if is_used else None
            servers.append(
                ConfiguredServer(
                    name=name,
                    file=file.path,
                    scope=file.kind,
                    state=state,
                    why=masker.text(_why(configuration, file.path, name, state)),
                    target=masker.text(target),
                    tools=counts.get(name) if is_used else None,
                    costs={tool.name: catalog.costs[tool.name] for tool in catalog.tools if tool.upstream == name}
                    if is_used
                    else {},
                    held=len(held.elements) if held is not None else 0,
                    entry=cast(Json, masker.value(_without_values(written))),
                    denied=quarantine.access.denied.get(name, NOTHING) if is_used else NOTHING,
                    failure=failures.get(name) if state == _USED else None,
                )
            )
    return servers


def _failures(configuration: "Configuration", listed_at: Mapping[str, float]) -> dict[str, LastFailure]:
    """Return the last failures of which the journal tells; none where there is no journal."""
    from mcp_dynaload.store.backends import open_journal_store
    from mcp_dynaload.store.usage import project_of

    settings, locations, masker = configuration.settings, configuration.locations, configuration.masker
    url, file = settings.store_url, locations.journal_file
    if not settings.metrics_collection_enabled or (not url and not file.is_file()):
        return {}
    with closing(open_journal_store(url, file, settings.journal_days, settings.journal_rows)) as journal:
        found = last_failures(journal, project_of(locations.project_dir), listed_at, time.time())
    return {name: replace(failure, why=masker.text(failure.why)) for name, failure in found.items()}


def _in_words(who: str, failure: LastFailure) -> str:
    at = datetime.fromtimestamp(failure.at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f"{who} failed at {at} and has not answered since: {failure.why}"


def _tools(server: ConfiguredServer) -> str:
    """Return how many tools may be used, and how many may not; empty where none is to be used."""
    if server.state not in (_USED, _NEEDS_LOGIN):
        return ""
    if server.tools is None:
        return "not listed yet"
    denied = [f"{len(server.denied)} denied"] if server.denied else []
    held = [f"{server.held} held back"] if server.held else []
    return ", ".join([str(server.tools), *denied, *held])


def _why(configuration: "Configuration", path: Path, name: str, state: str) -> str:
    """Return why a server is not used, with file and line where they are known."""
    match state:
        case "wrong":
            key = written_path((SERVERS_KEY, name))
            of_file = [problem for problem in configuration.upstreams.problems if problem.file == path]
            mine = [one for one in of_file if re.match(rf"{re.escape(key)}(?:$|[.\[])", one.key)]
            return "\n  ".join(map(str, mine))
        case "untrusted":
            return "\n  ".join(str(one) for one in configuration.upstreams.problems if one.file == path)
        case "overruled":
            source = next(one.source for one in configuration.upstreams.upstreams if one.name == name)
            return f"{source} has a server of this name, too, which is used instead"
        case _:
            return ""


def _state(configuration: "Configuration", path: Path, name: str, entry: Json) -> str:
    if is_disabled(entry):
        return "disabled"
    config = next((config for config in configuration.upstreams.upstreams if config.name == name), None)
    if config is None:
        return "wrong"
    if config.source != path:
        return "overruled"
    return _NEEDS_LOGIN if configuration.logins.is_wanted(config) else _USED


def _entries(path: Path) -> Json:
    try:
        content = parse_commented(path.read_text("utf-8-sig"))
    except (OSError, ValueError):  # which `problems` tells
        return {}
    return json_object(json_object(content).get(SERVERS_KEY))


def _without_values(entry: Json) -> Json:
    hidden = {key: dict.fromkeys(json_object(entry[key]), _MASK) for key in _HIDDEN if key in entry}
    return {**entry, **hidden}


def _row(server: ConfiguredServer) -> Json:
    return {
        "name": server.name,
        "scope": server.scope,
        "file": str(server.file),
        "state": server.state,
        "why": server.why,
        "tools": server.tools,
        "tokens": sum(server.costs.values()) if server.tools is not None else None,
        "held": server.held,
        "target": server.target,
        "denied": dict(server.denied),
        "failure": _failure_row(server.failure) if server.failure is not None else None,
    }


def _failure_row(failure: LastFailure) -> Json:
    at = datetime.fromtimestamp(failure.at, UTC).isoformat(timespec="milliseconds")
    return {"at": at, "why": failure.why}
