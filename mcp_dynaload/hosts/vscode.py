"""VS Code: `mcp.json` of a profile or a workspace, with `inputs`, and the older `mcp` in `settings.json`.

Servers of the form that it shares with Copilot's own programs (`mcp-config.json`) are taken, too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.entry_conversion import TO_SET, EntryConversion
from mcp_dynaload.hosts.foreign_host import NOT_OURS, ForeignHost, HostEntry, UserPlaces
from mcp_dynaload.hosts.host_variables import editor_placeholder, variable_name, with_variables

_EDITIONS = ("Code", "Code - Insiders", "VSCodium")
_INPUT = re.compile(r"\$\{input:([^}]*)\}")
_SOCKETS = ("unix:", "pipe:")


def _user_files(places: UserPlaces) -> Sequence[Path]:
    return [file for edition in _EDITIONS for file in _files_of(places.programs_dir / edition / "User")] + [
        (places.named("COPILOT_HOME") or places.home / ".copilot") / "mcp-config.json"
    ]


def _files_of(user: Path) -> Iterator[Path]:
    yield from (user / "mcp.json", user / "settings.json")
    yield from sorted(user.glob("profiles/*/mcp.json"))


def _entries(document: Json, places: UserPlaces) -> Sequence[HostEntry]:
    holder = json_object(document.get("mcp")) or document
    servers = json_object(holder.get("servers")) or json_object(document.get("mcpServers"))
    inputs = _inputs(holder, servers)
    return [_host_entry(name, json_object(entry), inputs, places) for name, entry in servers.items()]


def _host_entry(name: str, written: Json, inputs: Mapping[str, "_Input"], places: UserPlaces) -> HostEntry:
    asked: dict[str, _Input] = {}

    def placeholder(inside: str) -> str | None:
        kind, colon, key = inside.partition(":")
        if not colon or kind != "input":
            return editor_placeholder(inside, places)
        found = asked[key] = inputs.get(key) or _Input(variable_name(key), {})
        return found.variable

    def convert(conversion: EntryConversion) -> None:
        _convert(conversion)
        for one in asked.values():
            conversion.tell(one.told)

    return HostEntry(name, written, convert, lambda text, _name: with_variables(text, placeholder))


def _convert(conversion: EntryConversion) -> None:
    conversion.take_program()
    if str(conversion.written("url")).startswith(_SOCKETS):
        raise HostError("listens on a socket of this machine, which Claude Code and this proxy cannot reach")
    conversion.take_address("url")
    oauth = json_object(conversion.take("oauth"))
    conversion.take_login(oauth.get("clientId"), oauth.get("scopes"))
    conversion.take_tool_names("tools", "include")
    conversion.take_switch()
    if conversion.take("sandboxEnabled") is True:
        conversion.tell("'sandboxEnabled' left out: here it runs without that sandbox")
    conversion.ignore((*NOT_OURS, "sandbox"))


class _Input:
    """A value that the editor asks for and keeps to itself; here a variable has it."""

    def __init__(self, name: str, definition: Json) -> None:
        self._name = name
        self._definition = definition

    @property
    def variable(self) -> str:
        """The place where the value comes in."""
        default = self._default
        return f"${{{self._name}:-{default}}}" if default else f"${{{self._name}}}"

    @property
    def told(self) -> str:
        """The thing to do."""
        words = self._definition.get("description") or self._definition.get("id") or ""
        about = f" ({words})" if isinstance(words, str) and words else ""
        if self._default:
            return f"{self._name}{about} is asked for there; here the variable of that name has it, by default its own"
        return f"{TO_SET}{self._name}{about}: what was typed in there is not read"

    @property
    def _default(self) -> str:
        default = self._definition.get("default")
        usable = isinstance(default, str) and not self._definition.get("password") and "}" not in default
        return cast(str, default) if usable else ""


def _inputs(holder: Json, servers: Json) -> dict[str, _Input]:
    """Return the inputs by id, each with its variable: that of the program whose value it is, if there is one."""
    listed = holder.get("inputs")
    definitions = map(json_object, cast(list[object], listed) if isinstance(listed, list) else [])
    names = dict(_names_by_use(servers))
    return {key: _Input(names.get(key, variable_name(key)), one) for one in definitions if (key := str(one.get("id")))}


def _names_by_use(servers: Json) -> Iterator[tuple[str, str]]:
    for entry in reversed(servers.values()):
        for name, value in json_object(json_object(entry).get("env")).items():
            if isinstance(value, str) and (found := _INPUT.fullmatch(value)):
                yield found[1], name


HOST = ForeignHost(
    name="vscode",
    title="VS Code",
    user_files=_user_files,
    project_files=(".vscode/mcp.json", ".vscode/settings.json"),
    entries=_entries,
    inherits_environment=True,
)
