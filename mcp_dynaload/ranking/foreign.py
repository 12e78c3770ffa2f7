"""Prompts in other languages put into English, word by word, for rankers that read nothing else.

A file of `data/languages` has a line for each English word: `show: zeig* anzeigen`. A star stands for any ending, an
underscore for a blank; words of the line `~` say nothing and are left out.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from mcp_dynaload.ranking.terms import english_terms, everyday_terms, stemmed
from mcp_dynaload.ranking.word_files import read_words
from mcp_dynaload.ranking.words import STOPWORDS, SYNONYMS

LATIN = ("german", "french", "spanish", "portuguese", "italian", "dutch", "turkish", "polish")

ENDINGS_ATTACHED = frozenset({"korean", "turkish", "russian", "polish"})
"""Languages in which most words have endings: there a longer word of the glossary stands for its forms, too."""

MIN_STEM = {"korean": 2}
"""Letters from which on it does."""

USUAL_STEM = 4

MIN_HITS = 2
"""Words of a language before a text is taken to be in it."""

MIN_SHARE = 0.25
"""The least share of the words of a text that are known in its language."""

CONTENT_WEIGHT = 0.5
"""The weight of an English word that is no stopword: many are said in other languages, too."""

MAX_PHRASE = 3
MAX_IDEOGRAPHS = 8
MAX_WORDS = 60
"""Words of a text by which its language is told."""

MIN_LETTERS = 2
CACHED_TEXTS = 64
CACHED_WORDS = 4_000

_SCRIPTS = (
    ("japanese", re.compile(r"[\u4e00-\u9fff]{0,2}[\u3040-\u30ff]{1,3}")),
    ("korean", re.compile(r"[\uac00-\ud7a3]+")),
    ("chinese", re.compile(r"[\u4e00-\u9fff]{1,2}")),
    ("hindi", re.compile(r"[\u0900-\u097f]+")),
    ("russian", re.compile(r"[\u0400-\u04ff]+")),
)
_IDEOGRAPHS = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u9fff]+")
_LETTER = r"(?:[^\W\d_]|[\u0900-\u0963\u0300-\u036f])"
_WORD = re.compile(rf"(?<![\w./@#`\\-]){_LETTER}+(?:-{_LETTER}+)*(?![\w/@`\\]|\.\w)")
"""A word of prose: what touches a slash, a dot, a digit or a backtick is a name."""

_QUOTED = re.compile(
    r"(?<!\w)(?:'[^'\n]{3,}'|\"[^\"\n]{3,}\"|\u201c[^\u201d\n]{3,}\u201d|\u00ab[^\u00bb\n]{3,}\u00bb)(?!\w)"
)
"""Quotations, which may be in any language."""

_VIETNAMESE = re.compile(r"[\u01a1\u01b0\u0111\u0103\u1ea0-\u1ef9]", re.IGNORECASE)
"""Written in Latin letters too, and in none of the languages that are known."""

_MARK = re.compile(r"[\u0300-\u036f]")
_BETWEEN = re.compile(r"[\s'\u2019]+\Z")
_QUIET = "~"


@dataclass(frozen=True, slots=True)
class _Glossary:
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


@lru_cache(CACHED_TEXTS)
def in_english(text: str) -> str:
    """Return the text as it is if it is English or in an unknown language; else its words in English, in order."""
    language = _language(text)
    if language is None:
        return text
    glossary = _glossary(language)
    if language in ("chinese", "japanese"):
        english = _IDEOGRAPHS.sub(lambda run: f" {' '.join(_segments(run.group(), glossary))} ", text)
    else:
        english = "".join(_pieces(text, glossary, keeps_unknown=language in LATIN))
    english = re.sub(r"[^\S\n]+", " ", english).strip()
    return english or text


def _language(text: str) -> str | None:
    """Return the language in which most of the text is, if it is not English."""
    text = _QUOTED.sub(" ", text)
    words = [_folded(word.group()) for word in list(_WORD.finditer(text))[:MAX_WORDS]]
    english = sum(word in STOPWORDS and word not in _shared() for word in words)
    for language, script in _SCRIPTS:
        if len(script.findall(text)) > english:
            return language
    english += sum(word not in STOPWORDS and _is_english(word) for word in words) * CONTENT_WEIGHT
    if (text.isascii() and english > len(words) / 2) or _VIETNAMESE.search(text):
        return None
    hits = Counter(language for word in words for language in _languages_of(word))
    best = max(LATIN, key=hits.__getitem__)
    least = max(min(MIN_HITS, len(words)), MIN_SHARE * len(words))
    return best if hits[best] >= least and hits[best] > english else None


@lru_cache(CACHED_WORDS)
def _languages_of(word: str) -> tuple[str, ...]:
    """Return the languages for which a folded word speaks: English words, and single letters, speak for none."""
    if len(word) < MIN_LETTERS or _is_english(word):
        return ()
    meanings = ((language, _glossary(language).meaning((word,))) for language in LATIN)
    return tuple(language for language, meant in meanings if meant is not None and stemmed([meant]) != stemmed([word]))


@lru_cache(CACHED_WORDS)
def _is_english(word: str) -> bool:
    terms = stemmed([word])
    is_known = any(term in everyday_terms() or term in english_terms() for term in terms)
    return is_known or word in STOPWORDS or word in SYNONYMS or word in SYNONYMS.values()


@cache
def _shared() -> frozenset[str]:
    """Return English stopwords that are words of other languages, too: they speak for none."""
    return frozenset(word for word in STOPWORDS for one in LATIN if _glossary(one).meaning((word,)) is not None)


def _pieces(text: str, glossary: _Glossary, *, keeps_unknown: bool) -> Iterator[str]:
    """Yield the text in parts, its words translated, the longest phrases first."""
    words = list(_WORD.finditer(text))
    done, place = 0, 0
    while place < len(words):
        for length in range(min(MAX_PHRASE, len(words) - place), 0, -1):
            group = words[place : place + length]
            gaps = (text[one.end() : other.start()] for one, other in pairwise(group))
            folded = tuple(_folded(word.group()) for word in group)
            if all(map(_BETWEEN.match, gaps)) and (found := glossary.meaning(folded)) is not None:
                break
        else:
            length, word = 1, words[place].group()
            found = word if keeps_unknown or word.isascii() else _QUIET
        yield text[done : words[place].start()]
        yield "" if found == _QUIET else found
        done = words[place + length - 1].end()
        place += length
    yield text[done:]


def _segments(run: str, glossary: _Glossary) -> Iterator[str]:
    """Yield the words in a run of ideographs or kana, the longest known ones first; unknown ones are left out."""
    place = 0
    while place < len(run):
        for end in range(min(len(run), place + MAX_IDEOGRAPHS), place, -1):
            found = glossary.phrases.get((run[place:end],))
            if found is not None:
                if found != _QUIET:
                    yield found
                place = end
                break
        else:
            place += 1


@cache
def _glossary(language: str) -> _Glossary:
    phrases: dict[tuple[str, ...], str] = {}
    stems: dict[tuple[str, ...], str] = {}
    least = MIN_STEM.get(language, USUAL_STEM) if language in ENDINGS_ATTACHED else None
    for line in read_words(f"languages/{language}").strip().split("\n"):
        english, _, foreign = line.partition(":")
        for written in foreign.split():
            stem = tuple(_folded(written.rstrip("*")).replace("'", "_").split("_"))
            phrases.setdefault(stem, english)
            if written.endswith("*") or (least and len(stem[-1]) >= least and english != _QUIET):
                stems.setdefault(stem, english)
    return _Glossary(phrases, stems)


def _folded(word: str) -> str:
    """Return a word without case and accents, which people leave out."""
    plain = _MARK.sub("", unicodedata.normalize("NFD", word.casefold().replace("\u0131", "i")))
    return unicodedata.normalize("NFC", plain)
