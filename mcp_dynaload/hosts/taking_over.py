"""Takes servers over from the files of other programs: reads, converts, names, and tells those that are there twice."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from mcp_dynaload.catalog.names import SERVER_NAME, default_prefix
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.commented_json import parse_commented, without_comments
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.config.project_environment import PROJECT_VARIABLE
from mcp_dynaload.config.server_entry import SERVERS_KEY
from mcp_dynaload.config.servers_edit import checked_entry
from mcp_dynaload.errors import ConfigError, HostError
from mcp_dynaload.hosts.claude_code.files import read_project_text, read_text
from mcp_dynaload.hosts.claude_code.given_servers import GivenServers, LeftInPlace
from mcp_dynaload.hosts.endpoints import differing_values, endpoint_of
from mcp_dynaload.hosts.entry_conversion import TO_SET, EntryConversion
from mcp_dynaload.hosts.foreign_host import ForeignHost, HostEntry, UserPlaces

_CHECKED = "entry"
"""The name under which an entry is checked: its own is chosen after that."""

_ODD = re.compile(r"[^A-Za-z0-9_-]+")
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class KnownServer:
    """A server that is there already."""

    name: str
    entry: Json
    place: str
    """Where it is, as a user is told."""


@dataclass(frozen=True, slots=True)
class HostFile:
    """A server in a file of a host."""

    host: ForeignHost
    path: Path
    server: HostEntry


def read_servers(
    hosts: Sequence[ForeignHost], places: UserPlaces, *, of_project: bool
) -> tuple[list[HostFile], list[str]]:
    """Return the servers in the hosts' files, those of the user or those of the project, and what was not readable.

    Raises:
        HostError: none of the hosts has a file there.
    """
    found: list[HostFile] = []
    notes: list[str] = []
    looked_at = {path: host for host in hosts for path in _files(host, places, of_project=of_project)}
    texts = {path: text for path in looked_at if (text := _text(path, places, notes, of_project=of_project))}
    if not texts and not notes:
        raise HostError(_nothing_there(hosts, list(looked_at), of_project=of_project))
    for path, text in texts.items():
        host = looked_at[path]
        try:
            document = _parsed(path, text)
        except (ValueError, RecursionError) as error:
            notes.append(f"{path} was not read: {error}; correct it and run this again")
            continue
        found += [HostFile(host, path, server) for server in host.entries(document, places)]
    return found, notes


def take_over(
    found: Iterable[HostFile],
    known: Iterable[KnownServer],
    places: UserPlaces,
    notes: Sequence[str] = (),
    *,
    are_approved: bool = True,
    is_shared: bool = False,
) -> GivenServers:
    """Return the found servers as entries of ours, without those that are known, and what has to be told.

    `is_shared`: they go into a file that a repository shares.
    """
    choice = _TakenOver(list(known))
    told = list(notes)
    for one in found:
        place = f"{one.host.title}, {one.path}"
        try:
            entry, changes = _converted(one, places, is_shared=is_shared)
            name = choice.add(one, entry, place)
        except (HostError, ValueError) as error:  # the latter of a path or an address that is none
            choice.left.append(LeftInPlace(one.server.name, f"{error} ({place})"))
            continue
        told += [f"{name} ({place}): {change}" for change in (*choice.renamed(one, name), *changes)]
    return GivenServers(choice.entries, tuple(choice.left), tuple(told), are_approved=are_approved)


class _TakenOver:
    """The servers taken so far, among those that are there."""

    def __init__(self, known: list[KnownServer]) -> None:
        self._known = known
        self._files: dict[str, Path] = {}
        self.entries: dict[str, Json] = {}
        self.left: list[LeftInPlace] = []

    def add(self, found: HostFile, entry: Json, place: str) -> str:
        """Add a server; returns the name that it has with us.

        Raises:
            HostError: it is there already.
        """
        for one in self._known:
            if endpoint_of(one.entry) != endpoint_of(entry):
                continue
            differing = differing_values(one.entry, entry)
            if differing and self._files.get(one.name) == found.path:
                continue  # the user has the server twice on purpose, with two accounts for example
            also = f"; {', '.join(map(repr, differing))} differ: add it by hand if it is another account"
            raise HostError(f"the same server as {one.name!r} {one.place}{also if differing else ''}")
        name = self._free_name(found)
        self.entries[name] = entry
        self._files[name] = found.path
        self._known.append(KnownServer(name, entry, f"of {place}"))
        return name

    def renamed(self, found: HostFile, name: str) -> Iterator[str]:
        """Yield what is to be said of the name."""
        if name != found.server.name:
            yield f"named {found.server.name!r} there"

    def _free_name(self, found: HostFile) -> str:
        plain = _ODD.sub("-", found.server.name).strip("-") or "server"
        taken = {default_prefix(one.name) for one in self._known} | {default_prefix(SERVER_NAME)}
        wanted = [plain, f"{plain}-{found.host.name}", *(f"{plain}-{found.host.name}-{n}" for n in range(2, 1_000))]
        return next(name for name in wanted if default_prefix(name) not in taken)


def _converted(found: HostFile, places: UserPlaces, *, is_shared: bool) -> tuple[Json, Sequence[str]]:
    conversion = EntryConversion(found.server.written, found.server.expand, places.project, is_shared=is_shared)
    found.server.convert(conversion)
    if found.server.is_off and "disabled" not in conversion.entry:
        conversion.switch_off()
    entry = conversion.finished(inherits_environment=found.host.inherits_environment)
    return entry, [*conversion.notes, *_oddities(entry, conversion.notes, places)]


def _oddities(entry: Json, told: Sequence[str], places: UserPlaces) -> list[str]:
    """Return what is odd in an entry of ours, but for variables of which it is told already that they are to be set.

    Raises:
        HostError: it could not be used.
    """
    variables = {PROJECT_VARIABLE: str(places.project), **places.environ}
    locations = find_locations(variables)
    try:
        warnings = checked_entry(locations, locations.user_servers_file, _CHECKED, entry, variables).warnings
    except ConfigError as error:
        raise HostError(str(error).replace(f"{SERVERS_KEY}.{_CHECKED}", "it").replace("\n", "; ")) from error
    texts = [str(replace(one, file=None, key=one.key.removeprefix(f"{SERVERS_KEY}.{_CHECKED}."))) for one in warnings]
    to_set = [note.split()[3] for note in told if note.startswith(TO_SET)]
    return [text for text in texts if not any(repr(name) in text for name in to_set)]


def _files(host: ForeignHost, places: UserPlaces, *, of_project: bool) -> Sequence[Path]:
    if of_project:
        return [places.project / name for name in host.project_files]
    return host.user_files(places)


def _text(path: Path, places: UserPlaces, notes: list[str], *, of_project: bool) -> str | None:
    try:
        return read_project_text(path, places.project) if of_project else read_text(path)
    except HostError as error:
        notes.append(f"not looked at: {error}")
        return None


def _parsed(path: Path, text: str) -> Json:
    """Return the object in a file of a host.

    Raises:
        ValueError: there is none.
    """
    if path.suffix == ".toml":
        return tomllib.loads(text)
    plain = _STRING_OR_COMMA.sub(lambda found: " " if found[0] == "," else found[0], without_comments(text))
    value = cast(object, parse_commented(plain) if plain.strip() else {})
    if not isinstance(value, dict):
        raise ValueError("it holds no object")  # noqa: TRY004 - the text is wrong, as where it is no JSON
    return cast(Json, value)


def _nothing_there(hosts: Sequence[ForeignHost], paths: Sequence[Path], *, of_project: bool) -> str:
    titles = ", ".join(host.title for host in hosts)
    if not paths:
        return f"{titles} has no servers of a project; leave out --scope"
    also = "" if of_project else "; servers of this folder come with --scope project"
    return f"{titles}: none of these files is there: {', '.join(map(str, paths))}{also}"


def known_servers(servers: Mapping[str, object], place: str) -> list[KnownServer]:
    """Return the servers under a key of a file."""
    return [KnownServer(name, cast(Json, entry), place) for name, entry in servers.items() if isinstance(entry, dict)]
