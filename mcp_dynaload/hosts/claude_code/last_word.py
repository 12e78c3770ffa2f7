"""The servers that the user took out of our file after `init` had moved them there: `uninstall` leaves them out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.paths import SERVERS_FILE
from mcp_dynaload.config.server_entry import is_disabled
from mcp_dynaload.hosts.claude_code.backups import Backup
from mcp_dynaload.hosts.claude_code.files import objects
from mcp_dynaload.hosts.claude_code.json_edit import edit_json, parse_object

Read = Callable[[Path], str | None]
"""The content of a file; None where there is none."""

TakenOut = Mapping[str, str]
"""The names of such servers, each with what the user did, in words."""


def taken_out(backup: Backup, read: Read) -> TakenOut:
    """Return the servers that this `init` moved and the user has removed or disabled in our file since.

    A file of ours that is gone as a whole says nothing about any of them.

    Raises:
        HostError: our file is no JSON object now.
    """
    found: dict[str, str] = {}
    for file in backup.files:
        if file.path.name != SERVERS_FILE or (text := read(file.path)) is None:
            continue
        before, after, now = (_servers(one or "", file.path) for one in (file.before, file.after, text))
        for name in after.keys() - before.keys():
            if name not in now:
                found[name] = f"was removed from {file.path}"
            elif is_disabled(now[name]) and not is_disabled(after[name]):
                found[name] = f"was disabled in {file.path}"
    return found


def nothing_taken_out(backup: Backup, read: Read) -> TakenOut:
    """Return no server: of an `init` that stopped half way our file may lack what the user did not take out."""
    return {}


def without_taken_out(path: Path, current: str, restored: str, taken: TakenOut, notes: list[str]) -> str:
    """Return what the file gets back without these servers; those that it has now stay."""
    if not taken or path.suffix != ".json" or path.name == SERVERS_FILE:
        return restored
    value, now = parse_object(restored, path), parse_object(current, path)
    left: list[str] = []
    for keys in _places(value):
        servers = objects(value, *keys)
        for name in sorted(taken.keys() & servers.keys() - objects(now, *keys).keys()):
            del servers[name]
            left.append(name)
    notes += [f"{path}: {name!r} is not put back, as it {taken[name]} since" for name in left]
    return edit_json(restored, value) if left else restored


def _places(document: Json) -> Iterator[Sequence[str]]:
    yield ("mcpServers",)
    yield from (("projects", project, "mcpServers") for project in objects(document, "projects"))


def _servers(text: str, path: Path) -> Json:
    return objects(parse_object(text, path), "mcpServers")
