"""A text as sentences, and whether a phrase in one is said or only spoken of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SENTENCE = 600
"""A longer one is read in parts, so that no pattern looks further than this."""

OVERLAP = 250
"""Characters that a part has in common with the next: a phrase is whole in one of them."""

_END = re.compile(r"(?<=[.!?;。\uff01\uff1f])[\"')\]]*\s+(?=[^\s])|\n\s*\n|\n\s*(?=[-*•#]|\d+[.)])|[。\uff01\uff1f]")
_BLANKS = re.compile(r"\s+")

_STUDY = re.compile(
    r"\b(?:detect|identif|analy[sz]|scan|flag|block|filter|classif|report|explain|document|describ|test|mock|simulat|"
    r"exampl|sampl|canned|fixture|guard|moderat|saniti[sz]|evaluat|scor|jailbreak|inject|adversarial|attack|phish|"
    r"suspicious|malicious|secur|audit|check|lint|monitor|find|search|prevent|protect|warn|alert|stud|teach|learn|"
    r"catch|inspect|redact|strip|remov|reject|recogni[sz]|match|label|rate|review)\w*"
)
"""Words of a text that studies such phrases, and does not say them."""

_GOVERNING = re.compile(
    r"(?:\b(?:that|which|who|whether|if|attempt(?:s|ing)?(?: made)? to|tr(?:y|ies|ying) to|ask(?:s|"
    r"ed|ing)?(?: \S+){0,3} to|"
    r"tell(?:s|ing)?(?: \S+){0,3} to|instruct(?:s|ing)?(?: \S+){0,3} to|such as|like|e\.g\.|eg|including|for example|"
    r"phrases?|patterns?|strings?|text|attempts?|wording|words|commands?|requests? to|prompts? to|messages? to|"
    r"made to|told to|asked to|designed to|meant to|saying|says|containing|contains|means|called|known "
    r"as)[\s,:]*[\"'`(\[]?\s*)$"
)
"""The words right before a phrase that make it what the sentence speaks of."""

_LABEL = re.compile(
    r"\b(?:mock|test|example|sample|canned|fixture|dummy|fake|simulated|expected)\b[^.:]{0,30}:\s*[\"'`]?$"
)
_QUOTE = re.compile(r"[\"'`]\s*$")
_NEGATED = re.compile(
    r"\b(?:prevent|stop|avoid|block|protect against|refus|not allow|disallow|forbid|guard against|never|don't|do not|"
    r"cannot|must not|doesn't|does not|without)\w*(?: \S+){0,3}\s*$"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in small letters, on one line."""

    text: str
    start: int
    """Where it begins in the text that it is of."""


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text: items of a list and paragraphs are some, wrapped lines are none."""
    begin = 0
    for end in _ends(text):
        for start in range(begin, max(begin + 1, end - OVERLAP), MAX_SENTENCE - OVERLAP):
            piece = _BLANKS.sub(" ", text[start : min(end, start + MAX_SENTENCE)]).strip()
            if piece:
                yield Sentence(piece.lower(), start)
        begin = end


def _ends(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        yield match.end()
    yield len(text)


def is_spoken_of(sentence: str, start: int) -> bool:
    """Return whether a phrase at this place is what the sentence is about: “detects prompts that ignore …”."""
    before = sentence[:start]
    if _LABEL.search(before[-60:]):
        return True
    if not _STUDY.search(before) and not _STUDY.search(sentence[start:][:200] if _QUOTE.search(before) else ""):
        return False
    return _GOVERNING.search(before[-60:]) is not None or _QUOTE.search(before) is not None


def is_negated(sentence: str, start: int) -> bool:
    """Return whether what stands at this place is said not to happen."""
    return _NEGATED.search(sentence[max(0, start - 60) : start]) is not None
