"""Starts Python programs in a hundredth of the time: by forking a process that has imported everything before.

`python -m mcp_dynaload.demo.preloaded SOCKET` is that process; it ends with its input. `launcher.py` asks it for a fork
that takes over the launcher's input, outputs, environment and folder, and ends as that fork ends.
"""

import atexit
import gc
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
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import anyio
import anyio.abc

from mcp_dynaload.demo import SERVERS
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.machine.own_process import module_command

LAUNCHER = Path(__file__).with_name("launcher.py")

MODULES = (
    "anyio._backends._asyncio",
    "numpy",
    "mcp.client.stdio",
    "mcp_dynaload.cli.app",
    "mcp_dynaload.app",
    "mcp_dynaload.proxy.stored_vectors",
    *(f"mcp_dynaload.demo.servers.{name}" for name in SERVERS),
)
"""The modules that programs of the demo import; its servers read no encoder."""

REQUEST_HEAD = struct.Struct(">I")
"""How many bytes the request has."""

STATUS = struct.Struct(">i")
"""A process id, and later an exit status: what `os.waitstatus_to_exitcode` makes of it."""


Command = Callable[..., list[str]]
"""Makes the command that does what Python does with these arguments."""


def is_possible() -> bool:
    """Return whether this system can fork and pass on open files."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds")


def command(socket_path: Path, *arguments: str) -> list[str]:
    """Return the command that does what Python does with these arguments, `… -m MODULE …`, in a fork."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(socket_path), *arguments]


@asynccontextmanager
async def commands(folder: Path) -> AsyncGenerator[Command]:
    """Give what starts Python: from a process that has imported everything, where the system can fork one.

    Raises:
        DynaloadError: That process does not start.
    """
    if not is_possible():
        yield lambda *arguments: [sys.executable, *arguments]
        return
    socket_path = folder / "preloaded"
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # the threads of numpy's library would be lost in a fork
    module = module_command(__name__, str(socket_path))
    # In a session of its own, where Ctrl-C does not reach it: it ends with its input, without a word.
    async with await anyio.open_process(module, stderr=None, env=environ, start_new_session=True) as process:
        assert process.stdin is not None
        await _ready(process)
        yield partial(command, socket_path)
        await process.stdin.aclose()  # it ends with its input


async def _ready(process: anyio.abc.Process) -> None:
    """Wait until the process says that it is ready; who cannot wait for that ends it.

    Raises:
        DynaloadError: It has ended.
    """
    assert process.stdout is not None
    is_ready = False
    try:
        await process.stdout.receive()
        is_ready = True
    except anyio.EndOfStream:
        raise DynaloadError("the demo's processes cannot be started; what is wrong stands above") from None
    finally:
        if not is_ready:
            with suppress(ProcessLookupError):
                process.kill()


def main(*more: str) -> None:
    """Import our modules and `more`, then fork for each request until the input ends."""
    for name in (*MODULES, *more):
        importlib.import_module(name)
    from mcp_dynaload.encoder.tokenizer import count_tokens

    count_tokens("")  # reads the ranks
    serve(sys.argv[1])


def serve(socket_path: str) -> None:
    """Fork this process, with what it has imported, for each request until the input ends."""
    gc.freeze()  # a collection in a fork would write to every object's head, and so copy all of this memory
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends us by the end of our input
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(socket_path)
        listener.listen(64)
        print("ready", flush=True)
        _serve(listener)


def _serve(listener: socket.socket) -> None:
    """Fork for whoever connects, until the input ends: a launcher and its fork end together."""
    forks: dict[socket.socket, int] = {}
    ended, signalled = os.pipe()
    os.set_blocking(signalled, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([listener, 0, ended, *forks], [], [])
        if 0 in ready:
            return
        if ended in ready:
            os.read(ended, 4096)
            _tell_ended(forks)
        for connection in forks.keys() & {*ready}:
            os.kill(forks[connection], signal.SIGKILL)
        if listener in ready:
            connection, _ = listener.accept()
            try:
                forks[connection] = _fork(connection, [listener, *forks])
            except OSError:  # a launcher that has gone meanwhile needs no fork
                connection.close()


def _tell_ended(forks: dict[socket.socket, int]) -> None:
    """Tell the launchers of the forks that have ended with what; each is forgotten then."""
    for connection, pid in list(forks.items()):
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            del forks[connection]
            with connection, suppress(OSError):  # a launcher that has gone before
                connection.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))


def _fork(connection: socket.socket, others: Sequence[socket.socket]) -> int:
    """Start what the launcher at the other end asks for; `others` is what this process has open beside."""
    head, files, _, _ = socket.recv_fds(connection, REQUEST_HEAD.size, 3)
    (size,) = REQUEST_HEAD.unpack(head)
    request = b""
    while len(request) < size:
        request += connection.recv(size - len(request)) or _gone()
    if (pid := os.fork()) == 0:
        for other in others:
            other.close()
        _become(connection, files, _Request(**json.loads(request)))
    for file in files:
        os.close(file)
    return pid


@dataclass(frozen=True, slots=True)
class _Request:
    """The arguments, environment and streams that a launcher was started with."""

    arguments: list[str]
    environ: dict[str, str]
    folder: str


def _gone() -> NoReturn:
    raise ConnectionError("the launcher has gone")


def _become(connection: socket.socket, files: Sequence[int], request: "_Request") -> NoReturn:
    """Be the program that was asked for, in this fork, until its end, and end as the interpreter does."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # Line by line at a terminal, as a new interpreter has it.
    sys.stdout = open(1, "w", buffering=1 if os.isatty(1) else -1, encoding="utf-8", closefd=False)  # noqa: SIM115
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request.environ)
    os.chdir(request.folder)
    random.seed()
    connection.sendall(STATUS.pack(os.getpid()))
    connection.close()
    module, *sys.argv[1:] = request.arguments[request.arguments.index("-m") + 1 :]
    status = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException as error:  # noqa: BLE001 - as the interpreter does with what nobody caught
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        # The rest of the interpreter's own end would take apart all that was imported before.
        atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage] - there is no public way
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
