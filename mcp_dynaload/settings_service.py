"""Settings of the service that answers over HTTP; a process that one client starts looks at none of them."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_Count = Annotated[int, Field(ge=1)]
_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ServiceSettings(BaseSettings):
    """The part of `Settings` that is about serving many."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    protocol: Literal["handshake", "modern"] = "handshake"
    """Clients of revision 2026-07-28: handshake sends them back to `initialize`, modern gives them a fixed list."""

    following_clients: str = "claude-code"
    """Names, with commas between, of clients that follow changes of the tool list; others get `call_tool`."""

    store_url: Annotated[str, Field(pattern=r"^((rediss?|unix)://.+)?$")] = ""
    """A Redis for what replicas share: usage, pins, loaded sets, tokens, journal; without one the state folder."""

    max_concurrent_sessions: _Count = 50
    """Client sessions over HTTP at the same time."""

    session_idle_seconds: _Seconds = 1800
    """A session over HTTP from which nothing has come for so long, and that has no open stream, is ended."""

    drain_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10
    """On SIGTERM, how long running calls may take to finish."""

    max_request_bytes: _Count = 4_194_304
    """The largest body of an HTTP request."""
