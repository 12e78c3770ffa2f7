"""The words of a language, each with its English, and phrases of them.

A file of `data/languages` has a line for each English word: `show: zeig* anzeigen`. A star stands for any ending, an
underscore for a blank; words of the line `~` say nothing and are left out.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mcp_dynaload.ranking.word_files import read_words

QUIET = "~"
"""In the place of the English for a word that says nothing."""

ENDINGS_ATTACHED = frozenset({"korean", "turkish", "russian", "polish"})
"""Languages in which most words have endings: there a longer word of the glossary stands for its forms, too."""

MIN_STEM = {"korean": 2}
"""Letters from which on it does."""

USUAL_STEM = 4

_MARK = re.compile(r"[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class Glossary:
    """The English for the folded words and phrases of a language."""

    phrases: Mapping[tuple[str, ...], str]
    stems: Mapping[tuple[str, ...], str]
    """Phrases of which the last word may have any ending."""

    def meaning(self, words: tuple[str, ...]) -> str | None:
        """Return the English for folded words; a word with an ending is found by the longest stem it begins with."""
        found = self.phrases.get(words)
        if found is not None:
            return found
        *before, last = words
        starts = ((*before, last[:end]) for end in range(len(last), 1, -1))
        return next((self.stems[start] for start in starts if start in self.stems), None)


@cache
def glossary_of(language: str) -> Glossary:
    """Read the glossary of a language."""
    phrases: dict[tuple[str, ...], str] = {}
    stems: dict[tuple[str, ...], str] = {}
    least = MIN_STEM.get(language, USUAL_STEM) if language in ENDINGS_ATTACHED else None
    for line in read_words(f"languages/{language}").strip().split("\n"):
        english, _, foreign = line.partition(":")
        for written in foreign.split():
            stem = tuple(folded(written.rstrip("*")).replace("'", "_").split("_"))
            phrases.setdefault(stem, english)
            if written.endswith("*") or (least and len(stem[-1]) >= least and english != QUIET):
                stems.setdefault(stem, english)
    return Glossary(phrases, stems)


def folded(word: str) -> str:
    """Return a word without case and accents, which people leave out."""
    if word.isascii():
        return word.lower()
    plain = _MARK.sub("", unicodedata.normalize("NFD", word.casefold().replace("\u0131", "i")))
    return unicodedata.normalize("NFC", plain)
