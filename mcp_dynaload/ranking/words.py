"""The word lists of the lexical ranker: what carries no evidence, what carries little, what means the same."""

from mcp_dynaload.ranking.word_files import read_words


def _listed(name: str) -> frozenset[str]:
    return frozenset(read_words(name).split())


STOPWORDS = _listed("stopwords")

FILLERS = _listed("fillers")
"""Words that carry a conversation on and say nothing about a task, when a prompt has no others."""

COMMON = _listed("common")
"""Everyday words of English and of programming: a match on one of them is weak evidence for a tool."""

CODING = _listed("coding")
"""The things that a coding agent works on with its own tools: requests about them need others less."""

CODING_ELSEWHERE = _listed("coding_elsewhere")
"""Those of them that name things of servers, too: a bug of a tracker, a thread of mails, a postal code."""

VERBS = _listed("verbs")
"""The verbs of orders; many tools are named by them."""

GENERIC_VERBS = frozenset(("execute", "run"))
"""Those by which a tool's name says only that it does something that its definition tells of."""

SYNONYMS = dict(line.split(": ", 1) for line in read_words("synonyms").splitlines())
"""The words that people use for what tools call otherwise."""
