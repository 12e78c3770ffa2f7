"""One servers file: how it is reported, what may be used of it, and its mistakes as a whole."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.json_file import JsonFile, json_type, parse_json
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.server_entry import SERVERS_KEY, is_disabled

FileKind = Literal["explicit", "project", "user"]


@dataclass(frozen=True, slots=True)
class FileRead:
    """A servers file that was looked for, and what became of it."""

    path: Path
    kind: FileKind
    """Named on the command line, the project's, or the user's."""

    state: Literal["read", "absent", "untrusted", "broken"]
    servers: tuple[str, ...] = ()
    """Names of the entries in it, the broken ones too."""

    disabled: tuple[str, ...] = ()
    """Those of them that say so: they are neither started nor listed."""


@dataclass(frozen=True, slots=True)
class ServersSource:
    """A file: how it is reported, its content if it may be used, and its mistakes as a whole."""

    read: FileRead
    content: JsonFile | None = None
    problems: tuple[ConfigProblem, ...] = ()

    @property
    def file(self) -> JsonFile:
        """The content of a file that is used."""
        assert self.content is not None, "it is not used"
        return self.content

    def unused(self, problem: ConfigProblem) -> "ServersSource":
        """Return the same where the file is not used, for want of trust."""
        return ServersSource(replace(self.read, state="untrusted"), None, (problem,))


def parse_source(path: Path, kind: FileKind, raw: bytes) -> ServersSource:
    """Return what a file with these bytes has, or what is wrong with it."""
    file = parse_json(path, raw)
    if isinstance(file, ConfigProblem):
        return ServersSource(FileRead(path, kind, "broken"), None, (file,))
    if problem := shape_problem(file):
        return ServersSource(FileRead(path, kind, "broken"), None, (problem,))
    entries = cast(Json, file.content[SERVERS_KEY])
    servers, disabled = tuple(entries), tuple(name for name, entry in entries.items() if is_disabled(entry))
    repeated = [key for key in file.repeated_keys if key[0] == SERVERS_KEY]
    problems = tuple(
        file.problem(key, "stands here twice", "only the last counts, remove the other") for key in repeated
    )
    return ServersSource(FileRead(path, kind, "read", servers, disabled), file, problems)


def shape_problem(file: JsonFile) -> ConfigProblem | None:
    """Return why a file has no servers, if it is no servers file."""
    if SERVERS_KEY not in file.content:
        wanted = f'put the servers under "{SERVERS_KEY}": {{"{SERVERS_KEY}": {{"name": {{"command": …}}}}}}'
        rename = f'rename "servers", as other editors call it, to "{SERVERS_KEY}"'
        return ConfigProblem(file.path, SERVERS_KEY, "is missing", rename if "servers" in file.content else wanted)
    servers: object = file.content[SERVERS_KEY]
    if not isinstance(servers, dict):
        return file.problem((SERVERS_KEY,), f"is {json_type(servers)}", "it must be an object of servers by name")
    return None
