"""`mcp-dynaload refresh`: list all servers and fill the cache."""

import json
import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.oddities import held_fix, held_in_words
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking.printable import printable

if TYPE_CHECKING:
    from mcp_dynaload.configuration import Configuration
    from mcp_dynaload.upstream.list_offline import OfflineListings

DEMO = "no server is configured: the embedded demo servers stand in"
DEMO_FIX = "run `mcp-dynaload init`"


def refresh(
    config: ConfigOption = None, trust: TrustOption = False, settings: SetOption = None, as_json: JsonOption = False
) -> None:
    """List every configured server and fill the cache. Exit status 1 if one of them failed.

    Example: mcp-dynaload refresh
    """
    configuration = configuration_of(config, trust, settings)
    _tell_demo(configuration)
    listed = fill_cache(configuration)
    if as_json:
        counts = {name: len(listing.tools) for name, listing in sorted(listed.listings.items())}
        print(json.dumps({"tools": counts, "errors": listed.errors}, indent=2))
    else:
        _show(configuration, listed)
    if listed.errors or configuration.upstreams.problems:
        raise typer.Exit(1)


def fill_cache(
    configuration: "Configuration", names: Iterable[str] | None = None, within_seconds: float = math.inf
) -> "OfflineListings":
    """List upstreams, all unless some are named, with a progress display; store what they offer and what it costs.

    Raises:
        ConfigError: It could not be stored.
    """
    import anyio

    _check_state(configuration)
    return anyio.run(list_and_store, configuration, names, within_seconds)


async def list_and_store(
    configuration: "Configuration", names: Iterable[str] | None = None, within_seconds: float = math.inf
) -> "OfflineListings":
    """Do the same where a loop runs already."""
    import anyio.to_thread

    from mcp_dynaload.app import refresh_catalog
    from mcp_dynaload.cli.screen import progress
    from mcp_dynaload.configuration import open_catalog

    chosen = tuple(configuration.configs) if names is None else tuple(names)
    with open_catalog(configuration) as live:
        with progress("listing servers", len(chosen)) as done:
            listed = await refresh_catalog(configuration, live, chosen, done=done, within_seconds=within_seconds)
        for name, one in sorted(live.listings.quarantine.held.items()):
            print(printable(f"{held_in_words(name, one)}: {held_fix(name)}"), file=sys.stderr)
        await anyio.to_thread.run_sync(live.index.make_vectors)
    return listed


def _check_state(configuration: "Configuration") -> None:
    """Refuse to start servers for lists that could not be kept.

    Raises:
        ConfigError: The state folder cannot be made, or not be written to.
    """
    import tempfile

    from mcp_dynaload.machine.private_files import make_private_folder

    folder = configuration.locations.state_dir
    if configuration.settings.store_url:
        return
    try:
        make_private_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"state folder {folder}: cannot be written to ({error.strerror}), so no list could be kept; mend its"
            " permissions, or set MCP_DYNALOAD_STATE_DIR to another folder"
        ) from error


def list_unseen(configuration: "Configuration", server: str = "") -> tuple[str, ...]:
    """List the servers that were never listed in this project, as `refresh` does.

    What is wrong is told in a line each, on stderr. With `server` only that one, if it is among them. Returns those
    that want a login.

    Raises:
        ConfigError: No server can be used, because the files that should have some are wrong.
    """
    from mcp_dynaload.configuration import open_catalog

    problems = configuration.upstreams.problems
    if problems and not configuration.configs:
        raise ConfigError("\n".join(printable(str(problem)) for problem in problems))
    for problem in problems:
        print(printable(str(problem)), file=sys.stderr)
    _tell_demo(configuration)
    with open_catalog(configuration) as live:
        unlisted = [name for name in live.listings.unlisted if server in ("", name)]
    if not unlisted:
        return ()
    from mcp_dynaload.app import FIRST_LISTING_SECONDS  # the SDK, which is not needed where all was listed before

    listed = fill_cache(configuration, unlisted, FIRST_LISTING_SECONDS)
    for name, error in listed.errors.items():
        if name not in listed.logins_needed:
            print(printable(error.splitlines()[0]), file=sys.stderr)
    _tell_logins(listed.logins_needed)
    return listed.logins_needed


def _tell_demo(configuration: "Configuration") -> None:
    """Say that what is shown is not the user's, where it is not."""
    if configuration.is_demo:
        print(f"{DEMO}; {DEMO_FIX}", file=sys.stderr)


def _tell_logins(names: tuple[str, ...]) -> None:
    """Say which servers want a login, and what to do."""
    from mcp_dynaload.logins.login import login_advice

    if names:
        print(printable(login_advice(names)), file=sys.stderr)


def _show(configuration: "Configuration", listed: "OfflineListings") -> None:
    from mcp_dynaload.cli.screen import console, show_table

    rows = [
        (name, len(item.tools), len(item.prompts), len(item.resources) + len(item.templates))
        for name, item in sorted(listed.listings.items())
    ]
    show_table("", ("server", "tools", "prompts", "resources"), rows, ("tools", "prompts", "resources"))
    for name, error in listed.errors.items():
        if name not in listed.logins_needed:
            console.print(f"\n{error}", style="red", markup=False)
    _tell_logins(listed.logins_needed)
    for problem in configuration.upstreams.problems:
        print(printable(str(problem)), file=sys.stderr)


def refresh_quietly() -> None:
    """Fill the cache with the user's configuration as it is now, and show what came of it."""
    configuration = configuration_of(None, False)
    _show(configuration, fill_cache(configuration))
