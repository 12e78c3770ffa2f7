"""Parses an HTML page into the elements that a reader or a script cares about."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Literal

Role = Literal["heading", "paragraph", "listitem", "link", "textbox", "combobox", "button", "row", "image"]

_ROLES: dict[str, Role] = {
    "h1": "heading",
    "h2": "heading",
    "h3": "heading",
    "p": "paragraph",
    "li": "listitem",
    "a": "link",
    "button": "button",
    "select": "combobox",
    "tr": "row",
}


@dataclass(frozen=True, slots=True)
class Element:
    """A piece of a page, in document order."""

    ref: str
    """Names the element on its page: e1, e2 …"""

    role: Role
    text: str
    target: str = ""
    """Where a link leads, or the name of a form field."""

    form: str | None = None
    """Action of the form it belongs to."""

    table: int | None = None
    """Index of the table that a row belongs to."""

    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page."""

    title: str
    description: str
    elements: tuple[Element, ...]


@dataclass(slots=True)
class _Open:
    tag: str
    slot: int | None
    text: list[str] = field(default_factory=list[str])


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.title = self.description = ""
        self._open: list[_Open] = []
        self._form: str | None = None
        self._tables = -1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = given.get("action", "")
        elif tag == "table":
            self._tables += 1
        elif tag == "meta" and given.get("name") == "description":
            self.description = given.get("content", "")
        elif tag == "img":
            self._add("image", given.get("alt", ""), given.get("src", ""))
        elif tag == "input":
            self._add("textbox", given.get("value") or given.get("placeholder", ""), given.get("name", ""))
        elif tag in ("td", "th"):
            self.handle_data(" | ")
        elif tag in _ROLES:
            slot = self._add(_ROLES[tag], "", given.get("href") or given.get("name", ""))
            self._open.append(_Open(tag, slot))
        elif tag in ("title", "option"):
            self._open.append(_Open(tag, None))

    def handle_data(self, data: str) -> None:
        for part in self._open:
            part.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if not any(part.tag == tag for part in self._open):
            return
        while self._open:
            part = self._open.pop()
            self._close(part)
            if part.tag == tag:
                return

    def _add(self, role: Role, text: str, target: str) -> int:
        table = self._tables if role == "row" else None
        self.elements.append(Element(f"e{len(self.elements) + 1}", role, text, target, self._form, table))
        return len(self.elements) - 1

    def _close(self, part: _Open) -> None:
        text = " ".join("".join(part.text).split()).removeprefix("| ")
        if part.tag == "title":
            self.title = text
        elif part.tag == "option":
            self._add_option(text)
        elif part.slot is not None:
            element = self.elements[part.slot]
            self.elements[part.slot] = replace(element, text=element.options[0] if element.options else text)

    def _add_option(self, text: str) -> None:
        for index in reversed(range(len(self.elements))):
            if self.elements[index].role == "combobox":
                options = (*self.elements[index].options, text)
                self.elements[index] = replace(self.elements[index], options=options)
                return


def parse_page(html: str) -> Page:
    """Parse a page's title, description and elements."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return Page(parser.title, parser.description, tuple(parser.elements))
