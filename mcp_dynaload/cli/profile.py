"""`mcp-dynaload profile`: named sets of servers and pins, shown and chosen."""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import JsonOption, configuration_of
from mcp_dynaload.cli.completion import complete_profile
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking.printable import printable

if TYPE_CHECKING:
    from mcp_dynaload.catalog.catalog import Catalog
    from mcp_dynaload.catalog.tool import Json
    from mcp_dynaload.config.profiles import Profile
    from mcp_dynaload.configuration import Configuration

_WRITTEN = """
  [profiles.work]
  servers = ["github", "linear*"]
  pins = ["github__search_*"]"""

profile = typer.Typer(help="Named sets of servers and pins: list, show, use.", no_args_is_help=True)


NameArgument = Annotated[str, typer.Argument(help="The profile; none: all servers.", autocompletion=complete_profile)]


@profile.command("list")
def list_profiles(as_json: JsonOption = False) -> None:
    """List your profiles, which stand in your `dynaload.toml`, and say which one sessions here begin with.

    Example: mcp-dynaload profile list
    """
    from mcp_dynaload.config.profiles import EVERYTHING, NO_PROFILE

    configuration, profiles, catalog = _known()
    told = [_told(configuration, name, one, catalog) for name, one in {**profiles, NO_PROFILE: EVERYTHING}.items()]
    if as_json:
        print(json.dumps(told, indent=2))
        return
    from mcp_dynaload.cli.screen import show_table

    heads = ("profile", "servers", "tools", "tokens", "pins", "")
    rows = [
        (
            one["name"],
            len(one["servers"]),
            len(one["tools"]),
            f"{one['tokens']:,}",
            len(one["pinned"]),
            "in use" if one["in_use"] else "",
        )
        for one in told
    ]
    show_table("", heads, rows, heads[1:5])
    if not profiles:
        print(_how_to_write(configuration))


@profile.command()
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show the servers of a profile, its pins, and which of its globs fit nothing.

    Example: mcp-dynaload profile show work
    """
    configuration, profiles, catalog = _known()
    one = _of_name(configuration, profiles, name)
    told = _told(configuration, name, one, catalog)
    if as_json:
        print(json.dumps(told, indent=2))
        return
    print(f"servers  {', '.join(told['servers']) or 'none'}")
    print(f"tools    {len(told['tools'])}, {told['tokens']:,} tokens")
    print(f"pinned   {', '.join(told['pinned']) or 'none'}")
    for key, glob in one.idle_globs(configuration.configs, told["tools"]):
        print(printable(f"{key}: {glob!r} fits nothing here"))


@profile.command()
def use(
    name: NameArgument,
    project: Annotated[bool, typer.Option("--project", help="In this project, instead of everywhere.")] = False,
) -> None:
    """Have sessions begin with a profile, everywhere or in this project; `/dynaload:profile` switches a running one.

    With `--project` it is written into `.mcp-dynaload/dynaload.toml`, which may come with a repository: whoever has
    no profile of that name is told so, and goes on without.

    Example: mcp-dynaload profile use work --project
    """
    from mcp_dynaload.config.profiles import read_profiles
    from mcp_dynaload.config.settings_edit import write_setting

    places = find_locations(os.environ)
    profiles = read_profiles(places.user_settings_file)
    _check_name(name, profiles)
    path = places.project_settings_file if project else places.user_settings_file
    write_setting(places, path, "profile", name)
    print(printable(f'{path}: profile = "{name}"'))
    print(f"Sessions that start from now on use it; in a running one type /dynaload:profile {name}")
    now = configuration_of(None, False).profile.name
    if now != name:
        print(printable(f"In this folder {now!r} is in use all the same: its own dynaload.toml, or a variable, wins."))


def _known() -> tuple["Configuration", dict[str, "Profile"], "Catalog"]:
    """Return the configuration, the user's profiles, and the tools as far as they are known."""
    configuration = configuration_of(None, False)
    from mcp_dynaload.config.profiles import read_profiles
    from mcp_dynaload.configuration import open_catalog

    with open_catalog(configuration) as live:
        return configuration, read_profiles(configuration.locations.user_settings_file), live.catalog


def _of_name(configuration: "Configuration", profiles: Mapping[str, "Profile"], name: str) -> "Profile":
    from mcp_dynaload.config.profiles import EVERYTHING

    _check_name(name, profiles)
    return profiles.get(name, EVERYTHING)


def _check_name(name: str, profiles: Mapping[str, "Profile"]) -> None:
    from mcp_dynaload.config.profiles import NO_PROFILE, nearest_profile

    if name != NO_PROFILE and name not in profiles:
        raise ConfigError(f"you have no profile {name!r}; {nearest_profile(name, profiles)}")


def _told(configuration: "Configuration", name: str, one: "Profile", catalog: "Catalog") -> "Json":
    tools = [tool.name for tool in catalog.tools if one.has(tool.upstream)]
    return {
        "name": name,
        "in_use": configuration.profile.name == name,
        "servers": [server for server in configuration.configs if one.has(server)],
        "tools": tools,
        "tokens": sum(catalog.costs[tool] for tool in tools),
        "pinned": [tool for tool in tools if one.pins_tool(tool)],
        "fit_nothing": [glob for _, glob in one.idle_globs(configuration.configs, tools)],
    }


def _how_to_write(configuration: "Configuration") -> str:
    file = printable(str(configuration.locations.user_settings_file))
    return f"You have none yet. A profile is a table in {file}:\n{_WRITTEN}"
