"""Gemini CLI: `mcpServers` in `settings.json`, with `httpUrl`, `$NAME` and lists of servers that are used or not."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.entry_conversion import EntryConversion
from mcp_dynaload.hosts.foreign_host import NOT_OURS, ForeignHost, HostEntry, UserPlaces, entries_under
from mcp_dynaload.hosts.host_variables import with_dollars

_OWN_LOGIN = "dynamic_discovery"
_PORT = re.compile(r"^http://[^/:]+:(\d{1,5})(?:/|$)")


def _user_files(places: UserPlaces) -> Sequence[Path]:
    return [(places.named("GEMINI_CLI_HOME") or places.home) / ".gemini" / "settings.json"]


def _entries(document: Json, _places: UserPlaces) -> Sequence[HostEntry]:
    lists = json_object(document.get("mcp"))
    allowed, excluded = lists.get("allowed"), _names(lists.get("excluded"))
    return [
        replace(entry, is_off=entry.name in excluded or (isinstance(allowed, list) and entry.name not in allowed))
        for entry in entries_under(document, "mcpServers", _convert, lambda text, _name: with_dollars(text))
    ]


def _convert(conversion: EntryConversion) -> None:
    provider = conversion.take("authProviderType")
    if provider not in (None, _OWN_LOGIN):
        raise HostError(f"logs in by {provider!r}, which only that program can do")
    conversion.take_program()
    conversion.take_address("httpUrl", "http")
    # Without a type, its documentation says, this one is the address of the older transport.
    conversion.take_address("url", None if conversion.written("type") else "sse")
    _take_login(conversion)
    conversion.take_call_timeout("timeout")
    conversion.take_tool_names("includeTools", "include")
    conversion.take_tool_names("excludeTools", "exclude")
    conversion.take_switch()
    conversion.leave_to_rules("trust")
    conversion.ignore((*NOT_OURS, "extensionName"))


def _take_login(conversion: EntryConversion) -> None:
    oauth = json_object(conversion.take("oauth"))
    conversion.take_login(oauth.get("clientId"), oauth.get("scopes"), oauth.get("clientSecret"))
    port = _PORT.search(str(oauth.get("redirectUri") or ""))
    if port is not None and "oauth" in conversion.entry:
        conversion.entry["oauth"]["callbackPort"] = int(port[1])


def _names(value: object) -> list[str]:
    return cast(list[str], value) if isinstance(value, list) else []


HOST = ForeignHost(
    name="gemini",
    title="Gemini CLI",
    user_files=_user_files,
    project_files=(".gemini/settings.json",),
    entries=_entries,
    inherits_environment=True,
)
