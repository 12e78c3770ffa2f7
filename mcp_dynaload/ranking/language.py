"""The language that a text is in, if it is one that we know and not English."""

import re
from collections import Counter
from functools import cache, lru_cache

from mcp_dynaload.ranking.glossary import folded, glossary_of
from mcp_dynaload.ranking.terms import english_terms, everyday_terms, stemmed
from mcp_dynaload.ranking.words import STOPWORDS, SYNONYMS

LATIN = ("german", "french", "spanish", "portuguese", "italian", "dutch", "turkish", "polish")

MIN_HITS = 2
"""Words of a language before a text is taken to be in it, if it has English ones or no other letters than English."""

MIN_SHARE = 0.25
"""The least share of the words of a text that are known in its language."""

CONTENT_WEIGHT = 0.5
"""The weight of an English word that is no stopword: many are said in other languages, too."""

MAX_WORDS = 60
"""Words of a text by which its language is told."""

MIN_LETTERS = 2
CACHED_WORDS = 4_000

_SCRIPTS = (
    ("japanese", re.compile(r"[\u4e00-\u9fff]{0,2}[\u3040-\u30ff]{1,3}")),
    ("korean", re.compile(r"[\uac00-\ud7a3]+")),
    ("chinese", re.compile(r"[\u4e00-\u9fff]{1,2}")),
    ("hindi", re.compile(r"[\u0900-\u097f]+")),
    ("russian", re.compile(r"[\u0400-\u04ff]+")),
)
_LETTER = r"(?:[^\W\d_]|[\u0900-\u0963\u0300-\u036f])"
WORD = re.compile(rf"(?<![\w./@#`\\-]){_LETTER}+(?:-{_LETTER}+)*(?![\w/@`\\]|\.\w)")
"""A word of prose: what touches a slash, a dot, a digit or a backtick is a name."""

_QUOTED = re.compile(
    r"(?<!\w)(?:'[^'\n]{3,}'|\"[^\"\n]{3,}\"|\u201c[^\u201d\n]{3,}\u201d|\u00ab[^\u00bb\n]{3,}\u00bb)(?!\w)"
)
"""Quotations, which may be in any language."""

_VIETNAMESE = re.compile(r"[\u01a1\u01b0\u0111\u0103\u1ea0-\u1ef9]", re.IGNORECASE)
"""Written in Latin letters too, and in none of the languages that are known."""


def language_of(text: str) -> str | None:
    """Return the language in which most of the text is, if it is not English."""
    text = _QUOTED.sub(" ", text)
    words = [folded(word.group()) for word in list(WORD.finditer(text))[:MAX_WORDS]]
    english = sum(word in STOPWORDS and word not in _shared() for word in words)
    for language, script in _SCRIPTS:
        if len(script.findall(text)) > english:
            return language
    english += sum(word not in STOPWORDS and is_english(word) for word in words) * CONTENT_WEIGHT
    if (text.isascii() and english > len(words) / 2) or _VIETNAMESE.search(text):
        return None
    hits = Counter(language for word in words for language in _languages_of(word))
    best = max(LATIN, key=hits.__getitem__)
    fewest = MIN_HITS if english or text.isascii() else 1
    least = max(min(fewest, len(words)), MIN_SHARE * len(words))
    return best if hits[best] >= least and hits[best] > english else None


@lru_cache(CACHED_WORDS)
def _languages_of(word: str) -> tuple[str, ...]:
    """Return the languages for which a folded word speaks: English words, and single letters, speak for none."""
    if len(word) < MIN_LETTERS or is_english(word):
        return ()
    meanings = ((language, glossary_of(language).meaning((word,))) for language in LATIN)
    own = stemmed([word])
    return tuple(one for one, meant in meanings if meant is not None and not {*own} & {*stemmed(meant.split())})


@lru_cache(CACHED_WORDS)
def is_english(word: str) -> bool:
    """Tell whether a folded word is an English one that we know."""
    terms = stemmed([word])
    is_known = any(term in everyday_terms() or term in english_terms() for term in terms)
    return is_known or word in STOPWORDS or word in SYNONYMS or word in SYNONYMS.values()


@cache
def _shared() -> frozenset[str]:
    """Return English stopwords that are words of other languages, too: they speak for none."""
    return frozenset(word for word in STOPWORDS for one in LATIN if glossary_of(one).meaning((word,)) is not None)
