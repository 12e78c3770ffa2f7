"""Patterns tried where a telling word stands, and nowhere else: a whole text would take each of them too long."""

import re
from collections.abc import Iterable, Iterator


def places_of(text: str, words: Iterable[str]) -> Iterator[int]:
    """Yield where these words begin, one word after the other."""
    for word in words:
        at = text.find(word)
        while at >= 0:
            yield at
            at = text.find(word, at + len(word))


def fits_near(pattern: re.Pattern[str], text: str, words: Iterable[str], before: int, after: int) -> bool:
    """Return whether the pattern fits anywhere around one of these words.

    Where these are many, one search does for all in its reach.
    """
    end = -1
    for at in sorted(places_of(text, words)):
        if at + after > end:
            end = at + 2 * after
            if pattern.search(text, max(0, at - before), end):
                return True
    return False


def words_in(text: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(text.split())
