"""People's words put in those of a catalog, for what reads meanings: to it a ticket is for a concert."""

import re
from collections.abc import Container, Mapping

from mcp_dynaload.ranking.terms import stemmed
from mcp_dynaload.ranking.words import SYNONYMS

_WORD = re.compile(r"[a-z0-9]+", re.IGNORECASE)


class Synonyms:
    """The synonyms of which a catalog has only the other word."""

    def __init__(self, known: Container[str]) -> None:
        """Take the terms that occur in the catalog."""
        self._words = {
            word: meant
            for word, meant in SYNONYMS.items()
            if not any(term in known for term in stemmed([word])) and all(t in known for t in stemmed(meant.split()))
        }

    def of(self, text: str, respelt: Mapping[str, str]) -> str:
        """Return the text with those words replaced, and with those that are `respelt`."""
        return _WORD.sub(lambda word: self._meant(word.group(), respelt), text)

    def _meant(self, written: str, respelt: Mapping[str, str]) -> str:
        word = written.lower()
        return respelt.get(word) or self._words.get(word, written)
