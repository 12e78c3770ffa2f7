"""Our program with a clock that jumps, as `validate --chaos` starts it: the program itself knows nothing of it.

`time.time()` is off by as many seconds as stand in the file that `CHAOS_CLOCK` names. What measures spans does not jump
on a real machine either, and is left alone.
"""

import os
import runpy
import time
from collections.abc import Callable
from pathlib import Path

CLOCK_VARIABLE = "CHAOS_CLOCK"


def jumping(real: Callable[[], float], file: Path) -> Callable[[], float]:
    """Return a clock that is off by what the file says when it is looked at; by nothing while there is no file."""

    def now() -> float:
        try:
            return real() + float(file.read_text("ascii"))
        except (OSError, ValueError):  # none, or just being written
            return real()

    return now


if __name__ == "__main__":
    time.time = jumping(time.time, Path(os.environ[CLOCK_VARIABLE]))
    runpy.run_module("mcp_dynaload", run_name="__main__", alter_sys=True)
