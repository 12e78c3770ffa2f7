"""Programs of ours as processes that start fast: forked from one that has imported everything.

Importing takes a second of a core each time, a fork a few hundredths. Where the start of a process is the subject (its
module path, its family, its end), tests start `sys.executable` itself.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mcp_dynaload.demo import preloaded
from tests.installed import ROOT

SHARED = "MCP_DYNALOAD_TEST_PYTHON"
"""The variable in which a process that starts several of pytest's tells them of its own `PYTHON`."""

LAUNCH = """\
#!{python} -IS
import os, sys
words = sys.argv[1 : sys.argv.index("-m") + 2] if "-m" in sys.argv else []
if words and {{*words[:-2]}} <= {{"-P", "-E", "-W", "ignore"}} and words[-1].startswith(("mcp_dynaload", "tests.")):
    sys.argv[1:1] = [{socket!r}]
    with open({launcher!r}) as file:
        exec(compile(file.read(), {launcher!r}, "exec"))
else:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""
"""An interpreter in which `-m` of a module of ours, or of these tests, is a fork, and all else is what it always is."""


def _interpreter() -> str:
    """Start the process that is forked; return the program that stands for Python."""
    folder = a_folder()
    program, socket = folder / "python", folder / "socket"
    program.write_text(LAUNCH.format(python=sys.executable, socket=str(socket), launcher=str(preloaded.LAUNCHER)))
    program.chmod(0o700)
    start([sys.executable, "-m", "tests.preloaded", str(socket), str(program)])
    return str(program)


def a_folder() -> Path:
    """Make a folder that is gone with this process."""
    folder = Path(tempfile.mkdtemp(prefix="dynaload-programs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def start(command: Sequence[str]) -> None:
    """Start a process that is forked, which ends with this one, and wait until it is ready."""
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # the threads of numpy's library would be lost in a fork
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(process.communicate)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"


PYTHON = os.environ.get(SHARED) or (_interpreter() if preloaded.is_possible() else sys.executable)
"""Starts a module of ours fast."""

TEXT = (PYTHON, "-m", "tests.run_text")
"""The command that runs the program on its input, with all that it imports there already."""
