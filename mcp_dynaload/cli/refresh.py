"""`mcp-dynaload refresh`: list all servers and fill the cache."""

import json
import sys
from typing import TYPE_CHECKING

import typer

from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.printable import printable

if TYPE_CHECKING:
    from mcp_dynaload.runtime import Configuration
    from mcp_dynaload.upstream.headless import Listed


def refresh(
    config: ConfigOption = None, trust: TrustOption = False, settings: SetOption = None, as_json: JsonOption = False
) -> None:
    """List every configured server and fill the cache. Exit status 1 if one of them failed.

    Example: mcp-dynaload refresh
    """
    configuration = configuration_of(config, trust, settings)
    listed = fill_cache(configuration)
    if as_json:
        counts = {name: len(listing.tools) for name, listing in sorted(listed.listings.items())}
        print(json.dumps({"tools": counts, "errors": listed.errors}, indent=2))
    else:
        _show(configuration, listed)
    if listed.errors or configuration.upstreams.problems:
        raise typer.Exit(1)


def fill_cache(configuration: "Configuration") -> "Listed":
    """List all upstreams with a progress display and store what they offer, token counts included."""
    import anyio
    import anyio.to_thread

    from mcp_dynaload.cli.screen import progress
    from mcp_dynaload.runtime import open_catalog
    from mcp_dynaload.upstream.headless import list_upstreams

    locations, configs = configuration.locations, configuration.configs
    with progress("listing servers", len(configs)) as done, open_catalog(configuration) as live:

        async def list_and_store() -> "Listed":
            listed = await list_upstreams(configs.values(), locations.project_dir, locations.logs_dir, done)
            for name, listing in listed.listings.items():
                await live.update(name, listing)
            await anyio.to_thread.run_sync(live.make_vectors)
            return listed

        return anyio.run(list_and_store)


def _show(configuration: "Configuration", listed: "Listed") -> None:
    from mcp_dynaload.cli.screen import console, show_table

    rows = [
        (name, len(item.tools), len(item.prompts), len(item.resources) + len(item.templates))
        for name, item in sorted(listed.listings.items())
    ]
    show_table("", ("server", "tools", "prompts", "resources"), rows, ("tools", "prompts", "resources"))
    for error in listed.errors.values():
        console.print(f"\n{error}", style="red", markup=False)
    for problem in configuration.upstreams.problems:
        print(printable(str(problem)), file=sys.stderr)


def refresh_quietly() -> None:
    """Fill the cache with the person's configuration as it is now, and show what came of it."""
    configuration = configuration_of(None, False)
    _show(configuration, fill_cache(configuration))
