"""Words as the lexical ranker sees them: identifiers split, lower-cased, stemmed, without stopwords."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Protocol, cast

from Stemmer import Stemmer, version  # pyright: ignore[reportUnknownVariableType]: PyStemmer has no type information

from mcp_dynaload.ranking.word_files import read_words
from mcp_dynaload.ranking.words import CODING, COMMON, FILLERS, GENERIC_VERBS, STOPWORDS, SYNONYMS, VERBS

_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\dA-Za-z_]+")
_BRAND = re.compile(r"[A-Z][a-z]+[A-Z][A-Za-z]*")
_ADDRESS = re.compile(r"\b(?:https?|wss?)://\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|gov|edu)\b(?:/\S*)?")
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b")
_MAX_TERM_LENGTH = 30


SYNONYM_WEIGHT = 0.8


class _Stems(Protocol):
    def stemWords(self, words: Sequence[str]) -> list[str]: ...  # noqa: N802 - PyStemmer's name


@lru_cache(maxsize=32)  # each clause of a prompt is looked at beside the whole
def query_terms(text: str) -> Mapping[str, float]:
    """Return the terms of a request, once each, with their weight: synonyms of what was said weigh less."""
    weights = dict.fromkeys(prose_terms(text), 1.0)
    synonyms = [SYNONYMS[word] for word in map(str.lower, _WORD.findall(text)) if word in SYNONYMS]
    for term in stemmed(" ".join(synonyms).split()):
        weights.setdefault(term, SYNONYM_WEIGHT)
    return MappingProxyType(weights)


def prose_terms(text: str) -> list[str]:
    """Return stemmed terms of running text in order, with repetitions; addresses also count as `url`, `email`."""
    terms = [term for word in _WORD.findall(text) for term in _word_terms(word)]
    terms += ["url"] * (len(_ADDRESS.findall(text)) if "." in text else 0)
    terms += ["email"] * (len(_EMAIL.findall(text)) if "@" in text else 0)
    return terms


def identifier_terms(name: str) -> list[str]:
    """Return stemmed terms of an identifier in snake, kebab or camel case; camel-case words also count as one."""
    return [term for word in _WORD.findall(name) for term in _identifier_word_terms(word)]


def identifier_spellings(name: str) -> list[tuple[str, str]]:
    """Return the words of an identifier, lower-cased, each with its term."""
    words = (part.lower() for word in _WORD.findall(name) for part in _with_parts(word))
    return [(word, term) for word in words for term in stemmed([word])]


def spoken_forms(text: str) -> dict[str, str]:
    """Return the terms of plain words in running text, not identifiers or brands, each with its word, lower-cased."""
    words = ((word.lower().removesuffix("'s"), _word_terms(word)) for word in _WORD.findall(text) if word[1:].islower())
    return {terms[0]: word for word, terms in words if len(terms) == 1}


def stemmed(words: list[str]) -> list[str]:
    """Return the words lower-cased and stemmed; stopwords and overlong words are left out."""
    lower = (word.lower().removesuffix("'s") for word in words)
    return _stemmer().stemWords([word for word in lower if word not in STOPWORDS and len(word) <= _MAX_TERM_LENGTH])


@cache
def common_terms() -> frozenset[str]:
    """Return `COMMON`, stemmed."""
    return frozenset(stemmed([*COMMON]))


@cache
def coding_terms() -> frozenset[str]:
    """Return `CODING`, stemmed."""
    return frozenset(stemmed([*CODING]))


@cache
def filler_terms() -> frozenset[str]:
    """Return `FILLERS`, stemmed."""
    return frozenset(stemmed([*FILLERS]))


@cache
def verb_terms() -> frozenset[str]:
    """Return `VERBS`, stemmed."""
    return frozenset(stemmed([*VERBS]))


@cache
def generic_verb_terms() -> frozenset[str]:
    """Return `GENERIC_VERBS`, stemmed."""
    return frozenset(stemmed([*GENERIC_VERBS]))


def meanings(terms: Iterable[str]) -> frozenset[str]:
    """Return the terms, each in the word that stands for all that mean the same."""
    return frozenset(_canonical().get(term, term) for term in terms)


def is_deed_said(identifier: str, said: Collection[str]) -> bool:
    """Return whether the deed in a tool's name, if there is one, is among these terms, in that word or one like it.

    A name like `execute_statement` does not tell: there any deed is meant of which the definition speaks.
    """
    verbs = verb_terms().intersection(identifier_terms(identifier))
    telling = verbs - generic_verb_terms()
    if telling:
        return not telling.isdisjoint(said) or not meanings(telling).isdisjoint(meanings(said))
    return bool(verb_terms().intersection(said)) if verbs else bool(said)


@cache
def _canonical() -> Mapping[str, str]:
    """Return, for terms of single words, the term of the same meaning that tools use most."""
    pairs = (stemmed([word, meant]) for word, meant in SYNONYMS.items() if " " not in meant)
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


@cache
def everyday_terms() -> frozenset[str]:
    """Return the terms of all our word lists."""
    return common_terms() | coding_terms() | filler_terms() | verb_terms()


@cache
def english_terms() -> frozenset[str]:
    """Return the terms of common English words that could be taken for misspelt ones."""
    return frozenset(read_words("english").split())


def stemmer_version() -> str:
    """Return the version of the stemmer: another one may give other terms."""
    return cast(str, version())


@cache
def _stemmer() -> _Stems:
    return cast(_Stems, Stemmer("english"))


@lru_cache(maxsize=20_000)  # the same words are in most definitions
def _word_terms(word: str) -> tuple[str, ...]:
    return tuple(stemmed([word] if word.islower() else _split(word)))


@lru_cache(maxsize=20_000)
def _identifier_word_terms(word: str) -> tuple[str, ...]:
    return tuple(stemmed(_with_parts(word)))


def _split(word: str) -> list[str]:
    word = word.removesuffix("'s")
    # In prose "GitHub" is one thing; "createIssue" is two.
    return [word] if _BRAND.fullmatch(word) else _with_parts(word)


def _with_parts(word: str) -> list[str]:
    parts = _PART.findall(word)
    return parts if len(parts) <= 1 else [*parts, word]
