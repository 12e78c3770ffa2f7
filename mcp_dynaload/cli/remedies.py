"""Mends what has one safe remedy, for `doctor --fix`; what was done is told line by line."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.errors import HostError

NOT_MENDED = "not mended"
"""Begins what is said of a remedy that did not work."""


def mend(locations: Locations) -> Iterator[str]:
    """Mend what can be mended, one after the other; yields what was done, or why it could not be."""
    for remedy in (_folder, _modes, _leftovers, _databases, _wiring):
        try:
            yield from remedy(locations)
        except (OSError, HostError) as error:
            yield f"{NOT_MENDED}: {error}"


def refresh_after_upgrade(locations: Locations) -> Iterator[str]:
    """Bring to this version what another one has left: databases, and our part of the client's files."""
    for remedy in (_databases, _wiring):
        try:
            yield from remedy(locations)
        except (OSError, HostError) as error:
            yield f"{NOT_MENDED}: {error}"


def _folder(locations: Locations) -> Iterator[str]:
    from mcp_dynaload.machine.private_files import make_private_folder

    if not locations.state_dir.exists():
        make_private_folder(locations.state_dir)
        yield f"made the state folder {locations.state_dir}"


def _modes(locations: Locations) -> Iterator[str]:
    from mcp_dynaload.store.files_check import open_to_others, wanted_mode

    seen: set[Path] = set()
    # Again, as what is in a folder that the user could not look into comes up when it is open.
    while paths := [path for path in open_to_others(locations.state_dir) if path not in seen]:
        for path in paths:
            seen.add(path)
            if (mode := wanted_mode(path)) is not None:
                path.chmod(mode)
                yield f"closed {path} to others, and opened it to you ({mode:o})"


def _leftovers(locations: Locations) -> Iterator[str]:
    from mcp_dynaload.store.files_check import left_over

    for path in left_over(locations):
        path.unlink(missing_ok=True)
        yield f"removed {path}, left by a process that has ended"


def _databases(locations: Locations) -> Iterator[str]:
    from mcp_dynaload.store.database import Database
    from mcp_dynaload.store.files_check import database_troubles

    for found in [*database_troubles(locations)]:
        if found.trouble not in ("of another version", "damaged"):
            continue
        with closing(Database(found.path, found.schema)):
            pass
        if found.trouble == "damaged":
            yield f"made {found.path} anew; what was in it is {found.path.name}.broken"
        else:
            yield f"brought {found.path} up to our version ({found.detail})"


def _wiring(locations: Locations) -> Iterator[str]:
    from mcp_dynaload.cli.init import snapshot_of
    from mcp_dynaload.hosts.claude_code.files import find_claude_files
    from mcp_dynaload.hosts.claude_code.refreshing import refresh_wiring, stale_scopes

    files = find_claude_files(os.environ, locations.project_dir)
    for scope in stale_scopes(files, os.environ):
        yield from refresh_wiring(snapshot_of(scope))
