"""Codex CLI: `[mcp_servers.NAME]` in `config.toml`; variables are named (`env_vars`), never written into texts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.hosts.entry_conversion import EntryConversion
from mcp_dynaload.hosts.foreign_host import NOT_OURS, ForeignHost, HostEntry, UserPlaces, entries_under, unchanged

_MS_A_SECOND = 1_000


def _user_files(places: UserPlaces) -> Sequence[Path]:
    return [(places.named("CODEX_HOME") or places.home / ".codex") / "config.toml"]


def _entries(document: Json, _places: UserPlaces) -> Sequence[HostEntry]:
    return entries_under(document, "mcp_servers", _convert, unchanged)


def _convert(conversion: EntryConversion) -> None:
    conversion.take_program()
    # One that is not set is not handed on there; most programs take an empty one for none.
    conversion.add_variables({name: f"${{{name}:-}}" for name in _named(conversion.take("env_vars"))})
    conversion.take_address("url", "http", headers="http_headers")
    from_variables = json_object(conversion.take("env_http_headers"))
    conversion.add_headers({name: f"${{{variable}}}" for name, variable in from_variables.items()})
    if isinstance(token := conversion.take("bearer_token_env_var"), str):
        conversion.add_headers({"Authorization": f"Bearer ${{{token}}}"})
    conversion.take_login(
        json_object(conversion.take("oauth")).get("client_id"),
        conversion.take("scopes"),
    )
    conversion.take_start_timeout("startup_timeout_ms", units_a_second=_MS_A_SECOND)
    conversion.take_start_timeout("startup_timeout_sec")
    conversion.take_call_timeout("tool_timeout_sec", unit_ms=_MS_A_SECOND)
    conversion.take_tool_names("enabled_tools", "include")
    conversion.take_tool_names("disabled_tools", "exclude")
    conversion.take_switch()
    conversion.leave_to_rules("default_tools_approval_mode", "tools")
    conversion.ignore((*NOT_OURS, "required", "supports_parallel_tool_calls"))


def _named(listed: object) -> Iterator[str]:
    """Yield the names of variables that are handed on; those of another machine are not ours to give."""
    for one in cast(list[object], listed) if isinstance(listed, list) else []:
        if isinstance(one, str):
            yield one
        elif json_object(one).get("source") != "remote" and isinstance(name := json_object(one).get("name"), str):
            yield name


HOST = ForeignHost(
    name="codex",
    title="Codex CLI",
    user_files=_user_files,
    project_files=(".codex/config.toml",),
    entries=_entries,
    inherits_environment=False,
)
