"""Messages that the SDK's HTTP transports can write: they end a whole session over one that they cannot.

Halves of characters, which JSON may bring as escapes, are none in UTF-8; and pydantic writes no more than 255 levels.
"""

import re
from typing import Any, cast

import pydantic_core
from mcp_types import INTERNAL_ERROR, ErrorData

TOO_DEEP = ErrorData(code=INTERNAL_ERROR, message="it is nested too deeply to be sent over HTTP")

_HALF = re.compile("[\ud800-\udfff]")


class UnwritableError(ValueError):
    """A message cannot be written, whatever is made of it."""


def writable(value: Any) -> Any:
    """Return the very same value if it can be written, or one with � for each half of a character.

    Raises:
        UnwritableError: It is nested too deeply.
    """
    try:
        if not _can_be_written(value):
            value = without_halves(value)
            if not _can_be_written(value):
                raise UnwritableError(TOO_DEEP.message)
    except RecursionError:
        raise UnwritableError(TOO_DEEP.message) from None
    return value


def _can_be_written(value: object) -> bool:
    try:
        pydantic_core.to_json(value)
    except pydantic_core.PydanticSerializationError:
        return False
    return True


def without_halves(value: object) -> object:
    """Return the value with � for each half of a character in it."""
    if isinstance(value, str):
        return _HALF.sub("�", value)
    if isinstance(value, dict):
        return {without_halves(key): without_halves(inner) for key, inner in cast(dict[object, object], value).items()}
    if isinstance(value, list | tuple):
        return [without_halves(inner) for inner in cast(list[object], value)]
    return value
