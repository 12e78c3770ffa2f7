"""The pages that strangers read, and what stands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.installed import ROOT

README = ROOT / "README.md"
DOCS = ROOT / "docs"
BESIDE_THE_CODE = (*sorted((ROOT / "mcp_dynaload").glob("*/README.md")), ROOT / "tests" / "README.md")
PAGES = (README, ROOT / "CONTRIBUTING.md", *BESIDE_THE_CODE, *sorted(DOCS.glob("*.md")))


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block of a page."""

    page: Path
    kind: str
    text: str


def fences(*kinds: str) -> Iterator[Fence]:
    """Return the fenced blocks of these kinds in all pages."""
    for page in PAGES:
        for kind, text in re.findall(r"^```(\w+)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            if kind in kinds:
                yield Fence(page, kind, text)


def rows() -> Iterator[list[str]]:
    """Return the cells of every row of every table."""
    for page in PAGES:
        for line in re.findall(r"^\| (.+) \|$", page.read_text("utf-8"), re.MULTILINE):
            yield [cell.strip() for cell in re.split(r"(?<!\\) ?\|(?: |$)", line)]


def anchors(page: Path) -> set[str]:
    """Return what may stand after `#` in a link to the page."""
    text = page.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {_slug(heading) for heading in headings} | set(re.findall(r'<a id="([^"]+)"', text))


def _slug(heading: str) -> str:
    """Return the anchor of a heading as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
