"""Files that the pages in `docs` name are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", page.read_text("utf-8")))

    assert {name for name in named if not (ROOT / name).is_file()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    linked = {target.split("#")[0] for target in re.findall(r"\]\(((?!https?:)[^)#]+)", page.read_text("utf-8"))}

    assert {target for target in linked if not (page.parent / target).exists()} == set()
