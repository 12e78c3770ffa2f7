"""Characters that nobody sees, that turn a line around or move a cursor, and letters that look like others."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MIN_HIDDEN_BITS = 8
"""So many invisible characters of two kinds in a row spell a letter."""

_ORDINARY = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\xac\xae-\u02ff\u0400-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20c0\u2100-\u27ff"
    r"\u3000-\u3029\u3041-\u3096\u30a1-\u30fe\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]"
)
"""Neither ASCII nor letters, signs and punctuation that everybody sees: worth a second look."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ESCAPE = re.compile(r"(?:\x1b[\[\]PX^_()#78=>A-Za-z]|\x9b)")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f")
_MARKS = frozenset("\u200e\u200f\u061c")
_JOINERS = frozenset("\u200c\u200d")
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800\u180b\u180c\u180d\u180f")
"""Characters of other categories that show as nothing."""

_FLAG = "\U0001f3f4"
_TAG_END = "\U000e007f"
MAX_FLAG_TAGS = 6
"""Letters of a region behind the black flag, which the longest of the flags of regions has."""


@dataclass(frozen=True, slots=True)
class HiddenCharacter:
    """A kind of invisible character in a text, and where it stands first."""

    rule: str
    reason: str
    start: int


def hidden_characters(text: str) -> Iterator[HiddenCharacter]:
    """Yield each kind of character in a text that shows as nothing or acts on what is shown, once."""
    seen: set[str] = set()
    for match in _ORDINARY.finditer(text):
        found = _hidden(text, match.start())
        if found is not None and found.rule not in seen:
            seen.add(found.rule)
            yield found


def _hidden(text: str, at: int) -> HiddenCharacter | None:
    character = text[at]
    code = ord(character)
    if _CONTROL.match(character):
        if _ESCAPE.match(text, at):
            return HiddenCharacter("terminal escape", "has an escape sequence that acts on a terminal", at)
        return HiddenCharacter("control character", f"has the control character U+{code:04X}", at)
    if 0xE0000 <= code <= 0xE007F:
        if _is_in_flag(text, at):
            return None
        return HiddenCharacter("tag characters", "has tag characters, which models read and nobody sees", at)
    if character in _BIDI:
        return HiddenCharacter("bidirectional", f"turns the direction of text around (U+{code:04X})", at)
    if _is_invisible(text, at, character):
        return HiddenCharacter("invisible", f"has the invisible character U+{code:04X}", at)
    return None


def _is_invisible(text: str, at: int, character: str) -> bool:
    """Return whether a character shows as nothing where it stands; scripts and emoji that need one have it.

    Half of a character is a server's slip: whoever gets it shows a replacement character.
    """
    if 0xE0100 <= ord(character) <= 0xE01EF:
        return at == 0 or unicodedata.category(text[at - 1]) != "Lo"
    if character in _SELECTORS:
        return at == 0 or not _takes_selector(text[at - 1])
    if character in _JOINERS:
        return not (_is_joined(text, at - 1) and _is_joined(text, at + 1))
    if character in _MARKS:
        return not _is_near_right_to_left(text, at)
    return character in _BLANK or unicodedata.category(character) in ("Cf", "Co", "Cn")


def _takes_selector(before: str) -> bool:
    return unicodedata.category(before) in ("So", "Sm", "Sk", "Po", "Nd", "Lo", "Me") or before in "#*\u200d"


def _is_joined(text: str, at: int) -> bool:
    """Return whether at this place stands what a joiner joins: a letter of another script, or a picture."""
    if not 0 <= at < len(text):
        return False
    character = text[at]
    return (
        character in _SELECTORS
        or unicodedata.category(character) in ("So", "Sk")
        or (ord(character) >= 0x0590 and unicodedata.category(character)[0] in "LM")
    )


def _is_near_right_to_left(text: str, at: int) -> bool:
    near = text[max(0, at - 3) : at + 4]
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in near if character not in _MARKS)


def _is_in_flag(text: str, at: int) -> bool:
    """Return whether the tag belongs to the flag of a region, which is spelled so."""
    flag = text.rfind(_FLAG, max(0, at - MAX_FLAG_TAGS - 1), at)
    return flag >= 0 and text.find(_TAG_END, at, flag + MAX_FLAG_TAGS + 2) >= 0


def has_hidden(text: str) -> bool:
    """Return whether a text has any character that shows as nothing or acts on what is shown."""
    return next(hidden_characters(text), None) is not None


def hidden_text(text: str) -> str:
    """Return what invisible characters of a text spell: tag letters, variation selectors, two kinds as bits."""
    spelled = "".join(filter(None, map(_spelled, text)))
    return spelled or _from_bits(text)


def _spelled(character: str) -> str:
    code = ord(character)
    if 0xE0020 <= code <= 0xE007E:
        return chr(code - 0xE0000)
    if 0xE0100 <= code <= 0xE01EF:
        return chr(code - 0xE0100 + 16)
    return ""


def _from_bits(text: str) -> str:
    kinds: dict[str, int] = {}
    bits: list[int] = []
    for character in text:
        if not character.isascii() and unicodedata.category(character) == "Cf":
            bits.append(kinds.setdefault(character, len(kinds)))
    if len(kinds) < 2 or len(bits) < MIN_HIDDEN_BITS:
        return ""
    readings = (_letters(bits, one) for one in (1, 0))
    return next((reading for reading in readings if reading.isprintable()), "")


def _letters(bits: list[int], one: int) -> str:
    """Return the text of which these are the bits, eight a letter; what is neither kind counts for nothing."""
    digits = "".join("1" if bit == one else "0" for bit in bits if bit < 2)
    return "".join(chr(int(digits[at : at + 8], 2)) for at in range(0, len(digits) - 7, 8))


_LOOKALIKES = {
    '"': "\u201c\u201d",
    "'": "\u2019\u2018\u02bc",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212",
    "A": "\u0410\u0391",
    "B": "\u0412\u0392",
    "C": "\u0421",
    "E": "\u0415\u0395",
    "H": "\u041d\u0397",
    "I": "\u0406\u0399",
    "J": "\u0408",
    "K": "\u041a\u039a",
    "M": "\u041c\u039c",
    "N": "\u039d",
    "O": "\u041e\u039f",
    "P": "\u0420\u03a1",
    "S": "\u0405",
    "T": "\u0422\u03a4",
    "V": "\u0474",
    "X": "\u0425\u03a7",
    "Y": "\u0423\u04ae\u03a5",
    "Z": "\u0396",
    "a": "\u0430\u03b1\u0251",
    "b": "\u0432",
    "c": "\u0441\u03f2\u1d04",
    "d": "\u0501",
    "e": "\u0435\u1d07",
    "g": "\u0581\u0261",
    "h": "\u04bb\u0570",
    "i": "\u0456\u03b9\u0131",
    "j": "\u0458",
    "k": "\u043a\u03ba",
    "l": "\u04cf\u029f",
    "m": "\u043c",
    "n": "\u0578\u03b7",
    "o": "\u043e\u03bf\u0585\u1d0f",
    "p": "\u0440\u03c1",
    "q": "\u051b\u0566",
    "s": "\u0455",
    "t": "\u0442\u03c4",
    "u": "\u03c5\u057d",
    "v": "\u0475\u03bd",
    "w": "\u0461\u051d",
    "x": "\u0445\u03c7",
    "y": "\u0443\u04af\u03b3",
}
"""Letters of other scripts, dashes and quotation marks by the ASCII character that they look like."""

_LOOKS_LATIN = re.compile(
    rf"[{''.join(strangers for known, strangers in _LOOKALIKES.items() if known.isalpha())}\uff21-\uff5a\U0001d40"
    r"0-\U0001d7ff]"
)
_STRANGE = re.compile(r"[^\x00-\x7f]+")
_FOLDED = {ord(stranger): known for known, strangers in _LOOKALIKES.items() for stranger in strangers}


def plain(text: str) -> str:
    """Return a text as it looks: without accents and what shows as nothing, lookalike letters as the Latin ones."""
    return text if text.isascii() else _STRANGE.sub(_as_it_looks, text)


def _as_it_looks(strange: re.Match[str]) -> str:
    taken_apart = unicodedata.normalize("NFKD", strange[0])
    shown = (character for character in taken_apart if character.isascii() or not _shows_as_nothing(character))
    return "".join(shown).translate(_FOLDED)


def _shows_as_nothing(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Co", "Cn", "Cs", "Mn") or character in _BLANK


def has_strangers(text: str) -> bool:
    """Return whether a text has letters that only look Latin."""
    return _LOOKS_LATIN.search(text) is not None


def mixed_letters(word: str) -> str:
    """Return the letters of a word that only look Latin, among others that are; empty if it is of one script."""
    if word.isascii():
        return ""
    strangers = "".join(character for character in word if not character.isascii() and _looks_latin(character))
    return strangers if strangers and any(character.isascii() and character.isalpha() for character in word) else ""


def _looks_latin(character: str) -> bool:
    return unicodedata.category(character)[0] == "L" and (
        plain(character).isascii() and not unicodedata.name(character, "").startswith("LATIN")
    )
