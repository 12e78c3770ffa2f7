"""Opens a page in the user's browser, without a word on our own output, which may belong to the protocol."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def open_page(url: str, environ: Mapping[str, str]) -> bool:
    """Open the page; false where there is no browser to be seen, as over ssh."""
    if not url.startswith(("https://", "http://")):
        return False
    if sys.platform == "win32":
        try:
            os.startfile(url)
        except OSError:
            return False
        return True
    command = _opener(environ)
    if command is None:
        return False
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [command, url], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, env=dict(environ)
        )
    except OSError:
        return False
    threading.Thread(target=process.wait, daemon=True).start()  # so that nothing is left of it when it has ended
    return True


def _opener(environ: Mapping[str, str]) -> str | None:
    if sys.platform == "darwin":
        return "/usr/bin/open"
    if not any(environ.get(name) for name in _SCREENS):
        return None
    return shutil.which("xdg-open", path=environ.get("PATH"))
