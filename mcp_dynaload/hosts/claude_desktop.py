"""Claude Desktop: `claude_desktop_config.json`, programs only; connectors and extensions stand elsewhere."""

from collections.abc import Sequence
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.entry_conversion import EntryConversion
from mcp_dynaload.hosts.foreign_host import NOT_OURS, ForeignHost, HostEntry, UserPlaces, entries_under, unchanged

_FILE = "claude_desktop_config.json"
_STORE_FOLDER = ("Packages", "Claude_pzs8sxrjxfjjc", "LocalCache", "Roaming", "Claude")
"""Where Windows puts the files of the app that came from its store."""


def _user_files(places: UserPlaces) -> Sequence[Path]:
    files = [places.programs_dir / "Claude" / _FILE]
    if places.platform == "win32":
        local = places.named("LOCALAPPDATA") or places.home / "AppData" / "Local"
        files.append(local.joinpath(*_STORE_FOLDER, _FILE))
    return files


def _entries(document: Json, _places: UserPlaces) -> Sequence[HostEntry]:
    return entries_under(document, "mcpServers", _convert, unchanged)


def _convert(conversion: EntryConversion) -> None:
    conversion.take_program()
    conversion.take_address("url")
    conversion.ignore(NOT_OURS)


HOST = ForeignHost(
    name="claude-desktop",
    title="Claude Desktop",
    user_files=_user_files,
    project_files=(),
    entries=_entries,
    inherits_environment=False,
)
