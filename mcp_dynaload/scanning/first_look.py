"""A first fast look at all that an element says: which rules are worth trying on each of its texts."""

from dataclasses import dataclass

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.scanning.characters import has_hidden, has_strangers, plain
from mcp_dynaload.scanning.danger import is_dangerous
from mcp_dynaload.scanning.decoding import decoded_texts, likely_encodings
from mcp_dynaload.scanning.diversion import may_divert
from mcp_dynaload.scanning.exfiltration import asked_by_name, may_hand_on
from mcp_dynaload.scanning.languages import may_order
from mcp_dynaload.scanning.mismatch import may_do_else
from mcp_dynaload.scanning.passages import all_text
from mcp_dynaload.scanning.phrases import MARK, PHRASES, PhraseRule
from mcp_dynaload.scanning.shadowing import PeerTools, foreign_names
from mcp_dynaload.scanning.weight import may_be_heavy

_BLANKED = bytes(code if chr(code).isalnum() or chr(code) in "_-" else 32 for code in range(128)) + b" " * 128


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The rules that may find something in an element."""

    has_hidden: bool
    """Whether it has characters that nobody sees."""

    has_strangers: bool
    """Whether it has letters that look like others."""

    encodings: frozenset[str]
    """In which it has a text that is hidden from people."""

    rules: tuple[PhraseRule, ...]
    has_private: bool
    may_divert: bool
    asks_by_name: bool
    may_do_else: bool
    may_be_heavy: bool
    speaks_foreign: bool
    """Whether it gives an order in another language."""

    names: frozenset[str]
    """The names of other servers' tools that stand in it."""

    @property
    def has_phrases(self) -> bool:
        """Whether its sentences are worth reading one by one."""
        return bool(
            self.rules or self.has_private or self.may_divert or self.may_do_else or self.speaks_foreign or self.names
        )

    @property
    def is_worth_it(self) -> bool:
        """Whether any rule may find anything."""
        by_itself = (
            self.has_hidden or self.has_strangers or bool(self.encodings) or self.asks_by_name or self.may_be_heavy
        )
        return by_itself or self.has_phrases


def first_look_at(server: str, definition: Json, peers: PeerTools) -> FirstLook:
    """Return which rules are worth trying on the texts of an element, all of them in one."""
    text, keys, values = all_text(definition)
    shown = plain(text)
    lowered = shown.lower()
    line = collapsed(lowered)
    vocabulary = vocabulary_of(lowered)
    return FirstLook(
        has_hidden=has_hidden(text),
        has_strangers=not text.isascii() and has_strangers(text),
        encodings=_hiding(text, likely_encodings(text, vocabulary)),
        rules=tuple(rule for rule in PHRASES if rule.may_fit(line, vocabulary)),
        has_private=may_hand_on(line, vocabulary),
        may_divert=may_divert(line, vocabulary),
        asks_by_name=any(map(asked_by_name, keys)),
        may_do_else=may_do_else(definition, vocabulary),
        may_be_heavy=may_be_heavy(line, vocabulary),
        speaks_foreign=may_order(text, line, vocabulary),
        names=foreign_names(server, line, vocabulary, values, peers),
    )


def _hiding(text: str, encodings: frozenset[str]) -> frozenset[str]:
    """Return the encodings if a text has something in one of them that is hidden from people."""
    if encodings and any(is_dangerous(decoded.text) for decoded in decoded_texts(text, encodings)):
        return encodings
    return frozenset()


def vocabulary_of(lowered: str) -> frozenset[str]:
    """Return the words of a text in small letters, names with and without joints, and marks for what is no word."""
    # As bytes, since a table for bytes is looked up many times faster than one for characters.
    words = set(lowered.encode("ascii", "replace").translate(_BLANKED).decode().split())
    if "_" in lowered or "-" in lowered:
        joined = " ".join([word for word in words if "_" in word or "-" in word])
        words.update(joined.replace("_", " ").replace("-", " ").split())
    if any(mark in lowered for mark in _CHAT_MARKS):
        words.add(MARK)
    return frozenset(words)


_CHAT_MARKS = (
    "<|",
    "[inst",
    "[/inst",
    "<<",
    "</",
    "[sys",
    "<sys",
    "<dev",
    "<assistant",
    "<func",
    "<tool_",
    "## sys",
    "##sys",
    "## inst",
    "##inst",
)


def collapsed(text: str) -> str:
    """Return a text on one line, with single blanks."""
    text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text
