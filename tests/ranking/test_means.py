"""Means that a prompt names and no connected server has."""

import pytest

from mcp_dynaload.ranking.means import names_unknown_means
from mcp_dynaload.ranking.terms import prose_terms

CATALOG = frozenset(
    prose_terms("Create an issue in Jira; query Grafana's dashboards; take a screenshot with playwright")
)


@pytest.mark.parametrize(
    "prompt",
    [
        "resize all of these pictures with img2sixel",
        "use ffmpeg to cut the first ten seconds off",
        "convert the notes to PDF using the pandoc command",
        "print only the names via `jq`, please",
        "take a task off the list with pueue stash",
    ],
)
def test_a_program_that_no_server_has_is_told(prompt: str) -> None:
    assert names_unknown_means(prompt, CATALOG)


@pytest.mark.parametrize(
    "prompt",
    [
        "take a screenshot of the page using playwright",
        "file the bug with jira, please",
        "use grafana to show me the errors",
        "meet with Zyanya on Monday",
        "come back with them, with your list, with all of it",
        "with pandocs no longer maintained what should we do",
    ],
)
def test_what_the_catalog_or_english_knows_and_names_of_people_are_not(prompt: str) -> None:
    assert not names_unknown_means(prompt, CATALOG)


def test_a_misspelt_server_is_one_that_the_catalog_has() -> None:
    assert not names_unknown_means("use grafna to show the errors", CATALOG, {"grafna": "grafana"})
