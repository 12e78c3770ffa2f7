"""The command of an entry's `headersHelper`, which prints headers as JSON: run within bounds, its output checked."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import anyio
import anyio.abc

from mcp_dynaload.errors import LoginError

HELPER_SECONDS = 10.0
"""As Claude Code has it."""

MAX_OUTPUT_BYTES = 1_000_000
MAX_HEADERS = 64

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,65536}")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type", "accept"})
"""Headers without which a request is none."""


@dataclass(frozen=True, slots=True)
class HeadersHelper:
    """A command, and where and with which variables it runs."""

    command: str = field(repr=False)
    env: Mapping[str, str] = field(repr=False)
    folder: Path


async def helped_headers(helper: HeadersHelper) -> dict[str, str]:
    """Run the command and return the headers that it prints.

    Raises:
        LoginError: it failed, took too long, or printed something else.
    """
    try:
        output, status = await _run(helper)
    except OSError as error:
        raise _failed(f"could not be started ({error.strerror})") from error
    if status != 0:
        raise _failed(f"ended with exit status {status}")
    return _read(output)


async def _run(helper: HeadersHelper) -> tuple[bytes, int]:
    process = await anyio.open_process(
        helper.command,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # it may tell of secrets, and nobody could say which of it is one
        env=dict(helper.env),
        cwd=helper.folder,
        start_new_session=True,
    )
    output = b""
    try:
        with anyio.move_on_after(HELPER_SECONDS) as scope:
            assert process.stdout is not None
            async for piece in process.stdout:
                output += piece
                if len(output) > MAX_OUTPUT_BYTES:
                    raise _failed(f"printed more than {MAX_OUTPUT_BYTES:,} bytes")
            await process.wait()
        if scope.cancelled_caught:
            raise _failed(f"took longer than {HELPER_SECONDS:g} s")
        return output, process.returncode or 0
    finally:
        _end(process)
        with anyio.CancelScope(shield=True):
            await process.aclose()


def _end(process: anyio.abc.Process) -> None:
    """End it, and what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _read(output: bytes) -> dict[str, str]:
    try:
        printed: object = json.loads(output)
    except (ValueError, RecursionError):
        raise _failed("printed no JSON") from None
    if not isinstance(printed, dict):
        raise _failed('printed no JSON object such as {"Authorization": "Bearer …"}')
    headers = cast(dict[str, object], printed)
    if len(headers) > MAX_HEADERS:
        raise _failed(f"printed more than {MAX_HEADERS} headers")
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise _failed("printed a name that no header of its can have")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise _failed(f"printed a value of {name!r} that no header can have")
    return cast(dict[str, str], headers)


def _failed(what: str) -> LoginError:
    return LoginError(f"the command under 'headersHelper' of its entry {what}; run it by hand to see why")
