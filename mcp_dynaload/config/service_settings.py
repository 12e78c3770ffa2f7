"""Settings of the service that answers over HTTP; a process that one client starts looks at none of them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Count = Annotated[int, Field(ge=1)]
_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ServiceSettings(BaseModel):
    """The part of `Settings` that is about serving many."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Literal["handshake", "modern"] = "handshake"
    """Clients of protocol revision 2026-07-28: `handshake` sends them back to `initialize`, `modern` gives them a
    fixed list."""

    following_clients: str = "claude-code"
    """Names, with commas between, of clients that follow changes of the tool list, over stdio too; others get
    `call_tool`."""

    store_url: Annotated[str, Field(pattern=r"^((rediss?|unix)://.+)?$")] = ""
    """A Redis for what several machines share: usage, pins, loaded tools, tokens, rate limits, journal; also written
    `store.url`. Needs `pip install '.[redis]'`. With a password set the variable. Empty: the state folder keeps
    all."""

    max_concurrent_sessions: _Count = 50
    """How many client sessions there are at the same time."""

    max_sessions_per_token: _Count = 20
    """How many of them one access token may have, at all replicas together."""

    user_logins: Literal["off", "calls", "lists"] = "off"
    """Whose login a remote server gets: `off`, the service's own, for everybody; `calls`, that of the access token's
    user, while what the server offers is listed with the service's own; `lists`, the same, and where the service has
    none, tools are listed with the first user's. Needs `login_keys` and `service_url`."""

    login_keys: Annotated[str, Field(repr=False)] = ""
    """Keys that seal the users' logins in the store, 32 bytes in base64 each, or `${file:PATH}` of a file with them;
    commas between. The first seals, all open. Better in the environment."""

    service_url: Annotated[str, Field(pattern=r"^(https?://[^/\s?#]+(/[^\s?#]*[^\s?#/])?)?$")] = ""
    """Our address as browsers know it, without a slash at its end: there logins come back to. With https, or on this
    machine."""

    session_idle_seconds: _Seconds = 1800
    """A session from which nothing has come for so long, and that has no open stream, is ended."""

    drain_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10
    """On SIGTERM, how long running calls may take to finish."""

    max_request_bytes: _Count = 4_194_304
    """The largest body of a request."""

    max_concurrent_requests: _Count = 500
    """Requests that are being answered at the same time, open streams aside."""

    rate_limit_per_minute: Annotated[int, Field(ge=0)] = 6000
    """Requests of one access token, and of one session, in a minute; 0: as many as they like."""

    allowed_hosts: str = ""
    """Names, with commas between, by which clients reach us; loopback names and addresses always do."""

    allowed_origins: str = ""
    """Origins of web pages, with commas between, that may send us requests, beside our own."""

    oauth_issuer: str = ""
    """The OAuth 2.1 issuer whose access tokens are accepted, exactly as it names itself."""

    oauth_resource: str = ""
    """Our `/mcp` as clients know its address: the audience that the issuer's tokens must be for."""

    oauth_jwks_url: str = ""
    """Where the issuer publishes the keys of its signed tokens."""

    oauth_introspection_url: str = ""
    """Where the issuer is asked about tokens, if they are not signed."""

    oauth_client_id: str = ""
    """Our name at the introspection endpoint."""

    oauth_client_secret: Annotated[str, Field(repr=False)] = ""
    """Our secret there; better in the environment."""
