"""A login: what a server's authorization server gave us, and for which server."""

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from mcp_dynaload.config.upstream_config import UpstreamConfig

EARLY_SECONDS = 60.0
"""A token is renewed this long before it runs out, so that it does not run out on its way."""

EARLY_SHARE = 0.1
"""Or after nine tenths of its time, whichever is later: some live for a minute only."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class LoginKey:
    """The server that a login is for: its name and its address, so that a changed entry never gets an older login."""

    name: str
    url: str

    @property
    def id(self) -> str:
        """A name for files, which says neither."""
        return hashlib.sha256(f"{self.name}\0{self.url}".encode()).hexdigest()[:32]


def key_of(config: UpstreamConfig) -> LoginKey:
    """Return the key of an upstream's login."""
    return LoginKey(config.name, canonical_url(config.url))


def login_command(name: str) -> str:
    """Return the command by which a user logs in to a server."""
    return f"mcp-dynaload login {shlex.quote(name)}"


def login_advice(names: Sequence[str]) -> str:
    """Return what to tell a user of servers that want a login."""
    command = login_command(names[0]) if len(names) == 1 else "mcp-dynaload login --all"
    return f"Login needed: {', '.join(names)}. Run `{command}`."


def canonical_url(url: str) -> str:
    """Return the address as all its writings have in common: no default port, no fragment, small letters in the host.

    A user's name and password in it are left out: they are no part of what the address names.
    """
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(scheme)) else f":{parts.port}"
    return urlunsplit((scheme, f"{host}{port}", parts.path or "/", parts.query, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredClient:
    """The program as an authorization server knows it."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    auth_method: str = "none"
    """How it proves itself at the token endpoint (RFC 7591)."""

    redirect_uri: str
    """Where its logins come back to."""

    scope: str = ""
    """The scopes that it may ask for, where the registration said so."""

    is_own: bool = True
    """It registered itself, so that it may do so again; otherwise the user's entry names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login to one server; without tokens only what the next one can use again."""

    issuer: str
    """The authorization server that gave it, to which alone its tokens are sent again."""

    token_endpoint: str
    revocation_endpoint: str = ""
    resource: str = ""
    """The server as the authorization server knows it (RFC 8707)."""

    client: RegisteredClient
    scope: str = ""
    """The scopes that were granted."""

    wanted_scope: str = ""
    """The scopes that a call has missed since."""

    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    received_at: float = 0.0
    expires_at: float | None = None
    """Both by our own clock, so that it does not matter what time the server thinks it is."""

    @property
    def has_tokens(self) -> bool:
        """Whether there is anything to log in with."""
        return bool(self.access_token or self.refresh_token)

    @property
    def secrets(self) -> Iterator[str]:
        """All that nobody else may see."""
        yield from (self.access_token, self.refresh_token, self.client.client_secret)

    def is_due(self, now: float) -> bool:
        """Return whether the token has run out, or is about to."""
        if self.expires_at is None:
            return not self.access_token
        lifetime = max(self.expires_at - self.received_at, 0.0)
        early = min(EARLY_SECONDS, EARLY_SHARE * lifetime)
        return not self.access_token or now >= self.expires_at - early

    def without_tokens(self) -> "Login":
        """Return what is left when the login is over."""
        return replace(self, access_token="", refresh_token="", expires_at=None)

    def missing(self, scope: str) -> "Login":
        """Return the login with the scopes noted that a call has missed, for the next one to ask for."""
        wanted = dict.fromkeys([*self.wanted_scope.split(), *scope.split()])
        return replace(self, wanted_scope=" ".join(wanted))
