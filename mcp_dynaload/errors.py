"""Every exception that mcp_dynaload raises on purpose."""

from dataclasses import dataclass
from typing import cast


class DynaloadError(Exception):
    """The base of all our errors; its text is meant for the user and says what to do.

    DynaloadError
    ├── ConfigError            a settings or servers file, a variable or an option is wrong
    ├── HostError              a client's own configuration could not be read or written
    ├── LoginError             a login to a server could not be made, renewed or ended
    ├── StoreError             the state folder or its database cannot be used
    │   └── StoreAwayError       not now: it does not answer, or somebody else has it locked
    └── UpstreamError          an upstream server could not do what was asked
        ├── UpstreamStartError   it did not start, connect or answer the handshake
        ├── UpstreamTimeoutError it did not answer in time
        ├── UpstreamClosedError  its connection ended during a request
        ├── UpstreamAnswerError  it answered, with nothing that can be passed on
        │   └── UpstreamLoginError it wants a login, or one that allows more
        ├── UpstreamHeldError    the user has not approved what it offers now
        │   └── UpstreamDeniedError the servers file denies what is asked for
        ├── UpstreamContentError the scan of a call keeps it or its result back
        └── UpstreamUncheckedError that could not be found out
    """


class ConfigError(DynaloadError):
    """A settings or servers file, an environment variable or an option is wrong."""


class HostError(DynaloadError):
    """A client's own configuration could not be read or written."""


class LoginError(DynaloadError):
    """A login to a server could not be made, renewed or ended."""


class StoreError(DynaloadError):
    """The state folder or its database cannot be used."""


class StoreAwayError(StoreError):
    """The store cannot be asked now; what is asked of it may be right, and answered later."""


class UpstreamError(DynaloadError):
    """An upstream server could not do what was asked."""


class UpstreamStartError(UpstreamError):
    """The upstream did not start, connect or answer the handshake."""


class UpstreamTimeoutError(UpstreamError):
    """The upstream did not answer in time."""


class UpstreamClosedError(UpstreamError):
    """The upstream's connection ended during a request."""


class UpstreamHeldError(UpstreamError):
    """The upstream has changed or added what is asked for since the user approved its definitions."""


class UpstreamDeniedError(UpstreamHeldError):
    """The servers file denies the tool that was called."""

    def __init__(self, text: str, tool: str, rule: str) -> None:
        super().__init__(text)
        self.tool = tool
        """The server's own name for it."""

        self.rule = rule


class UpstreamContentError(UpstreamError):
    """The scan that the user wants of calls keeps this one, or its result, back."""


class UpstreamUncheckedError(UpstreamError):
    """The upstream could not be compared with what the user approved."""


class UpstreamAnswerError(UpstreamError):
    """The upstream answered with nothing that can be passed on: an HTTP error, or what is no JSON-RPC."""

    def __init__(self, cause: str, text: str = "", *, is_final: bool = True, is_gone: bool = False) -> None:
        super().__init__(text or cause)
        self.cause = cause
        """The same in a few words of ours, with nothing of what the upstream said."""

        self.is_final = is_final
        """Another form of the handshake would get the same answer."""

        self.is_gone = is_gone
        """It was not to be reached, so there is no answer at all."""


@dataclass(frozen=True, slots=True)
class LoginDemand:
    """The login that a server wants, as far as its refusal says."""

    scope: str = ""
    """The scopes that it names, separated by blanks."""

    metadata_url: str = ""
    """Where it says that its description as a protected resource (RFC 9728) is."""

    is_step_up: bool = False
    """There is a login, which allows too little."""


class UpstreamLoginError(UpstreamAnswerError):
    """The upstream wants a login, or one that allows more."""

    def __init__(self, demand: LoginDemand, cause: str, text: str = "") -> None:
        super().__init__(cause, text)
        self.demand = demand


def own_error(raised: Exception) -> DynaloadError | None:
    """Return the first of our own errors, if there is nothing else: tasks hand on theirs in groups."""
    if not isinstance(raised, ExceptionGroup):
        return raised if isinstance(raised, DynaloadError) else None
    inner = [own_error(error) for error in cast("ExceptionGroup[Exception]", raised).exceptions]
    return None if None in inner else inner[0]
