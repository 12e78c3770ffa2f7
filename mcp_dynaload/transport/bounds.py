"""Bounds on one message of a peer: its length, and the memory that it takes once it has been parsed."""

import re
from dataclasses import dataclass, field

from mcp_types import INTERNAL_ERROR, ErrorData, JSONRPCError

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""A longer message is refused: no peer that means well sends one."""

MAX_PARSED_BYTES = 256 * 1024 * 1024
"""Memory that a parsed message may take; a few megabytes of brackets become a gigabyte of Python objects."""

SMALL_BYTES = 1024 * 1024
"""A shorter message is parsed without a look at what it costs."""

EDGE_BYTES = 4096
"""How much is kept of the begin and of the end of a message that is refused: its id is in one of them."""

REFUSED = "mcp-dynaload/refused"
"""The data of an error that stands for an answer which is too large."""

_BYTES_OF = {b"{": 240, b"[": 80, b",": 40}
"""Memory of an object with a field, of a list, of a value: an estimate from above, as the signs stand in texts, too."""

_ID = rb'"id"\s*:\s*(?:(-?\d{1,18})|"([^"\\]{0,200})")'
_FIRST_ID = re.compile(rb'^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID)
_LAST_ID = re.compile(rb",\s*" + _ID + rb'\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')
_KEY = re.compile(rb'"(method|result|error)"\s*:')


class TooLargeError(ValueError):
    """A message beyond the bounds."""


@dataclass(slots=True)
class MessageSize:
    """The size of a message, as far as it has come in."""

    length: int = 0
    parsed: int = 0

    def add(self, part: bytes | bytearray) -> None:
        """Count a part.

        Raises:
            TooLargeError: The message is beyond the bounds.
        """
        self.length += len(part)
        if self.length > MAX_MESSAGE_BYTES:
            raise TooLargeError(f"it is longer than {MAX_MESSAGE_BYTES} bytes")
        self.parsed += 2 * len(part) + sum(bytes_each * part.count(sign) for sign, bytes_each in _BYTES_OF.items())
        if self.length > SMALL_BYTES and self.parsed > MAX_PARSED_BYTES:
            raise TooLargeError(f"it would take more than {MAX_PARSED_BYTES // 1024 // 1024} MiB of memory")


@dataclass(slots=True)
class Edges:
    """The begin and the end of a message that is refused while the rest of it is skipped."""

    begin: bytes = b""
    end: bytes = field(default=b"")

    def add(self, part: bytes | bytearray) -> None:
        """Take note of the next part."""
        self.begin += bytes(part[: EDGE_BYTES - len(self.begin)]) if len(self.begin) < EDGE_BYTES else b""
        self.end = (self.end + bytes(part[-EDGE_BYTES:]))[-EDGE_BYTES:]

    def refusal(self, why: str) -> JSONRPCError | None:
        """Return an error in place of the answer that it was; None if it was none, or nobody can tell to what."""
        kind = _KEY.search(self.begin)
        if kind is None or kind[1] == b"method":
            return None
        found = _FIRST_ID.search(self.begin) or _LAST_ID.search(self.end)
        if found is None:
            return None
        number = int(found[1]) if found[1] else found[2].decode("utf-8", "replace")
        error = ErrorData(code=INTERNAL_ERROR, message=f"its answer is refused: {why}", data=REFUSED)
        return JSONRPCError(jsonrpc="2.0", id=number, error=error)
