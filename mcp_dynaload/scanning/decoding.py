"""Texts within texts: base64, hexadecimal, escapes, character codes, rot13, words spelled out or backwards."""

import base64
import binascii
import codecs
import html
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MIN_ENCODED = 16
"""A shorter run of letters and digits hides no instruction."""

MAX_ENCODED = 100_000
"""Characters of one encoded run that are decoded: more is data, and its first part tells as much."""

MAX_UNPACKED = 100_000
MAX_DEPTH = 3
"""An encoding within an encoding within an encoding: deeper ones are no reader's."""

_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?((?:[0-9A-Fa-f]{2}[ :,]?){8,})(?![0-9A-Za-z])")
_ESCAPED = re.compile(r"(?:\\x[0-9A-Fa-f]{2}|\\u\{?[0-9A-Fa-f]{4,6}\}?|\\U[0-9A-Fa-f]{8}|\\[0-7]{3}){4,}")
_ONE_ESCAPE = re.compile(r"\\(?:x|u\{?|U)([0-9A-Fa-f]{2,8})\}?|\\([0-7]{3})")
_PERCENT = re.compile(r"(?:[\w.~+-]{0,20}%[0-9A-Fa-f]{2}){3,}[\w.~+/-]{0,100}")
_ENTITIES = re.compile(r"(?:&#x?[0-9A-Fa-f]{1,6};\s?){4,}")
_CODES = re.compile(r"(?<![\d.])(?:1?\d{2}[ ,;]{1,2}){7,}1?\d{2}(?![\d.])")
_BITS = re.compile(r"(?<!\d)(?:[01]{8}[ ,]?){4,}(?!\d)")
_SPELLED = re.compile(r"(?<!\w)(?:\w[ .\-_*]{1,3}){7,}\w(?!\w)")
_PACKED = (b"\x1f\x8b", b"x\x9c", b"x\xda", b"x\x01")
Decoder = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A readable text that stood encoded in another."""

    encoding: str
    text: str
    start: int
    """Where the encoded text begins."""


def decoded_texts(text: str, encodings: frozenset[str], depth: int = MAX_DEPTH) -> Iterator[DecodedText]:
    """Yield every readable text that stands in this one in these encodings, and in any in those again."""
    for found in _decoded_once(text, encodings):
        yield found
        if depth > 1:
            for inner in decoded_texts(found.text, ALL, depth - 1):
                yield DecodedText(f"{found.encoding}, then {inner.encoding}", inner.text, found.start)


def _decoded_once(text: str, encodings: frozenset[str]) -> Iterator[DecodedText]:
    for encoding, pattern, decode in _ENCODINGS:
        if encoding in encodings:
            for match in pattern.finditer(text):
                found = decode(match[0][:MAX_ENCODED])
                if found is not None and found != match[0]:
                    yield DecodedText(encoding, found, match.start())
    if "rot13" in encodings:
        yield DecodedText("rot13", codecs.decode(text, "rot13"), 0)
    if "backwards" in encodings:
        yield DecodedText("backwards", text[::-1], 0)


def readable(data: bytes) -> str | None:
    """Return bytes as the text that they are, packed or not; None if they are no text."""
    if data.startswith(_PACKED):
        data = _unpacked(data) or data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _wide(data)
    if not text or not any(character.isalpha() for character in text):
        return None
    plain = sum(character.isprintable() or character in "\n\r\t" for character in text)
    return text if plain == len(text) or any("\U000e0000" <= character <= "\U000e007f" for character in text) else None


def _wide(data: bytes) -> str:
    """Return bytes that are UTF-16, as PowerShell has its commands encoded."""
    if len(data) % 2 or data[1::2].strip(b"\0"):
        return ""
    return data[::2].decode("ascii", "ignore")


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, MAX_UNPACKED)
    except zlib.error:
        return b""


def _base64(run: str) -> str | None:
    bare = run.rstrip("=").translate(_URL_SAFE)
    if bare.isdigit() or (bare.isalpha() and (bare.islower() or bare.isupper())):
        return None
    for cut in (len(bare) - 1 if len(bare) % 4 == 1 else len(bare),):
        try:
            data = base64.b64decode(bare[:cut] + "=" * (-cut % 4))
        except (binascii.Error, ValueError):
            return None
        return _wide(data) or readable(data)
    return None


_URL_SAFE = str.maketrans("-_", "+/")


def _base32(run: str) -> str | None:
    bare = run.rstrip("=")
    if not re.fullmatch(r"[A-Z2-7]{16,}", bare):
        return None
    try:
        return readable(base64.b32decode(bare + "=" * (-len(bare) % 8)))
    except (binascii.Error, ValueError):
        return None


def _hexadecimal(run: str) -> str | None:
    digits = re.sub(r"0x|[ :,]", "", run)
    return readable(bytes.fromhex(digits)) if len(digits) % 2 == 0 else None


def _escapes(run: str) -> str | None:
    codes = [int(wide, 16) if wide else int(octal, 8) for wide, octal in _ONE_ESCAPE.findall(run)]
    return _of_codes(codes)


def _percent(run: str) -> str | None:
    return readable(re.sub(rb"%([0-9A-Fa-f]{2})", lambda code: bytes([int(code[1], 16)]), run.encode()))


def _entities(run: str) -> str | None:
    return html.unescape(run)


def _codes(run: str) -> str | None:
    return _of_codes([int(code) for code in re.findall(r"\d+", run)])


def _bits(run: str) -> str | None:
    digits = re.sub(r"\D", "", run)
    return readable(bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits) - 7, 8)))


def _of_codes(codes: list[int]) -> str | None:
    """Return the text of character codes, if it is one."""
    if not all(code < 0x110000 and not 0xD800 <= code < 0xE000 for code in codes):
        return None
    return readable("".join(map(chr, codes)).encode())


def _spelled(run: str) -> str | None:
    """Return what is written with a blank, a dot or a dash between all letters; words are told by a wider gap."""
    words = re.split(r" {2,}|\n", run)
    return " ".join(re.sub(r"\W|_", "", word) for word in words)


_ENCODINGS: tuple[tuple[str, re.Pattern[str], Decoder], ...] = (
    ("base64", _RUN, _base64),
    ("base32", _RUN, _base32),
    ("hexadecimal", _HEX, _hexadecimal),
    ("escapes", _ESCAPED, _escapes),
    ("percent signs", _PERCENT, _percent),
    ("HTML entities", _ENTITIES, _entities),
    ("character codes", _CODES, _codes),
    ("bits", _BITS, _bits),
    ("letters apart", _SPELLED, _spelled),
)
ALL = frozenset(encoding for encoding, _, _ in _ENCODINGS)
"""The encodings that a decoded text may be in again; to turn one around again would have no end."""

_SHORT = frozenset(
    (
        *"bcdefghijklmnopqrstuvwxyz",
        *(f"{code:02x}" for code in range(32, 127)),
        *map(str, range(32, 127)),
        *(f"{code:08b}" for code in range(32, 127)),
        *(f"0x{code:02x}" for code in range(32, 127)),
    )
)
"""Letters that stand alone, and character codes as words."""

MIN_SHORT = 5
"""The least number of different ones in a text that is spelled out, which few others have."""

_TELLING = (
    "instructions",
    "prompt",
    "ignore",
    "password",
    "credentials",
    "secret",
    "system",
    "http",
    "https",
    "user",
    "send",
    "file",
)
"""Words of which a text within the text has one."""

_TURNED = frozenset(codecs.encode(word, "rot13") for word in _TELLING) | frozenset(
    word[::-1] for word in (*_TELLING, "files", "previous", "hidden")
)


def likely_encodings(text: str, vocabulary: frozenset[str]) -> frozenset[str]:
    """Return the encodings in which a text of these words may have another in it, by a first fast look."""
    found: set[str] = set()
    if "\\" in text and _ESCAPED.search(text):
        found.add("escapes")
    if "&#" in text:
        found.add("HTML entities")
    if text.count("%") >= 3:
        found.add("percent signs")
    if not vocabulary.isdisjoint(_TURNED):
        found |= {"rot13", "backwards"}
    if len(vocabulary & _SHORT) >= MIN_SHORT:
        found |= {"hexadecimal", "character codes", "bits", "letters apart"}
    if any(map(_is_encoded, [word for word in text.split() if len(word) >= MIN_ENCODED])):
        found |= {"base64", "base32", "hexadecimal"}
    return frozenset(found)


def _is_encoded(word: str) -> bool:
    """Return whether a word without blanks holds base64, base32 or hexadecimal that can be read."""
    if word.islower() or word.isupper():
        if _DIGIT.search(word) is None or (word.islower() and _HEX.search(word) is None):
            return word.isupper() and any(_base32(match[0]) for match in _RUN.finditer(word[:MAX_ENCODED]))
    elif _DIGIT.search(word) is None and len(_HUMP.findall(word)) < MIN_HUMPS:
        return False
    return any(
        decode(match[0]) for _, pattern, decode in _ENCODINGS[:3] for match in pattern.finditer(word[:MAX_ENCODED])
    )


_DIGIT = re.compile(r"[0-9+=]")
_HUMP = re.compile(r"[a-z][A-Z]")
MIN_HUMPS = 3
"""The least changes of case in base64; names in camel case have fewer."""
