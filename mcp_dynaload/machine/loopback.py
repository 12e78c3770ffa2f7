"""Which addresses are this machine's own."""

import ipaddress

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""How a loopback address is written in a URL."""


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
