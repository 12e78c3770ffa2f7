"""Moves secrets that stand as text in a servers file to where `secret set` keeps them, and forgets them again."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.problems import KeyPath, written_path
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.secrets import plain_secrets
from mcp_dynaload.errors import StoreError
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit

_REFERENCE = re.compile(r"\$\{keyring:([A-Za-z0-9._-]+)")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
MAX_NAME = 56
"""Characters of a name before the number that sets it apart."""

Kept = Callable[[str], str | None]
"""Returns the secret that is kept under a name."""


@dataclass(frozen=True, slots=True)
class PlainSecrets:
    """The secrets that stand as text in the servers of a file."""

    places: tuple[str, ...] = ()
    """The keys under which they stand."""

    moved: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Those that are to be kept elsewhere, by the names that stand in their place."""


def find_plain_secrets(servers: Json) -> PlainSecrets:
    """Return where secrets stand as text, and leave them there."""
    return PlainSecrets(tuple(dict.fromkeys(_place(name, where) for name, where, _ in _found(servers))))


def take_out_secrets(servers: Json, kept: Kept) -> PlainSecrets:
    """Replace the secrets in these entries by their names, and return them.

    Raises:
        StoreError: It cannot be told which names are free.
    """
    moved: dict[str, str] = {}
    places: list[str] = []
    for server, where, secret in _found(servers):
        name = _free_name(f"{server}-{where[-1] if isinstance(where[-1], str) else where[0]}", secret, moved, kept)
        moved[name] = secret
        _replace(cast(Json, servers[server]), where, secret, f"${{keyring:{name}}}")
        places.append(_place(server, where))
    return PlainSecrets(tuple(dict.fromkeys(places)), moved)


def keep_secrets(secrets: Mapping[str, str], store: SecretStore) -> tuple[str, ...]:
    """Keep them; returns the names of those that were not there before.

    Raises:
        StoreError: They cannot be kept; none was added then.
    """
    added: list[str] = []
    try:
        for name, value in secrets.items():
            if store.get(name) != value:
                store.set(name, value)
                added.append(name)
    except StoreError:
        forget_secrets(added, store)
        raise
    return tuple(added)


def forget_secrets(names: Iterable[str], store: SecretStore) -> None:
    """Forget secrets of these names.

    Raises:
        StoreError: One cannot be removed.
    """
    for name in names:
        store.remove(name)


def forget_restored(edits: Iterable[FileEdit], store: SecretStore) -> str:
    """Forget the secrets that stand as text again where they came from; returns a note if that does not work."""
    try:
        forget_secrets(_restored(edits, store), store)
    except StoreError as error:
        return f"secrets that `--move-secrets` has moved may be left (`mcp-dynaload secret list`): {error}"
    return ""


def _restored(edits: Iterable[FileEdit], store: SecretStore) -> tuple[str, ...]:
    """Return the names that no file uses any more and whose secrets stand as text again."""
    edits = tuple(edits)
    before = {name for edit in edits for name in _REFERENCE.findall(edit.before or "")}
    used = {name for edit in edits for name in _REFERENCE.findall(edit.after or "")}
    text = "\n".join(edit.after or "" for edit in edits)
    return tuple(
        name
        for name in sorted(before - used)
        if (value := store.get(name)) and (value in text or json.dumps(value)[1:-1] in text)
    )


def _found(servers: Json) -> list[tuple[str, KeyPath, str]]:
    entries = [(name, cast(Json, entry)) for name, entry in servers.items() if isinstance(entry, dict)]
    return [(name, where, secret) for name, entry in entries for where, secret in plain_secrets(entry)]


def _place(server: str, where: KeyPath) -> str:
    return written_path((server, *where))


def _free_name(wanted: str, secret: str, moved: Mapping[str, str], kept: Kept) -> str:
    """Return a name that nothing else has: one that has this very secret serves, too."""
    stem = _UNFIT.sub("-", wanted).strip("-._")[:MAX_NAME] or "secret"
    number = 1
    while True:
        name = stem if number == 1 else f"{stem}-{number}"
        if moved.get(name, secret) == secret and kept(name) in (None, secret):
            return name
        number += 1


def _replace(entry: Json, where: KeyPath, secret: str, reference: str) -> None:
    holder: Any = entry
    for step in where[:-1]:
        holder = holder[step]
    values = cast(MutableMapping[str | int, Any], holder)
    values[where[-1]] = str(values[where[-1]]).replace(secret, reference)
