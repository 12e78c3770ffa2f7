"""Text to the word pieces of BERT's uncased vocabulary, as the encoder was trained to read them."""

import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache

UNKNOWN, START, END = "[UNK]", "[CLS]", "[SEP]"

MAX_WORD_LENGTH = 100
"""Characters of a word; a longer one is unknown."""

CHARACTERS_READ = 20
"""For each piece of the limit, so that a long paste costs no more than what is read of it."""

KEPT_PIECES = 2_000
"""Pieces looked for of late: those of a prompt come again with each of its clauses."""

HEAD = 8
"""The bytes of a piece that its hash is made of, beside its length."""

SPREAD = 0x9E3779B97F4A7C15
WHOLE = 2**64 - 1
HASHES = 2**16
SHIFT = 64 - 16

LINE_ENDS = (b"\n", b"")

_IDEOGRAPHS = (
    *(range(0x4E00, 0xA000), range(0x3400, 0x4DC0), range(0x20000, 0x2A6E0), range(0x2A700, 0x2B740)),
    *(range(0x2B740, 0x2B820), range(0x2B820, 0x2CEB0), range(0xF900, 0xFB00), range(0x2F800, 0x2FA20)),
)


class WordPieces:
    """A vocabulary: each line's piece has the line's number."""

    def __init__(self, vocabulary: str) -> None:
        self._number = lru_cache(KEPT_PIECES)(_Numbers(vocabulary.encode()).of)
        self._start, self._end, self._unknown = (self._known(name) for name in (START, END, UNKNOWN))

    def numbers(self, text: str, limit: int) -> list[int]:
        """Return the pieces' numbers between start and end mark, `limit` in all; the rest of the text is left out."""
        numbers = [self._start]
        for word in _words(text[: CHARACTERS_READ * limit]):
            numbers += self._of_word(word)
            if len(numbers) >= limit - 1:
                break
        return [*numbers[: limit - 1], self._end]

    def _of_word(self, word: str) -> Sequence[int]:
        """Return the longest piece that the word begins with, then the longest that the rest begins with, and so on."""
        if (whole := self._number(word)) is not None:
            return (whole,)
        if len(word) > MAX_WORD_LENGTH:
            return (self._unknown,)
        found: list[int] = []
        start = 0
        while start < len(word):
            end, number = len(word), None
            while end > start:
                number = self._number(f"##{word[start:end]}" if start else word[:end])
                if number is not None:
                    break
                end -= 1
            if number is None:
                return (self._unknown,)
            found.append(number)
            start = end
        return found

    def _known(self, piece: str) -> int:
        number = self._number(piece)
        if number is None:
            raise ValueError(f"the vocabulary has no {piece}")
        return number


class _Numbers:
    """The numbers of pieces, in a tenth of the 5 MB that a dictionary of texts takes.

    Pieces are sorted by a hash of 16 bits, so that few have to be compared with one that is looked for.
    """

    def __init__(self, text: bytes) -> None:
        import numpy as np  # heavy, and imported by the encoder's runtime anyway

        self._text = text
        ends = np.append(np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")), len(text))
        starts = np.append(0, ends[:-1] + 1)
        lengths = ends - starts
        heads = np.lib.stride_tricks.sliding_window_view(np.frombuffer(text + bytes(HEAD), np.uint8), HEAD)[starts]
        heads = np.where(np.arange(HEAD) < lengths[:, None], heads, 0).astype(np.uint8).view("<u8")[:, 0]
        hashes = (heads + lengths.astype(np.uint64) * np.uint64(SPREAD)) * np.uint64(SPREAD) >> np.uint64(SHIFT)
        by_hash = np.argsort(hashes, kind="stable")
        self._by_hash = array("I", by_hash.astype(np.uint32).tobytes())
        firsts = np.searchsorted(hashes[by_hash], np.arange(HASHES + 1, dtype=np.uint64))
        self._firsts = array("I", firsts.astype(np.uint32).tobytes())
        self._starts = array("I", starts.astype(np.uint32).tobytes())

    def of(self, piece: str) -> int | None:
        """Return the number of a piece; None if there is no such piece."""
        told = piece.encode("utf-8", "surrogatepass")
        head = int.from_bytes(told[:HEAD], "little")
        place = ((head + len(told) * SPREAD) * SPREAD & WHOLE) >> SHIFT
        for number in self._by_hash[self._firsts[place] : self._firsts[place + 1]]:
            start = self._starts[number]
            end = start + len(told)
            if self._text[start:end] == told and self._text[end : end + 1] in LINE_ENDS:
                return number
        return None


def _words(text: str) -> Iterator[str]:
    """Lower-case words without accents; a punctuation mark or an ideograph is a word of its own."""
    for part in text.split():
        yield from (part.lower(),) if part.isascii() and part.isalnum() else _parts(part)


def _parts(part: str) -> Iterator[str]:
    word = ""
    for character in _plain(part):
        if _stands_alone(character):
            if word:
                yield word
            yield character
            word = ""
        elif character.isspace():
            if word:
                yield word
            word = ""
        else:
            word += character
    if word:
        yield word


def _plain(part: str) -> str:
    if part.isascii():
        return "".join(character for character in part.lower() if character.isprintable())
    visible = "".join(c for c in part if c != "\ufffd" and (c.isspace() or not unicodedata.category(c).startswith("C")))
    decomposed = unicodedata.normalize("NFD", visible)
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn").lower()


def _stands_alone(character: str) -> bool:
    if character.isascii():
        return not character.isalnum() and not character.isspace()
    code = ord(character)
    return unicodedata.category(character).startswith("P") or any(code in block for block in _IDEOGRAPHS)
