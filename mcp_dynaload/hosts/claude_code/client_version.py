"""Which version of Claude Code is on this machine."""

import re
import shutil
import subprocess
from collections.abc import Mapping

from mcp_dynaload.errors import HostError

MIN_VERSION = (2, 1, 118)
"""The first with hooks of type `mcp_tool`."""

MODS_VERSION = (2, 1, 287)
"""The first that runs the modules of plugins unless told otherwise."""

VERSION_SECONDS = 10

Version = tuple[int, ...]


def read_client_version(environ: Mapping[str, str], within_seconds: float = VERSION_SECONDS) -> Version | None:
    """Return the version that `claude --version` tells; None where there is no `claude` on the PATH.

    Raises:
        HostError: it does not run, or says something else.
    """
    program = shutil.which("claude", path=environ.get("PATH"))
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=within_seconds,
            check=True,
            stdin=subprocess.DEVNULL,
            env=dict(environ),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise HostError(f"`{program} --version` failed: {error}") from error
    numbers = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    if numbers is None:
        raise HostError(f"`{program} --version` says {done.stdout.strip()[:100]!r}, which is no version")
    return tuple(int(number) for number in numbers.groups())


def version_text(version: Version) -> str:
    """Return a version as it is written: `2.1.332`."""
    return ".".join(map(str, version))
