"""Real upstream servers in Python that start fast: forked from a process that has imported them."""

from functools import cache
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo import preloaded
from tests import programs
from tests.installed import ROOT, UPSTREAMS

RUN = "tests.e2e.run_server"

SERVERS = {
    UPSTREAMS / "bin" / "python": ("mcp_server_fetch", "mcp_server_git", "mcp_server_time"),
    UPSTREAMS / "mcp1" / "bin" / "python": ("mcp_server_sqlite",),
}
"""The modules of the servers, by the Python that has them."""


def python_server(module: str, *arguments: str) -> Json:
    """Return the servers file's entry of one of them."""
    interpreter = next(python for python, modules in SERVERS.items() if module in modules)
    if preloaded.is_possible():
        program, *rest = preloaded.command(_socket(interpreter), "-m", RUN, module, *arguments)
        return {"command": program, "args": rest}
    return {"command": str(interpreter), "args": [str(ROOT / "tests" / "e2e" / "run_server.py"), module, *arguments]}


@cache
def _socket(interpreter: Path) -> Path:
    socket = programs.a_folder() / "socket"
    programs.start([str(interpreter), "-m", "tests.e2e.preloaded", str(socket), *SERVERS[interpreter]])
    return socket
