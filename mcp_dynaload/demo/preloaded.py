"""Starts Python programs in a hundredth of the time: by forking a process that has imported everything before.

`python -m mcp_dynaload.demo.preloaded SOCKET` is that process; it ends with its input. `launcher.py` asks it for a fork
that takes over the launcher's input, outputs, environment and folder, and ends as that fork ends.
"""

import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from mcp_dynaload.demo import SERVERS

LAUNCHER = Path(__file__).with_name("launcher.py")

MODULES = (
    "anyio._backends._asyncio",
    "numpy",
    "mcp.client.stdio",
    "mcp_dynaload.cli.app",
    "mcp_dynaload.runtime",
    "mcp_dynaload.server.vectors",
    *(f"mcp_dynaload.demo.servers.{name}" for name in SERVERS),
)
"""What the programs of the demo import; not onnxruntime, which starts a thread, and a fork would lose it."""

REQUEST_HEAD = struct.Struct(">I")
"""How many bytes the request has."""

STATUS = struct.Struct(">i")
"""A process id, and later an exit status."""


def is_possible() -> bool:
    """Return whether this system can fork and pass on open files."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds")


def command(socket_path: Path, *arguments: str) -> list[str]:
    """Return the command that does what Python does with these arguments, `… -m MODULE …`, in a fork."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(socket_path), *arguments]


def main() -> None:
    """Import, then fork for each request until the input ends."""
    for name in MODULES:
        importlib.import_module(name)
    from mcp_dynaload.tokenizer import count_tokens

    count_tokens("")  # reads the ranks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps the forks
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends us by the end of our input
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, 0], [], [])
            if 0 in ready:
                return
            connection, _ = listener.accept()
            with connection, suppress(OSError):  # a launcher that has gone meanwhile needs no fork
                _serve(connection, listener)


def _serve(connection: socket.socket, listener: socket.socket) -> None:
    head, files, _, _ = socket.recv_fds(connection, REQUEST_HEAD.size, 3)
    (size,) = REQUEST_HEAD.unpack(head)
    request = b""
    while len(request) < size:
        request += connection.recv(size - len(request)) or _gone()
    if os.fork() == 0:
        listener.close()
        _become(connection, files, _Request(**json.loads(request)))
    for file in files:
        os.close(file)


@dataclass(frozen=True, slots=True)
class _Request:
    """What a launcher was started with."""

    arguments: list[str]
    environ: dict[str, str]
    folder: str


def _gone() -> NoReturn:
    raise ConnectionError("the launcher has gone")


def _become(connection: socket.socket, files: Sequence[int], request: "_Request") -> NoReturn:
    """Be the program that was asked for, in this fork, until its end."""
    status = 1
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(request.environ)
        os.chdir(request.folder)
        random.seed()
        connection.sendall(STATUS.pack(os.getpid()))
        module, *sys.argv[1:] = request.arguments[request.arguments.index("-m") + 1 :]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:  # noqa: BLE001 - as the interpreter does with what nobody caught
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        with suppress(OSError):
            connection.sendall(STATUS.pack(status))
        os._exit(status)


if __name__ == "__main__":
    main()
