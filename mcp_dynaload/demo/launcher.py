"""Stands for a program that a preloaded process runs in a fork; imports nothing of ours, because it must start fast."""

import json
import os
import signal
import socket
import struct
import sys


def main() -> int:
    """Hand over what this process has, pass signals on, and end as the fork ends."""
    path, *arguments = sys.argv[1:]
    request = json.dumps({"arguments": arguments, "environ": dict(os.environ), "folder": os.getcwd()}).encode()  # noqa: PTH109 - pathlib takes long to import
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [struct.pack(">I", len(request))], [0, 1, 2])
        connection.sendall(request)
        pid = struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL))[0]
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _: os.kill(pid, number))
        for file in (0, 1, 2):  # the fork's own now: who reads its output must see that end
            os.close(file)
        status = connection.recv(4, socket.MSG_WAITALL)
    code = struct.unpack(">i", status)[0] if len(status) == 4 else 1
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    os._exit(main())
