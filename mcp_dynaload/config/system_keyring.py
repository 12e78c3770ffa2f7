"""The system's place for passwords, asked in bounded time; the package `keyring` is an extra."""

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from mcp_dynaload.errors import StoreAwayError, StoreError

KEYRING_SECONDS = 20.0
"""A keyring that is locked asks the user; one whose service hangs must not hang us."""

PLACE = "the system's keyring"

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


FindKeyring = Callable[[], Keyring | None]


def find_keyring() -> Keyring | None:
    """Return the system's keyring; None where the package is missing, or has nothing here to work with."""
    try:
        import keyring  # an extra, and slow to import: only where a secret is asked for
        from keyring.backends import fail
    except ImportError:
        return None
    found = keyring.get_keyring()
    return None if isinstance(found, fail.Keyring) else cast(Keyring, found)


class SystemKeyring:
    """The part of the keyring that is ours under one name; its methods block, and raise `StoreError` if it fails."""

    def __init__(self, service: str, kind: str, find: FindKeyring = find_keyring) -> None:
        self._service = service
        self._kind = kind
        self._find = find
        self._found: tuple[Keyring | None] | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is a keyring to be used."""
        return self._opened() is not None

    def get(self, name: str) -> str | None:
        """Return what is kept under a name; None if there is nothing."""
        return self._asked("read", name, lambda keyring: keyring.get_password(self._service, name))

    def set(self, name: str, value: str) -> None:
        """Keep a value."""
        self._asked("kept", name, lambda keyring: keyring.set_password(self._service, name, value))

    def remove(self, name: str) -> None:
        """Forget a value, if there is one."""
        if self.get(name) is not None:
            self._asked("removed", name, lambda keyring: keyring.delete_password(self._service, name))

    def _opened(self) -> Keyring | None:
        if self._found is None:
            self._found = (self._find(),)
        return self._found[0]

    def _asked(self, what: str, name: str, ask: Callable[[Keyring], _Found]) -> _Found:
        """Return the keyring's answer, which is waited for in a thread of its own."""
        keyring = self._opened()
        if keyring is None:
            raise StoreError(
                f"the {self._kind} {name!r} cannot be {what}: {PLACE} is not to be had here; "
                "install the extra `keyring`"
            )
        answers: list[_Found] = []
        failures: list[Exception] = []

        def run() -> None:
            try:
                answers.append(ask(keyring))
            except Exception as error:  # noqa: BLE001 - each keyring has errors of its own; told below
                failures.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(KEYRING_SECONDS)
        if answers:
            return answers[0]
        reason = type(failures[0]).__name__ if failures else f"no answer within {KEYRING_SECONDS:g} s"
        raise StoreAwayError(
            f"the {self._kind} {name!r} cannot be {what}: {PLACE} failed ({reason}); unlock it and try again"
        ) from (failures[0] if failures else None)
