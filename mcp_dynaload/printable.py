"""Text of others made safe for a terminal: nothing in it moves the cursor, hides, or changes the reading direction."""

import unicodedata

_LINE_KEEPING = "\n\t"


def printable(text: str, *, keeps_lines: bool = False) -> str:
    """Return the text with everything invisible written as an escape, such as `\\x1b`.

    That is the categories of control and format characters (bidirectional marks and tags among them), surrogates,
    private use and unassigned ones. Blanks of any width become a plain one. Line ends and tabs stay where asked for.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or (keeps_lines and character in _LINE_KEEPING) else _visible(character)
        for character in text
    )


def _visible(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode("ascii")
