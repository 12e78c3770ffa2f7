"""The keys with which a service seals its users' logins: of the environment or of a file, never of the store itself."""

import base64
import binascii
import re
from pathlib import Path

from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.secret_values import UnreadSecret, read_secret, reference_of
from mcp_dynaload.errors import ConfigError

KEY_BYTES = 32

_WRITTEN = re.compile(r"\$\{([^}]*)\}|[^\s,]+")
_HOW = "make one with `openssl rand -base64 32`"


def read_login_keys(written: str, config_dir: Path, state_dir: Path) -> tuple[bytes, ...]:
    """Return the keys that the setting gives, the one that seals first; the others still open what they have sealed.

    Raises:
        ConfigError: there is none, one is no key, or a file with one lies beside what it seals.
    """
    keys = tuple(key for found in _WRITTEN.finditer(written) for key in _keys_of(found, config_dir, state_dir))
    if not keys:
        raise ConfigError(
            f"user_logins needs login_keys, the keys that seal the logins: {_HOW}, and give it in "
            "MCP_DYNALOAD_LOGIN_KEYS, or put it into a file and set login_keys to ${file:PATH}"
        )
    return keys


def _keys_of(found: re.Match[str], config_dir: Path, state_dir: Path) -> list[bytes]:
    if (inner := found[1]) is None:
        return [_key(found[0], "login_keys")]
    reference = reference_of(inner)
    if reference is None or reference.place != "file":
        raise ConfigError("login_keys takes keys, and ${file:PATH} of files with keys; nothing else can stand in ${…}")
    path = (config_dir / Path(reference.name).expanduser()).resolve()
    if path.is_relative_to(state_dir.resolve()):
        raise ConfigError(
            f"login_keys names {path}, which lies in the state folder, beside what it seals: move the file elsewhere"
        )
    value = read_secret(reference, config_dir, SecretStore(state_dir))
    if isinstance(value, UnreadSecret):
        raise ConfigError(f"login_keys {value.what}; {value.fix}")
    return [_key(text, str(path)) for text in value.replace(",", " ").split()]


def _key(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{place} holds something that is no key of {KEY_BYTES} bytes in base64; {_HOW}")
    return key
