"""JSON as the standard has it: read strictly or with patience, and never written as anything else.

Python's own reads `NaN`, `Infinity` and `1e400` and writes them out again, and a client drops a whole line for one.
Messages are read and written by msgspec, in a fraction of its time; what that does not take, such as a lone surrogate,
by Python's own.
"""

import json
import math
import re
import sys
from typing import Any, cast

import msgspec
import msgspec.json


def parse(text: str | bytes) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: It is none, or has a number that JSON cannot say.
        RecursionError: It is nested too deeply.
    """
    try:
        return _READER.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _STRICT.decode(text if isinstance(text, str) else text.decode())


def parse_all(text: str) -> list[Any]:
    """Parse the JSON texts that follow each other in a text: one, unless somebody forgot to end a line.

    Raises:
        ValueError: A part of it is none, or has a number that JSON cannot say.
        RecursionError: It is nested too deeply.
    """
    values: list[Any] = []
    end = 0
    while not values or end < len(text):
        value, end = _STRICT.raw_decode(text, end)
        values.append(value)
        end = found.end() if (found := _BLANKS.match(text, end)) else end
    return values


def text_of(value: object) -> str:
    """Return the value as compact JSON; a number that JSON cannot say is null, as JavaScript writes it.

    Raises:
        RecursionError: It is nested too deeply.
    """
    return _encoded(_COMPACT, value)


def bytes_of(value: object) -> bytes:
    """Return the same as bytes; a lone surrogate, which JSON may bring as an escape, stays one.

    Raises:
        RecursionError: It is nested too deeply.
    """
    try:
        return _WRITER.encode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # a lone surrogate, an integer of thousands of digits
        text = text_of(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _encoded(_ASCII, value).encode()


def _encoded(encoder: json.JSONEncoder, value: object) -> str:
    try:
        return encoder.encode(value)
    except ValueError:  # only now, as it reaches less deeply than the encoder
        return encoder.encode(finite(value))


def finite(value: object) -> object:
    """Return the value with null in place of each number that JSON cannot say."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in cast(dict[str, object], value).items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in cast(list[object], value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class PatientDecoder:
    """A decoder of almost-JSON that notes what it made of it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._decoder = json.JSONDecoder(
            strict=False, parse_constant=self._nothing, parse_float=self._float, parse_int=self._int
        )

    def decode_at(self, text: str, start: int) -> tuple[Any, int]:
        """Return the value that begins at `start`, and where it ends.

        Raises:
            ValueError: There is none.
            RecursionError: It is nested too deeply.
        """
        return self._decoder.raw_decode(text, start)

    def _float(self, text: str) -> float | None:
        value = float(text)
        return value if math.isfinite(value) else self._nothing(text)

    def _int(self, text: str) -> int | None:
        return int(text) if len(text) < _MAX_DIGITS else self._nothing(text)

    def _nothing(self, text: str) -> None:
        note = f"null stands for the number {text[:20]}{'…' if len(text) > 20 else ''}, which JSON cannot say"
        if note not in self.notes:
            self.notes.append(note)


def _strict_float(text: str) -> float:
    value = float(text)
    if value - value:  # not a number for what is infinite, 0 for all else: cheaper than a function call
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def _strict_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


_BLANKS = re.compile(r"[ \t\r\n]*")
_MAX_DIGITS = sys.get_int_max_str_digits() or sys.maxsize
_READER, _WRITER = msgspec.json.Decoder(), msgspec.json.Encoder()
_STRICT = json.JSONDecoder(parse_constant=_strict_constant, parse_float=_strict_float)
# What comes from JSON has no circles: looking for them would cost a third of the time.
_COMPACT = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))
_ASCII = json.JSONEncoder(check_circular=False, allow_nan=False, separators=(",", ":"))
