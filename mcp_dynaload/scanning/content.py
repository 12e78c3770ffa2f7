"""The scan of what a tool answers, as the model reads it: orders to the model, and text that nobody sees."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mcp_dynaload.scanning.characters import hidden_characters, hidden_text, plain
from mcp_dynaload.scanning.element import Severity
from mcp_dynaload.scanning.first_look import collapsed, vocabulary_of
from mcp_dynaload.scanning.languages import foreign_order, may_order
from mcp_dynaload.scanning.phrases import PHRASES
from mcp_dynaload.scanning.sentences import is_spoken_of, sentences

RULES = tuple(rule for rule in PHRASES if rule.severity is Severity.HARD)
"""The phrases for which a definition would be held back."""

ACTING = frozenset({"tag characters", "bidirectional", "terminal escape"})
"""A single invisible character is in many a page, and no sign."""

MIN_SPELLED = 4
"""Characters that invisible ones must spell."""

_CURSOR = re.compile(r"\x1b\[[0-9;]*m")
"""Colours: a program's output has them, and they hide nothing."""


@dataclass(frozen=True, slots=True)
class ContentFinding:
    """A reason to mistrust an answer."""

    rule: str
    reason: str
    """A sentence's end: the answer …"""


def content_findings(texts: Iterable[str]) -> list[ContentFinding]:
    """Return what is found in an answer's texts, each rule once."""
    found = {finding.rule: finding for text in texts for finding in _of_text(text)}
    return list(found.values())


def _of_text(text: str) -> Iterator[ContentFinding]:
    for hidden in hidden_characters(_CURSOR.sub("", text) if "\x1b" in text else text):
        if hidden.rule in ACTING:
            yield ContentFinding(hidden.rule, hidden.reason)
    if not text.isascii() and len(hidden_text(text)) >= MIN_SPELLED:
        yield ContentFinding("hidden text", "has a text in it that is spelled with invisible characters")
    shown = plain(text)
    line = collapsed(shown.lower())
    vocabulary = vocabulary_of(line)
    rules = [rule for rule in RULES if rule.may_fit(line, vocabulary)]
    is_foreign = may_order(text, line, vocabulary)
    if not rules and not is_foreign:
        return
    for sentence in sentences(shown):
        for rule in rules:
            if any(not is_spoken_of(sentence.text, match.start()) for match in rule.pattern.finditer(sentence.text)):
                yield ContentFinding(rule.rule, rule.reason)
        if is_foreign and foreign_order(sentence.text) is not None:
            yield ContentFinding("override", "gives the model an order in another language")
