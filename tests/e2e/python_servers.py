"""Real upstream servers in Python that start fast: forked from a process that has imported them."""

from functools import cache
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo import preloaded
from tests import programs
from tests.installed import UPSTREAMS

INTERPRETER = UPSTREAMS / "bin" / "python"


def python_server(module: str, *arguments: str) -> Json:
    """Return the servers file's entry of one of them."""
    words = ("-m", module, *arguments)
    program, *rest = preloaded.command(_socket(), *words) if preloaded.is_possible() else (str(INTERPRETER), *words)
    return {"command": program, "args": rest}


@cache
def _socket() -> Path:
    socket = programs.a_folder() / "socket"
    programs.start([str(INTERPRETER), "-m", "tests.e2e.preloaded", str(socket)])
    return socket
