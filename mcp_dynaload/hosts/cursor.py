"""Cursor: `mcp.json` of the user and of a project, with `${env:NAME}`, `envFile` and `auth`."""

from collections.abc import Sequence
from pathlib import Path

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.hosts.entry_conversion import EntryConversion
from mcp_dynaload.hosts.foreign_host import NOT_OURS, ForeignHost, HostEntry, UserPlaces
from mcp_dynaload.hosts.host_variables import editor_entries


def _user_files(places: UserPlaces) -> Sequence[Path]:
    return [places.home / ".cursor" / "mcp.json"]


def _entries(document: Json, places: UserPlaces) -> Sequence[HostEntry]:
    return editor_entries(document, places, _convert)


def _convert(conversion: EntryConversion) -> None:
    conversion.take_program()
    conversion.take_address("url")
    auth = json_object(conversion.take("auth"))
    conversion.take_login(auth.get("CLIENT_ID"), auth.get("scopes"), auth.get("CLIENT_SECRET"))
    conversion.take_switch()
    conversion.leave_to_rules("autoApprove", "alwaysAllow")
    conversion.ignore(NOT_OURS)


HOST = ForeignHost(
    name="cursor",
    title="Cursor",
    user_files=_user_files,
    project_files=(".cursor/mcp.json",),
    entries=_entries,
    inherits_environment=True,
)
