"""Texts as a store takes them: in UTF-8, in which half of a character has no place."""

from collections.abc import Iterable

ESCAPED = "\ufdd0"
"""How a text begins that is kept as hexadecimal digits: a sign that no text has."""


def storable(values: Iterable[object]) -> list[object]:
    """Return the values with texts that are no whole ones escaped."""
    return [_escaped(value) if isinstance(value, str) and not _is_whole(value) else value for value in values]


def restored(value: object) -> object:
    """Return a value as it was before it was stored; one that only begins like an escaped one stays."""
    if not isinstance(value, str) or not value.startswith(ESCAPED):
        return value
    try:
        return bytes.fromhex(value.removeprefix(ESCAPED)).decode("utf-8", "surrogatepass")
    except ValueError:
        return value


def _is_whole(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not text.startswith(ESCAPED)


def _escaped(text: str) -> str:
    return ESCAPED + text.encode("utf-8", "surrogatepass").hex()
