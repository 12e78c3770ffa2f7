"""How long a test waits before it is given up."""

HANG_SECONDS = 120.0
"""For an event that comes, however busy the machine is; how soon it has to is asserted where it is promised."""
