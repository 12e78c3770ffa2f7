"""The authorities whose certificates are trusted: the system's, and more of them where the user's client has more."""

import ssl
from functools import cache

import structlog

EXTRA_AUTHORITIES = "NODE_EXTRA_CA_CERTS"
"""The variable by which Claude Code is told of a file with more authorities, such as a company's own."""

log = structlog.get_logger()


@cache
def trusted_authorities(extra_file: str | None) -> ssl.SSLContext:
    """Read whom to trust, once: reading takes longer than a request; a file that cannot be read is logged."""
    import httpx2  # needed by few configurations only

    context = httpx2.create_ssl_context()
    if extra_file:
        try:
            context.load_verify_locations(extra_file)
        except OSError as error:  # as of a TLS library that finds no certificate in it
            log.warning("authorities_not_read", variable=EXTRA_AUTHORITIES, error=str(error))
    return context
