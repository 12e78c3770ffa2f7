"""Demo server: a browser without a network, for the workspace's own site."""

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode, urljoin, urlsplit

from mcp.server.lowlevel import Server

from mcp_dynaload.demo.page import Element, Page, parse_page
from mcp_dynaload.demo.storage import inside
from mcp_dynaload.demo.toolkit import ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

_ORIGIN = "http://shop.local/"
_INSTRUCTIONS = (
    f"Drives a browser on the local shop site, {_ORIGIN}index.html. Take a snapshot after each navigation: it gives "
    "the element refs (e1, e2 …) that clicking and typing need. Refs are valid until the page changes."
)


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    return build_server("browser", _Browser(ensure_part(workspace, "site")), _INSTRUCTIONS)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Accessibility snapshot of the current page."""

    url: str
    title: str
    elements: list[str]


@dataclass(frozen=True, slots=True)
class FormField:
    """A value for one field of a form."""

    ref: str
    """Element reference from the snapshot."""

    value: str
    """Text to type or option to select."""


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """Result of following every link of the site."""

    pages: int
    broken: list[str]


class _Tab:
    def __init__(self) -> None:
        self.visited: list[str] = []
        self.values: dict[str, str] = {}
        """The text that was typed, by element reference."""


class _Browser:
    def __init__(self, site: Path) -> None:
        self._site = site
        self._tabs = [_Tab()]
        self._current = 0

    @tool("write")
    def browser_navigate(self, url: str) -> Snapshot:
        """Navigate to a URL and return a snapshot of the page.

        Args:
            url: Address on the local site, absolute or relative, e.g. "products.html".
        """
        return self._go(urljoin(_ORIGIN, url))

    @tool("write")
    def browser_navigate_back(self) -> Snapshot:
        """Go back to the previous page in the tab's history."""
        visited = self._tab.visited
        if len(visited) < 2:
            raise ToolFailedError("There is no page to go back to.")
        del visited[-1]
        return self._go(visited.pop())

    @tool("read")
    def browser_snapshot(self) -> Snapshot:
        """Capture accessibility snapshot of the current page, this is better than screenshot to decide what to do."""
        lines = [self._line(element) for element in self._page().elements]
        return Snapshot(self._url(), self._page().title, lines)

    @tool("write")
    def browser_click(self, ref: str, element: str = "") -> Snapshot:
        """Perform a click on a link or button. Clicking a button submits its form.

        Args:
            ref: Exact target element reference from the page snapshot.
            element: Human-readable element description, used to ask for permission.
        """
        target = self._element(ref)
        if target.role == "link":
            return self._go(urljoin(self._url(), target.target))
        if target.role == "button":
            return self._submit(target)
        raise ToolFailedError(f"{ref} is a {target.role}; only links and buttons can be clicked.")

    @tool("write")
    def browser_type(self, ref: str, text: str) -> str:
        """Type text into an editable element.

        Args:
            ref: Reference of a textbox from the snapshot.
            text: Text to type; replaces what is there.
        """
        if self._element(ref).role != "textbox":
            raise ToolFailedError(f"{ref} is not a textbox.")
        self._tab.values[ref] = text
        return f"Typed {text!r} into {ref}."

    @tool("write")
    def browser_select_option(self, ref: str, value: str) -> str:
        """Select an option in a dropdown.

        Args:
            ref: Reference of a combobox from the snapshot.
            value: The option to select.
        """
        options = self._element(ref).options
        if value not in options:
            raise ToolFailedError(f"{ref} has no option {value!r}. Options: {', '.join(options) or 'none'}.")
        self._tab.values[ref] = value
        return f"Selected {value!r} in {ref}."

    @tool("write")
    def browser_fill_form(self, fields: list[FormField], submit: bool = False) -> Snapshot:
        """Fill several form fields in one step, and optionally submit the form.

        Args:
            fields: Fields with the values they shall get.
            submit: Press the form's button afterwards.
        """
        if not fields:
            raise ToolFailedError("Give at least one field.")
        for entry in fields:
            select = self._element(entry.ref).role == "combobox"
            (self.browser_select_option if select else self.browser_type)(entry.ref, entry.value)
        form = self._element(fields[0].ref).form
        buttons = [element for element in self._page().elements if element.role == "button" and element.form == form]
        return self._submit(buttons[0]) if submit and buttons else self.browser_snapshot()

    @tool("read")
    def browser_list_links(self) -> list[dict[str, str]]:
        """List all links of the page with their text and absolute address."""
        links = (element for element in self._page().elements if element.role == "link")
        return [{"text": link.text, "url": urljoin(self._url(), link.target)} for link in links]

    @tool("read")
    def browser_extract_text(self) -> str:
        """Extract the readable text of the page (headings, paragraphs, lists), for quoting or summarising."""
        readable = ("heading", "paragraph", "listitem")
        return "\n".join(element.text for element in self._page().elements if element.role in readable)

    @tool("read")
    def browser_extract_table(self, index: int = 0) -> list[dict[str, str]]:
        """Turn an HTML table into records, using its first row as field names. Handy for prices and opening hours.

        Args:
            index: Which table of the page, counting from 0.
        """
        rows = [element.text.split(" | ") for element in self._page().elements if element.table == index]
        if not rows:
            raise ToolFailedError(f"The page has no table {index}.")
        return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]

    @tool("read")
    def browser_take_screenshot(self, width: int = 72) -> str:
        """Take a screenshot of the current page, drawn in text: frame, title bar and wrapped content.

        Args:
            width: Width of the picture in characters.
        """
        inner = max(width, 20) - 4
        lines = [line for element in self._page().elements for line in textwrap.wrap(self._drawn(element), inner)]
        bar = f"+{'-' * (inner + 2)}+"
        body = "\n".join(f"| {line[:inner]:<{inner}} |" for line in [self._page().title.upper(), "", *lines])
        return f"{bar}\n{body}\n{bar}"

    @tool("read")
    def browser_find_text(self, text: str) -> list[str]:
        """Find elements of the current page that contain a text, and return their snapshot lines with refs.

        Args:
            text: Text to look for, in any case.
        """
        return [self._line(e) for e in self._page().elements if text.casefold() in e.text.casefold()]

    @tool("write")
    def browser_tabs(self, action: Literal["list", "new", "select", "close"], index: int = 0) -> list[str]:
        """List, create, select or close browser tabs.

        Args:
            action: What to do.
            index: Tab to select or close, counting from 0.
        """
        if action in ("select", "close") and not 0 <= index < len(self._tabs):
            raise ToolFailedError(f"There is no tab {index}; there are {len(self._tabs)}.")
        if action == "new":
            self._tabs.append(_Tab())
        elif action == "close":
            self._tabs = [tab for number, tab in enumerate(self._tabs) if number != index] or [_Tab()]
        self._current = index if action == "select" else min(self._current, len(self._tabs) - 1)
        self._current = len(self._tabs) - 1 if action == "new" else self._current
        mark = ("  ", "* ")
        return [
            f"{mark[n == self._current]}{n}: {tab.visited[-1] if tab.visited else 'about:blank'}"
            for n, tab in enumerate(self._tabs)
        ]

    @tool("read")
    def browser_check_links(self) -> LinkCheck:
        """Crawl the whole local site from its home page and report links that lead nowhere. May take a moment."""
        waiting, seen, broken = [urljoin(_ORIGIN, "index.html")], set[str](), list[str]()
        while waiting:
            url = waiting.pop()
            seen.add(url)
            links = (urljoin(url, e.target) for e in self._read(url).elements if e.role == "link")
            for link in links:
                if not self._file(link).is_file():
                    broken.append(f"{url} -> {link}")
                elif link not in seen and link not in waiting:
                    waiting.append(link)
        return LinkCheck(len(seen), sorted(broken))

    @property
    def _tab(self) -> _Tab:
        return self._tabs[self._current]

    def _url(self) -> str:
        if not self._tab.visited:
            raise ToolFailedError(f"No page is open; navigate to {_ORIGIN}index.html first.")
        return self._tab.visited[-1]

    def _page(self) -> Page:
        return self._read(self._url())

    def _go(self, url: str) -> Snapshot:
        self._read(url)
        self._tab.visited.append(url)
        self._tab.values.clear()
        return self.browser_snapshot()

    def _submit(self, button: Element) -> Snapshot:
        fields = (e for e in self._page().elements if e.form == button.form and e.role in ("textbox", "combobox"))
        sent = {field.target: self._tab.values.get(field.ref, field.text) for field in fields}
        with (self._site / "submissions.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"from": self._url(), "fields": sent}) + "\n")
        return self._go(urljoin(self._url(), f"{button.form or ''}?{urlencode(sent)}"))

    def _element(self, ref: str) -> Element:
        for element in self._page().elements:
            if element.ref == ref:
                return element
        raise ToolFailedError(f"There is no element {ref!r} on this page; take a new snapshot.")

    def _read(self, url: str) -> Page:
        file = self._file(url)
        if not file.is_file():
            raise ToolFailedError(f"404: there is no page {url!r}.")
        return parse_page(file.read_text(encoding="utf-8"))

    def _file(self, url: str) -> Path:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}/" != _ORIGIN:
            raise ToolFailedError(f"{url!r} is not on {_ORIGIN}: this browser has no network.")
        return inside(self._site, parts.path.lstrip("/") or "index.html")

    def _line(self, element: Element) -> str:
        value = self._tab.values.get(element.ref)
        return f"{element.ref} {element.role} {element.text!r}" + (f" = {value!r}" if value is not None else "")

    def _drawn(self, element: Element) -> str:
        text = self._tab.values.get(element.ref, element.text)
        frames = {
            "heading": "# {}",
            "listitem": "- {}",
            "button": "[ {} ]",
            "textbox": "[{}____]",
            "combobox": "[{} v]",
        }
        return frames.get(element.role, "{}").format(text)
