"""Whether a prompt names the means by which something is to be done, and no connected server has them.

"Resize it with img2sixel", "use pandoc to make a PDF", "through the jq command": a program of the shell, or a service
that is not connected. What is to be done with them is near to some tool all the same.
"""

import re
from collections.abc import Container
from functools import cache

from mcp_dynaload.ranking.terms import english_terms, everyday_terms, prose_terms, stemmed

LOOKED_AT = 600
"""Characters of a prompt in which it says how."""

_BEHIND = (
    r"(?=\s*(?:[.,;:?!)]|\Z)"  # the end of a clause,
    r"|\s(?:cli|command|for|in|on|program|to|tool|utility)\b"  # what is to be done, or what it is
    r"|\s[a-z][a-z-]*\s*[.?!]?\s*\Z)"  # one sub-command
)
_MEANS = re.compile(
    rf"\b(?:run|through|use|using|via|with)\s+(?:the\s+)?[`'\"]?([a-z][a-z0-9_+-]*[a-z0-9])[`'\"]?{_BEHIND}"
)
"""A name of a program is in small letters: names of people and of most services are not."""


def names_unknown_means(text: str, catalog_terms: Container[str], respelt: Container[str] = ()) -> bool:
    """Tell whether a prompt names means of which neither the catalog nor everyday English knows the word.

    `respelt` are its words that are taken for misspelt ones of the catalog: "use grafna" names Grafana.
    """
    named = _MEANS.findall(text[:LOOKED_AT])
    return any(name not in respelt and _is_unknown(name, catalog_terms) for name in named)


def _is_unknown(name: str, catalog_terms: Container[str]) -> bool:
    terms = {*stemmed([name]), *prose_terms(name)}  # none of a stopword: "with them"
    return bool(terms) and not any(term in catalog_terms or term in _english() for term in terms)


@cache
def _english() -> frozenset[str]:
    return everyday_terms() | english_terms()
