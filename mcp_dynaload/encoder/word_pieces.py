"""Text to the word pieces of BERT's uncased vocabulary, as the encoder was trained to read them."""

import unicodedata
from collections.abc import Iterator, Sequence

UNKNOWN, START, END = "[UNK]", "[CLS]", "[SEP]"

MAX_WORD_LENGTH = 100
"""Characters of a word; a longer one is unknown."""

CHARACTERS_READ = 20
"""For each piece of the limit, so that a long paste costs no more than what is read of it."""

_IDEOGRAPHS = (
    *(range(0x4E00, 0xA000), range(0x3400, 0x4DC0), range(0x20000, 0x2A6E0), range(0x2A700, 0x2B740)),
    *(range(0x2B740, 0x2B820), range(0x2B820, 0x2CEB0), range(0xF900, 0xFB00), range(0x2F800, 0x2FA20)),
)


class WordPieces:
    """A vocabulary: each line's piece has the line's number."""

    def __init__(self, vocabulary: str) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary.split("\n"))}
        self._start, self._end, self._unknown = (self._numbers[name] for name in (START, END, UNKNOWN))

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
        if (whole := self._numbers.get(word)) is not None:
            return (whole,)
        if len(word) > MAX_WORD_LENGTH:
            return (self._unknown,)
        found: list[int] = []
        start = 0
        while start < len(word):
            end, number = len(word), None
            while end > start:
                number = self._numbers.get(f"##{word[start:end]}" if start else word[:end])
                if number is not None:
                    break
                end -= 1
            if number is None:
                return (self._unknown,)
            found.append(number)
            start = end
        return found


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
