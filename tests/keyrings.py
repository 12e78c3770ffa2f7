"""Keyrings as the system's are to the package `keyring`."""

SECRET = "correct-horse-battery"
"""No token of a known form: nothing but where it comes from says that it is a secret."""


class KeyringInMemory:
    """A keyring, as the system's is to the package `keyring`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedKeyring(KeyringInMemory):
    """A keyring that the user has not unlocked."""

    def get_password(self, service: str, username: str) -> str | None:
        raise PermissionError(SECRET)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PermissionError(SECRET)
