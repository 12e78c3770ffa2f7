"""The arguments of the API, checked before anything is done with them: a wrong one is told, and harms nobody else."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar, cast

from mcp_dynaload.errors import ConfigError, DynaloadError

Choice = TypeVar("Choice", bound=StrEnum)

MAX_SHOWN = 60
"""Characters of a wrong value that are told."""


def text(name: str, value: object) -> str:
    """Return a text.

    Raises:
        DynaloadError: It is none.
    """
    if not isinstance(value, str):
        raise DynaloadError(f"{name} is {_shown(value)}; it must be a text")
    return value


def identifier(name: str, value: object) -> str:
    """Return the id of a user or a session, empty where none is given.

    Raises:
        DynaloadError: It is no text, or has half of a character, which cannot be stored.
    """
    if value is None:
        return ""
    given = text(name, value)
    try:
        given.encode()
    except UnicodeEncodeError:
        raise DynaloadError(f"{name} is {_shown(value)}, which has half of a character; it must be a text") from None
    return given


def texts(name: str, values: object) -> tuple[str, ...]:
    """Return several texts.

    Raises:
        DynaloadError: It is no list of texts.
    """
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise DynaloadError(f"{name} is {_shown(values)}; it must be a list of texts")
    several = cast(Sequence[object], values)
    return tuple(text(f"{name}[{number}]", value) for number, value in enumerate(several))


def mapping(name: str, value: object) -> dict[str, object]:
    """Return an object of names and values, empty where none is given.

    Raises:
        DynaloadError: It is none.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise DynaloadError(f"{name} is {_shown(value)}; it must be a dict")
    given = cast(Mapping[object, object], value)
    return {text(f"a key of {name}", key): one for key, one in given.items()}


def choice(name: str, kind: type[Choice], value: object) -> Choice | None:
    """Return one of the values that there are; None where none is given.

    Raises:
        ConfigError: It is none of them.
    """
    if value is None:
        return None
    for one in kind:
        if one == value:
            return one
    raise ConfigError(f"{name} is {_shown(value)}; it must be one of {', '.join(kind)}")


def seconds(name: str, value: object) -> float:
    """Return a time.

    Raises:
        ConfigError: It is no number above 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ConfigError(f"{name} is {_shown(value)}; it must be a number of seconds above 0")
    return value


def _shown(value: object) -> str:
    written = ascii(value)
    return written if len(written) <= MAX_SHOWN else f"{written[:MAX_SHOWN]}…"
