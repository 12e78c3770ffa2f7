"""Every exception that mcp_dynaload raises on purpose."""


class DynaloadError(Exception):
    """The base of all our errors; its text is meant for the user and says what to do.

    DynaloadError
    ├── ConfigError            a settings or servers file, a variable or an option is wrong
    ├── HostError              a client's own configuration could not be read or written
    ├── StoreError             the state folder or its database cannot be used
    └── UpstreamError          an upstream server could not do what was asked
        ├── UpstreamStartError   it did not start, connect or answer the handshake
        ├── UpstreamTimeoutError it did not answer in time
        ├── UpstreamClosedError  its connection ended during a request
        ├── UpstreamAnswerError  it answered, with nothing that can be passed on
        ├── UpstreamHeldError    the user has not approved what it offers now
        └── UpstreamUncheckedError that could not be found out
    """


class ConfigError(DynaloadError):
    """A settings or servers file, an environment variable or an option is wrong."""


class HostError(DynaloadError):
    """A client's own configuration could not be read or written."""


class StoreError(DynaloadError):
    """The state folder or its database cannot be used."""


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
