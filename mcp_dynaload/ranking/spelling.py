"""Misspelt words: which words in the names of a catalog's tools somebody may have meant."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache
from itertools import groupby, islice

from mcp_dynaload.ranking.terms import english_terms, everyday_terms, spoken_forms

MIN_LENGTH = 3
"""Letters of a word that may lack one of a doubled pair ("pul")."""

USUAL_LENGTH = 5
"""Letters of a word that may be one mistake away from what was meant."""

LONG_LENGTH = 8
"""Letters of a stem that may be two away: an ending earns no second mistake."""

CORRECTED_WEIGHT = 0.6
"""The weight of a term that was taken for a misspelt one."""

MAX_CORRECTED = 12
"""Unknown words of a text that are looked at: a text with more of them is about something else."""

CACHED_WORDS = 2_000

_ByStart = Mapping[tuple[str, int], list[tuple[str, int, str]]]
"""Words with their letters and terms, by first letter and length.

The first letter is nearly always right; requiring that makes the search short and chance rare.
"""


class Spellings:
    """The words to correct to, ready to be searched."""

    def __init__(self, words: Iterable[tuple[str, str]]) -> None:
        """Take words and the term of each."""
        pairs = dict.fromkeys(words)
        self._words = _by_start(pairs)
        self._terms = _by_start((term, term) for _, term in pairs)
        self._known = lru_cache(CACHED_WORDS)(self._search)
        self._forms = {term: word for word, term in sorted(pairs, key=lambda pair: -len(pair[0]))}

    def meant(self, word: str, term: str) -> str | None:
        """Return the term nearest to an unknown word, by spelling or stem; none if all are far or several as near."""
        return self._known(word, term)

    def form(self, term: str) -> str:
        """Return the shortest word of the catalog that has this term."""
        return self._forms[term]

    def _search(self, word: str, term: str) -> str | None:
        found: dict[str, int] = {}
        most = (len(word) >= USUAL_LENGTH) + (len(term) >= LONG_LENGTH)
        for other, edits in (*_near(word, self._words, most), *_near(term, self._terms, most)):
            found[other] = min(edits, found.get(other, edits))
        least = min(found.values(), default=0)
        nearest = [other for other, edits in found.items() if edits == least]
        return nearest[0] if len(nearest) == 1 else None

    def has_neighbour(self, term: str) -> bool:
        """Return whether a misspelling of another term could look like this one."""
        return any(edits for _, edits in _near(term, self._terms, 1 + (len(term) >= LONG_LENGTH)))


def corrected(said: Mapping[str, float], text: str, known: Container[str], spellings: Spellings) -> Mapping[str, float]:
    """Return the weighted terms of a text; unknown ones make way for those that they may be misspellings of."""
    found = misspelt(said, text, known, spellings)
    if not found:
        return said
    weights = {term: weight for term, weight in said.items() if term not in found}
    for _, meant in found.values():
        weights.setdefault(meant, CORRECTED_WEIGHT)
    return weights


def misspelt(
    said: Iterable[str], text: str, known: Container[str], spellings: Spellings
) -> Mapping[str, tuple[str, str]]:
    """Return the unknown terms of a text, each with its word and the term that it may be meant for."""
    unknown = [term for term in said if not (term in known or term in everyday_terms() or term in english_terms())]
    forms = spoken_forms(text) if unknown else {}
    words = ((term, forms[term]) for term in unknown if len(forms.get(term, "")) >= MIN_LENGTH)
    looked_at = islice(((term, word) for term, word in words if word.isalpha()), MAX_CORRECTED)
    return {term: (word, meant) for term, word in looked_at if (meant := spellings.meant(word, term))}


def as_many(word: str, meant: str) -> str:
    """Return the word that another one is misspelt for, as one or several things as that says."""
    return f"{meant}s" if word.endswith("s") and not meant.endswith("s") else meant


def _near(form: str, words: _ByStart, most: int) -> Iterable[tuple[str, int]]:
    """Yield the terms of words with at most so many mistakes, or one letter of a pair missing; with their number."""
    letters = _letters(form)
    for length in range(len(form) - most, len(form) + max(most, 1) + 1):
        for word, its_letters, term in words.get((form[0], length), ()):
            if not most:
                if letters == its_letters and _undoubled(form) == _undoubled(word):
                    yield term, 1
            # A mistake takes one letter from the set of letters, adds one, or both.
            elif (letters ^ its_letters).bit_count() <= 2 * most and (edits := distance(form, word)) <= most:
                yield term, edits


def distance(one: str, other: str) -> int:
    """Count letters to insert, leave out, exchange or swap (Damerau-Levenshtein, no place twice)."""
    before, row = [], list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, its_letter in enumerate(other, 1):
            edits = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != its_letter))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its_letter:
                edits = min(edits, above[j - 2] + 1)
            row.append(edits)
    return row[-1]


def _by_start(words: Iterable[tuple[str, str]]) -> _ByStart:
    found: defaultdict[tuple[str, int], list[tuple[str, int, str]]] = defaultdict(list)
    for word, term in dict.fromkeys(words):
        found[word[0], len(word)].append((word, _letters(word), term))
    return found


def _undoubled(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


def _letters(word: str) -> int:
    """Return the set of a word's letters as bits."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits
