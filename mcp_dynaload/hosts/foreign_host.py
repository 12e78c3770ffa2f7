"""The other programs that start MCP servers: where the files of one are, and how an entry of it becomes one of ours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.hosts.entry_conversion import EntryConversion, Expand

NOT_OURS = ("description", "icon", "name", "gallery", "version", "dev", "registry")
"""Keys that say something of a server to people, or serve its developers: nothing is lost without them."""


@dataclass(frozen=True, slots=True)
class UserPlaces:
    """The folders of a user on a system, by which a host finds its files."""

    home: Path
    project: Path
    platform: str
    """As `sys.platform` has it."""

    environ: Mapping[str, str]

    @property
    def programs_dir(self) -> Path:
        """The folder in which programs with windows keep what the user has set."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            return self.named("APPDATA") or self.home / "AppData" / "Roaming"
        return self.named("XDG_CONFIG_HOME") or self.home / ".config"

    def named(self, variable: str) -> Path | None:
        """Return the folder that a variable names, where it is set."""
        value = self.environ.get(variable)
        return Path(value) if value else None


def user_places(environ: Mapping[str, str], project: Path, platform: str) -> UserPlaces:
    """Return the folders of the user whose environment this is."""
    home = environ.get("HOME") or (environ.get("USERPROFILE") if platform == "win32" else None)
    return UserPlaces(Path(home) if home else Path.home(), project, platform, environ)


@dataclass(frozen=True, slots=True)
class HostEntry:
    """A server as a file of a host has it."""

    name: str
    written: Json
    convert: Callable[[EntryConversion], None]
    """Turns the entry, given its conversion, into one of ours."""

    expand: Expand
    """Writes the variables of the host's texts in our way."""

    is_off: bool = False
    """Whether something outside of the entry keeps the host from starting it."""


@dataclass(frozen=True, slots=True)
class ForeignHost:
    """A program whose servers can be taken over; its files are only read."""

    name: str
    """By which a command takes it."""

    title: str
    """By which its users know it."""

    user_files: Callable[[UserPlaces], Sequence[Path]]
    project_files: Sequence[str]
    """Relative to a project's folder."""

    entries: Callable[[Json, UserPlaces], Sequence[HostEntry]]
    """Reads the servers in the object that a file holds."""

    inherits_environment: bool
    """Whether the servers it starts get the whole environment, or only a few variables."""


def entries_under(
    document: Json, key: str, convert: Callable[[EntryConversion], None], expand: Expand
) -> list[HostEntry]:
    """Return the entries under a key of a host's document; one that is no object has nothing in it."""
    servers = json_object(document.get(key))
    return [HostEntry(name, json_object(entry), convert, expand) for name, entry in servers.items()]


def unchanged(text: str, _name: str) -> str:
    """Return the text: the host knows no variables."""
    return text
