"""The user's secrets by name, for `${keyring:NAME}`: in the system's keyring, or in a file that only they may read."""

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar, cast

from mcp_dynaload.errors import StoreError
from mcp_dynaload.machine.atomic_files import locked, write_atomically
from mcp_dynaload.machine.private_files import make_private_file, make_private_folder

SERVICE = "mcp-dynaload"
"""The name of ours in the keyring."""

SECRET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_RULE = "use up to 64 letters, digits, '.', '_' and '-'"

KEYRING_SECONDS = 20.0
"""A keyring that is locked asks the user; one whose service hangs must not hang us."""

_Found = TypeVar("_Found")


class Keyring(Protocol):
    """The system's place for passwords, as the package `keyring` gives it."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a password; None if there is none of that name."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Forget a password."""
        ...


def find_keyring() -> Keyring | None:
    """Return the system's keyring; None where the package is missing, or has nothing here to work with."""
    try:
        import keyring  # an extra, and slow to import: only where a secret is asked for
        from keyring.backends import fail
    except ImportError:
        return None
    found = keyring.get_keyring()
    return None if isinstance(found, fail.Keyring) else cast(Keyring, found)


class SecretStore:
    """The secrets and where each is kept; its methods block.

    The file knows the names of all, so that they can be listed and a change can be seen, and the values of those that
    no keyring keeps.
    """

    def __init__(self, file: Path, keyring: Callable[[], Keyring | None] = find_keyring) -> None:
        self._file = file
        self._find_keyring = keyring
        self._keyring: tuple[Keyring | None] | None = None

    @property
    def place(self) -> str:
        """Where a new secret is kept, in words."""
        return self.place_of(is_in_file=self._opened_keyring() is None)

    def place_of(self, *, is_in_file: bool) -> str:
        """Return where a secret is kept, in words."""
        return f"the file {self._file}, which only you may read" if is_in_file else "the system's keyring"

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
        keyring = self._opened_keyring()
        if keyring is None:
            raise StoreError(
                f"the secret {name!r} is in the system's keyring, which is not to be had here; install the extra"
                f" `keyring`, or run `mcp-dynaload secret set {name}` again"
            )
        return self._asked("read", name, lambda: keyring.get_password(SERVICE, name))

    def set(self, name: str, value: str) -> str:
        """Keep a secret in the place of an earlier one; returns where, in words.

        Raises:
            StoreError: File or keyring cannot be used.
        """
        keyring = self._opened_keyring()
        if keyring is not None:
            self._asked("kept", name, lambda: keyring.set_password(SERVICE, name, value))
        self._change(name, None if keyring is not None else value, is_kept=True)
        return self.place

    def remove(self, name: str) -> bool:
        """Forget a secret; false if there was none of that name.

        Raises:
            StoreError: File or keyring cannot be used.
        """
        known = self._read()
        if name not in known:
            return False
        keyring = self._opened_keyring()
        if known[name] is None and keyring is not None and self.get(name) is not None:
            self._asked("removed", name, lambda: keyring.delete_password(SERVICE, name))
        self._change(name, None, is_kept=False)
        return True

    def names(self) -> dict[str, str]:
        """Return the names of all secrets, with where each is kept.

        Raises:
            StoreError: The file cannot be used.
        """
        return {name: self.place_of(is_in_file=value is not None) for name, value in sorted(self._read().items())}

    def _opened_keyring(self) -> Keyring | None:
        if self._keyring is None:
            self._keyring = (self._find_keyring(),)
        return self._keyring[0]

    def _asked(self, what: str, name: str, ask: Callable[[], _Found]) -> _Found:
        """Return the keyring's answer, which is waited for in a thread of its own."""
        answers: list[_Found] = []
        failures: list[Exception] = []

        def run() -> None:
            try:
                answers.append(ask())
            except Exception as error:  # noqa: BLE001 - each keyring has errors of its own; told below
                failures.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(KEYRING_SECONDS)
        if answers:
            return answers[0]
        reason = type(failures[0]).__name__ if failures else f"no answer within {KEYRING_SECONDS:g} s"
        raise StoreError(
            f"the secret {name!r} cannot be {what}: the system's keyring failed ({reason}); unlock it and try again"
        ) from (failures[0] if failures else None)

    def _read(self) -> dict[str, str | None]:
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
        kept = cast(dict[str, object], content).items()
        return {name: value for name, value in kept if value is None or isinstance(value, str)}

    def _change(self, name: str, value: str | None, *, is_kept: bool) -> None:
        try:
            make_private_folder(self._file.parent)
            with locked(self._file.with_suffix(".lock")):
                known = {other: kept for other, kept in self._read().items() if other != name}
                make_private_file(self._file)
                content = {**known, name: value} if is_kept else known
                write_atomically(self._file, (json.dumps(content, indent=2, sort_keys=True) + "\n").encode())
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError | UnicodeDecodeError) -> StoreError:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        return StoreError(f"{self._file} cannot be used ({reason}); make it a file of yours that you may write")
