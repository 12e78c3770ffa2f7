"""All rules over all texts of a server's elements."""

import re
from collections.abc import Iterable, Iterator
from functools import partial

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.scanning.characters import hidden_characters, hidden_text, mixed_letters, plain
from mcp_dynaload.scanning.danger import is_dangerous
from mcp_dynaload.scanning.decoding import decoded_texts
from mcp_dynaload.scanning.diversion import diverted
from mcp_dynaload.scanning.element import DefinitionFinding, ScannedElement, Severity, excerpt, shortened
from mcp_dynaload.scanning.exfiltration import asked_by_name, handed_on
from mcp_dynaload.scanning.first_look import FirstLook, collapsed, first_look_at, vocabulary_of
from mcp_dynaload.scanning.languages import foreign_order
from mcp_dynaload.scanning.mismatch import hint_mismatch, side_effects
from mcp_dynaload.scanning.passages import Passage, passages, words_of_name
from mcp_dynaload.scanning.sentences import Sentence, is_negated, is_spoken_of, sentences
from mcp_dynaload.scanning.shadowing import PeerTools, imitated, mentioned
from mcp_dynaload.scanning.weight import MIN_WEIGHT, may_be_heavy, weight

HARD, SOFT = Severity.HARD, Severity.SOFT

_NAME = re.compile(r"\S*[_A-Z-]\S*")
_NAME_WORD = re.compile(r"\w+")
MIN_HEAVY = 60
"""Characters of orders to the model: fewer are a phrase, for which there are other rules."""

Found = tuple[Severity, str, str, int]
"""Severity, rule, reason and place in the text."""


def findings(
    server: str, elements: Iterable[ScannedElement], others: PeerTools | None = None
) -> list[DefinitionFinding]:
    """Return all reasons to mistrust a server's elements, the hard ones first; `others` has all servers' tools."""
    peers = others or PeerTools()
    found = [finding for element in elements for finding in _of_element(server, element, peers)]
    return sorted(found, key=lambda finding: not finding.is_hard)


def reason_to_hold(server: str, element: ScannedElement, others: PeerTools) -> str:
    """Return why an element must be kept from the model: the first hard finding; empty if there is none."""
    found = findings(server, [element], others)
    return found[0].detail if found and found[0].is_hard else ""


def _of_element(server: str, element: ScannedElement, peers: PeerTools) -> Iterator[DefinitionFinding]:
    finding = partial(DefinitionFinding, server=server, kind=element.kind, name=element.name)
    seen: set[tuple[str, str]] = set()
    look = first_look_at(server, element.definition, peers)
    if look.is_worth_it:
        for passage in passages(element.definition):
            for severity, rule, reason, start in _of_passage(server, element, passage, look, peers):
                if (rule, passage.place) not in seen:
                    seen.add((rule, passage.place))
                    quote = excerpt(passage.text, start)
                    yield finding(severity, rule, reason, place=shortened(passage.place), excerpt=quote)
    if element.kind == "tool":
        for severity, rule, reason, text in _of_tool(server, element.definition, peers):
            yield finding(severity, rule, reason, place="name", excerpt=excerpt(text))


def _of_tool(server: str, definition: Json, peers: PeerTools) -> Iterator[tuple[Severity, str, str, str]]:
    name = str(definition.get("name", ""))
    if (found := imitated(server, definition, peers)) is not None:
        other, by_letters = found
        if by_letters:
            yield HARD, "homoglyph", f"looks like the name of server {other.server}'s tool {other.name!r}", name
        else:
            yield HARD, "shadowing", f"has name and words of server {other.server}'s tool {other.name!r}", name
    if (mismatch := hint_mismatch(definition)) is not None:
        yield SOFT, "capability mismatch", mismatch[0], mismatch[1]


def _of_passage(
    server: str, element: ScannedElement, passage: Passage, look: FirstLook, peers: PeerTools
) -> Iterator[Found]:
    text = passage.text
    if look.has_hidden:
        yield from _of_characters(text)
    if passage.role == "name":
        yield from _of_name(passage, look)
    if look.encodings:
        for decoded in decoded_texts(text, look.encodings):
            if is_dangerous(decoded.text):
                yield (
                    HARD,
                    "hidden payload",
                    f"has, written as {decoded.encoding}, {excerpt(decoded.text)}",
                    decoded.start,
                )
    if look.has_phrases:
        shown = words_of_name(plain(text)) if _NAME.fullmatch(text) else plain(text)
        for sentence in sentences(shown):
            yield from _of_sentence(server, element, passage, shown, sentence, look, peers)
    if look.may_be_heavy and len(text) >= MIN_HEAVY:
        line = collapsed(plain(text).lower())
        if may_be_heavy(line, vocabulary_of(line)) and weight(line) >= MIN_WEIGHT:
            yield SOFT, "instruction-like", "reads like orders to the model", 0


def _of_characters(text: str) -> Iterator[Found]:
    for hidden in hidden_characters(text):
        yield HARD, hidden.rule, hidden.reason, hidden.start
    spelled = "" if text.isascii() else hidden_text(text)
    if spelled and is_dangerous(spelled):
        yield HARD, "hidden payload", f"spells with invisible characters {excerpt(spelled)}", 0


def _of_name(passage: Passage, look: FirstLook) -> Iterator[Found]:
    if look.has_strangers:
        for match in _NAME_WORD.finditer(passage.text):
            if strangers := mixed_letters(match[0]):
                letters = ", ".join(f"U+{ord(one):04X}" for one in dict.fromkeys(strangers))
                yield HARD, "homoglyph", f"has letters that only look Latin ({letters})", match.start()
    if look.asks_by_name and "." in passage.place and (asked := asked_by_name(passage.text)) is not None:
        severity, rule, reason = asked
        yield severity, rule, reason, 0


def _of_sentence(
    server: str,
    element: ScannedElement,
    passage: Passage,
    text: str,
    sentence: Sentence,
    look: FirstLook,
    peers: PeerTools,
) -> Iterator[Found]:
    words, start = sentence.text, sentence.start
    for rule in look.rules:
        for match in rule.pattern.finditer(words):
            if not is_spoken_of(words, match.start()):
                yield rule.severity, rule.rule, rule.reason, start + match.start()
                break
    if look.may_divert and (at := diverted(words)) is not None and not is_spoken_of(words, at):
        yield HARD, "diversion", "sends what the user sends elsewhere", start + at
    if look.has_private:
        for severity, rule, reason, at in handed_on(words, is_parameter="." in passage.place):
            if not (is_spoken_of(words, at) or is_negated(words, at)):
                yield severity, rule, reason, start + at
    if look.may_do_else and (passage.place == "description" or element.kind == "instructions"):
        for kind, at in side_effects(element.definition, words):
            yield SOFT, "capability mismatch", f"says that it does something else besides, with {kind}", start + at
    if look.speaks_foreign and (foreign := foreign_order(words)) is not None:
        rule = "concealment" if foreign[0].conceals else "override"
        yield HARD, rule, "gives the model an order in another language", start + foreign[1]
    speaks_of = look.names if passage.role == "text" else frozenset[str]()  # a name orders nothing
    if speaks_of and (other := mentioned(server, sentence.text, speaks_of, peers)) is not None:
        yield HARD, "shadowing", f"gives orders about server {other.server}'s tool {other.name!r}", start
