"""The ranking by words with one of its parts taken out, to see what that part is worth."""

import contextlib
from collections.abc import Generator, Mapping, Sequence
from types import ModuleType

from mcp_dynaload.ranking import lexical, terms
from mcp_dynaload.ranking import lexical_index as index
from mcp_dynaload.ranking.document import FIELDS, Field


class _Unstemmed:
    """A stemmer that leaves every word as it is."""

    def stemWords(self, words: Sequence[str]) -> list[str]:  # noqa: N802 - PyStemmer's name
        return list(words)


def _as_said(said: Mapping[str, float], *_: object) -> Mapping[str, float]:
    return said


PARTS: Mapping[str, tuple[ModuleType, str, object]] = {
    "stemming": (terms, "_stemmer", _Unstemmed),
    "synonyms": (terms, "SYNONYMS", {}),
    "spelling": (lexical, "corrected", _as_said),
    "field weights": (index, "FIELDS", (Field(weight=1.0, length_slope=0.6),) * len(FIELDS)),
}
"""The names, by module, and what takes their place."""


@contextlib.contextmanager
def without(part: str) -> Generator[None]:
    """Leave one of `PARTS` out of rankers that are built and asked inside; not for two threads at once.

    The product has no switch for what it always does, so the name that it calls is given another meaning here.
    """
    module, name, instead = PARTS[part]
    usual: object = getattr(module, name)
    setattr(module, name, instead)
    _forget_words()
    try:
        yield
    finally:
        setattr(module, name, usual)
        _forget_words()


def _forget_words() -> None:
    """Empty the caches that remember words as they were stemmed before."""
    for value in vars(terms).values():
        if clear := getattr(value, "cache_clear", None):
            clear()
