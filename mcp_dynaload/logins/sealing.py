"""Texts sealed for a store that others may read: nobody reads or moves them without the key, which is not in it."""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence

from mcp_dynaload.errors import StoreError

NONCE_BYTES = 12
_VERSION = "1"


class Sealer:
    """The keys of a service, by AES-256 in Galois/counter mode: the first seals, each opens what it has sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        # 60 ms to import, and only a service with logins of its users has it
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._ciphers = {_name_of(key): AESGCM(key) for key in reversed(keys)}
        self._first = _name_of(keys[0])

    def seal(self, place: str, text: str) -> str:
        """Return the text sealed for one place of the store: in another it cannot be opened."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._first].encrypt(nonce, text.encode(), _bound(place))
        return f"{_VERSION}.{self._first}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, place: str, sealed: str) -> str:
        """Return the text that was sealed for the place.

        Raises:
            StoreError: it was sealed with a key that is not there, or is not as it was sealed.
        """
        from cryptography.exceptions import InvalidTag

        version, _, rest = sealed.partition(".")
        name, _, content = rest.partition(".")
        cipher = self._ciphers.get(name)
        if version != _VERSION or cipher is None:
            raise StoreError(
                "it was sealed with a key that is not among login_keys; put that key behind the first, or log in again"
            )
        try:
            data = base64.b64decode(content, validate=True)
            return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(place)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise StoreError("it is not as it was sealed: somebody has changed the store; log in again") from None


def _name_of(key: bytes) -> str:
    """Return a name that says nothing of the key."""
    return hashlib.sha256(b"mcp-dynaload login key\0" + key).hexdigest()[:12]


def _bound(place: str) -> bytes:
    return f"mcp-dynaload login\0{place}".encode()
