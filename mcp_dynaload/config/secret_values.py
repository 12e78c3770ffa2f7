"""Values of an entry that stand elsewhere: `${file:PATH}` and `${keyring:NAME}`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from mcp_dynaload.config.secret_store import NAME_RULE, SECRET_NAME, SecretStore
from mcp_dynaload.errors import StoreError
from mcp_dynaload.machine.bounded_files import read_bounded

SecretPlace = Literal["file", "keyring"]

MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class SecretReference:
    """A value that stands elsewhere."""

    place: SecretPlace
    name: str
    """A path, or a name in the keyring."""


@dataclass(frozen=True, slots=True)
class UnreadSecret:
    """Why a value could not be read, and what to do."""

    what: str
    fix: str


def reference_of(text: str) -> SecretReference | None:
    """Return what the text between `${` and `}` refers to; None if that is a variable."""
    for place in get_args(SecretPlace):
        if text.startswith(f"{place}:"):
            return SecretReference(place, text.removeprefix(f"{place}:"))
    return None


def read_secret(reference: SecretReference, folder: Path, store: SecretStore) -> str | UnreadSecret:
    """Return the value; a path that is not absolute begins in the folder, that of the servers file."""
    if reference.place == "file":
        return _of_file(reference.name, folder)
    return _of_store(reference.name, store)


def _of_file(name: str, folder: Path) -> str | UnreadSecret:
    if not name.strip() or "${" in name:
        what = f"names the file {name!r}, in which no variable can stand" if name.strip() else "names no file"
        return UnreadSecret(what, "write the whole path, or one that begins with ~/")
    try:
        path = folder / Path(name).expanduser()
        value = read_bounded(path, MAX_BYTES).decode("utf-8-sig").rstrip("\r\n")
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text" if "\0" not in name else "no path"
        return UnreadSecret(f"takes its value from the file {name!r}, which cannot be read ({reason})", _FILE_FIX)
    if not value or "\0" in value:
        return UnreadSecret(f"takes its value from the file {name!r}, which holds no value", _FILE_FIX)
    return value


_FILE_FIX = "put the value there, as text and nothing else, readable by you"


def _of_store(name: str, store: SecretStore) -> str | UnreadSecret:
    if not SECRET_NAME.fullmatch(name):
        return UnreadSecret(f"names the secret {name!r}, which no secret can be called", NAME_RULE)
    try:
        value = store.get(name)
    except StoreError as error:
        what, _, fix = str(error).rpartition("; ")
        return UnreadSecret(f"cannot be filled in: {what}", fix)
    if value is None:
        return UnreadSecret(f"needs the secret {name!r}, which is not set", f"run: mcp-dynaload secret set {name}")
    return value
