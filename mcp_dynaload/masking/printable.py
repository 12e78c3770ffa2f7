"""Text of others made safe to show: nothing in it acts on a terminal, hides, or speaks to a model in our name."""

import json
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


def quoted(value: object) -> str:
    """Return what a server wrote as one line of JSON with `<`, `>` and all that is invisible escaped.

    The client hands what stands beside a prompt to the model as a system message: a server that could write a line or
    a tag of its own there would speak in our name, or in another server's.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "".join(
        character if character.isprintable() and character not in "<>" else _json_escape(character)
        for character in text
    )


def _visible(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode("ascii")


def _json_escape(character: str) -> str:
    """Return the character as JSON may write it; beyond the basic plane that takes two escapes."""
    return json.dumps(character)[1:-1] if character not in "<>" else f"\\u{ord(character):04x}"
