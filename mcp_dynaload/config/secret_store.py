"""The user's secrets by name, for `${keyring:NAME}`: in the system's keyring, or in a file that only they may read."""

import json
import re
from pathlib import Path
from typing import cast

from mcp_dynaload.config.system_keyring import PLACE, FindKeyring, SystemKeyring, find_keyring
from mcp_dynaload.errors import StoreError
from mcp_dynaload.machine.atomic_files import locked, write_atomically
from mcp_dynaload.machine.private_files import make_private_file, make_private_folder

SERVICE = "mcp-dynaload"
"""The name of ours in the keyring."""

SECRET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_RULE = "use up to 64 letters, digits, '.', '_' and '-'"


class SecretStore:
    """The secrets and where each is kept; its methods block.

    The file knows the names of all, so that they can be listed and a change can be seen, and the values of those that
    no keyring keeps.
    """

    def __init__(self, file: Path, find: FindKeyring = find_keyring) -> None:
        self._file = file
        self._keyring = SystemKeyring(SERVICE, "secret", find)

    @property
    def place(self) -> str:
        """Where a new secret is kept, in words."""
        return self.place_of(is_in_file=not self._keyring.is_there)

    def place_of(self, *, is_in_file: bool) -> str:
        """Return where a secret is kept, in words."""
        return f"the file {self._file}, which only you may read" if is_in_file else PLACE

    def get(self, name: str) -> str | None:
        """Return a secret; None if there is none of that name.

        Raises:
            StoreError: File or keyring cannot be used.
        """
        known = self._read()
        if name not in known:
            return None
        if (value := known[name]) is not None:
            return value
        if not self._keyring.is_there:
            raise StoreError(
                f"the secret {name!r} is in {PLACE}, which is not to be had here; install the extra"
                f" `keyring`, or run `mcp-dynaload secret set {name}` again"
            )
        return self._keyring.get(name)

    def set(self, name: str, value: str) -> str:
        """Keep a secret in the place of an earlier one; returns where, in words.

        Raises:
            StoreError: File or keyring cannot be used.
        """
        is_in_keyring = self._keyring.is_there
        if is_in_keyring:
            self._keyring.set(name, value)
        self._change(name, None if is_in_keyring else value, is_kept=True)
        return self.place

    def remove(self, name: str) -> bool:
        """Forget a secret; false if there was none of that name.

        Raises:
            StoreError: File or keyring cannot be used.
        """
        known = self._read()
        if name not in known:
            return False
        if known[name] is None and self._keyring.is_there:
            self._keyring.remove(name)
        self._change(name, None, is_kept=False)
        return True

    def names(self) -> dict[str, str]:
        """Return the names of all secrets, with where each is kept.

        Raises:
            StoreError: The file cannot be used.
        """
        return {name: self.place_of(is_in_file=value is not None) for name, value in sorted(self._read().items())}

    def _read(self) -> dict[str, str | None]:
        kept = self._content().items()
        return {name: value for name, value in kept if value is None or isinstance(value, str)}

    def _content(self) -> dict[str, object]:
        """Return all that is in the file, what a later version of us keeps in a way of its own too."""
        try:
            text = self._file.read_text("utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise self._unusable(error) from error
        try:
            content: object = json.loads(text or "{}")
        except ValueError as error:
            raise StoreError(f"{self._file} is not valid JSON; remove it, and set your secrets again") from error
        if not isinstance(content, dict):
            raise StoreError(f"{self._file} is not an object of secrets by name; remove it, and set them again")
        return cast(dict[str, object], content)

    def _change(self, name: str, value: str | None, *, is_kept: bool) -> None:
        try:
            make_private_folder(self._file.parent)
            with locked(self._file.with_suffix(".lock")):
                known = {other: kept for other, kept in self._content().items() if other != name}
                make_private_file(self._file)
                content = {**known, name: value} if is_kept else known
                write_atomically(self._file, (json.dumps(content, indent=2, sort_keys=True) + "\n").encode())
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError | UnicodeDecodeError) -> StoreError:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        return StoreError(f"{self._file} cannot be used ({reason}); make it a file of yours that you may write")
