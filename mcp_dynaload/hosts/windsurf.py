"""Windsurf: `mcp_config.json` of the user, with `serverUrl`, `disabledTools` and `${env:NAME}`."""

from collections.abc import Sequence
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.entry_conversion import EntryConversion
from mcp_dynaload.hosts.foreign_host import NOT_OURS, ForeignHost, HostEntry, UserPlaces
from mcp_dynaload.hosts.host_variables import editor_entries

_FILE = "mcp_config.json"


def _user_files(places: UserPlaces) -> Sequence[Path]:
    folder = places.home / ".codeium"
    # The second is that of its plugin for other editors.
    return [folder / "windsurf" / _FILE, folder / _FILE, folder / "windsurf-next" / _FILE]


def _entries(document: Json, places: UserPlaces) -> Sequence[HostEntry]:
    return editor_entries(document, places, _convert)


def _convert(conversion: EntryConversion) -> None:
    conversion.take_program()
    conversion.take_address("serverUrl")
    conversion.take_address("url")
    conversion.take_tool_names("disabledTools", "exclude")
    conversion.take_switch()
    conversion.leave_to_rules("alwaysAllow", "autoApprove")
    conversion.ignore(NOT_OURS)


HOST = ForeignHost(
    name="windsurf",
    title="Windsurf",
    user_files=_user_files,
    project_files=(),
    entries=_entries,
    inherits_environment=True,
)
