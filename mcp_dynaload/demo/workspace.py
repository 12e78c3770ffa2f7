"""The folder that the demo servers work on, filled the same way every time."""

import importlib
import shutil
import tempfile
from pathlib import Path


def ensure_part(workspace: Path, part: str) -> Path:
    """Return the folder of one part, written first, by the seed module of the same name, if it is absent.

    Several servers may do this at once on one workspace: a part appears whole, by one rename, and the first one wins.
    """
    folder = workspace / part
    if folder.exists():
        return folder
    workspace.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{part}-", dir=workspace))
    try:
        # Only the part's own seeds are imported: a server's start must not pay for the others.
        importlib.import_module(f"mcp_dynaload.demo.seeds.{part}").write(building)
        building.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder
