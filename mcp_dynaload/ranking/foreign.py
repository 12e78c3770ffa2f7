"""Prompts in other languages put into English, word by word, for rankers that read nothing else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from mcp_dynaload.ranking.glossary import QUIET, Glossary, folded, glossary_of
from mcp_dynaload.ranking.language import LATIN, WORD, is_english, language_of

MAX_PHRASE = 3
MAX_IDEOGRAPHS = 12
CACHED_TEXTS = 64

_IDEOGRAPHS = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u9fff]+")
_HIRAGANA = re.compile(r"[\u3040-\u309f]")
_BETWEEN = re.compile(r"[\s'\u2019]+\Z")


@dataclass(slots=True)
class _Understood:
    """The words of a text that say something, by their number; of runs of ideographs, by their characters."""

    known: int = 0
    unknown: int = 0

    def share(self) -> float:
        said = self.known + self.unknown
        return self.known / said if said else 1.0


@lru_cache(CACHED_TEXTS)
def in_english(text: str) -> str:
    """Return the text as it is if it is English or in an unknown language; else its words in English, in order."""
    return _translated(text)[0]


def understood(text: str) -> float:
    """Return the share of the words of a text that are known in its language; 1 of a text in English."""
    return _translated(text)[1]


@lru_cache(CACHED_TEXTS)
def _translated(text: str) -> tuple[str, float]:
    language = language_of(text)
    if language is None:
        return text, 1.0
    glossary, tally = glossary_of(language), _Understood()
    if language in ("chinese", "japanese"):
        english = _IDEOGRAPHS.sub(lambda run: f" {' '.join(_segments(run.group(), glossary, tally))} ", text)
    else:
        english = "".join(_pieces(text, glossary, tally, keeps_unknown=language in LATIN))
    english = re.sub(r"[^\S\n]+", " ", english).strip()
    return english or text, tally.share()


def _pieces(text: str, glossary: Glossary, tally: _Understood, *, keeps_unknown: bool) -> Iterator[str]:
    """Yield the text in parts, its words translated, the longest phrases first."""
    words = list(WORD.finditer(text))
    done, place = 0, 0
    while place < len(words):
        for length in range(min(MAX_PHRASE, len(words) - place), 0, -1):
            group = words[place : place + length]
            gaps = (text[one.end() : other.start()] for one, other in pairwise(group))
            said = tuple(folded(word.group()) for word in group)
            if all(map(_BETWEEN.match, gaps)) and (found := glossary.meaning(said)) is not None:
                tally.known += found != QUIET
                break
        else:
            length, word = 1, words[place].group()
            found = word if keeps_unknown or word.isascii() else QUIET
            is_known = is_english(folded(word)) if keeps_unknown else word.isascii()
            tally.known += is_known
            tally.unknown += not is_known
        yield text[done : words[place].start()]
        yield "" if found == QUIET else found
        done = words[place + length - 1].end()
        place += length
    yield text[done:]


def _segments(run: str, glossary: Glossary, tally: _Understood) -> Iterator[str]:
    """Yield the words in a run of ideographs or kana, the longest known ones first; unknown ones are left out."""
    place = 0
    while place < len(run):
        for end in range(min(len(run), place + MAX_IDEOGRAPHS), place, -1):
            found = glossary.phrases.get((run[place:end],))
            if found is not None:
                if found != QUIET:
                    tally.known += end - place
                    yield found
                place = end
                break
        else:
            tally.unknown += not _HIRAGANA.match(run[place])
            place += 1
