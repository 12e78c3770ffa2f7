import numpy as np
import pytest

from mcp_dynaload.ranking.families import KIN_WEIGHT, LIKELY, Families
from tests.builders import a_tool


def together(names: list[str], likely: str, probability: float = 0.5, **others: str) -> dict[str, float]:
    """Return the probabilities of tools of which one was likely."""
    tools = [a_tool(name, upstream=others.get(name, "papers")) for name in names]
    given = np.array([probability if name == likely else 0.0 for name in names], np.float32)
    return dict(zip(names, Families(tools).together(given).tolist(), strict=True))


def test_a_likely_tool_brings_those_few_that_share_a_word_of_its_name() -> None:
    found = together(["search_arxiv", "downloadArxiv", "read-arxiv-paper", "search_pubmed"], "search_arxiv")

    assert found == {
        "search_arxiv": 0.5,
        "downloadArxiv": pytest.approx(KIN_WEIGHT * 0.5),
        "read-arxiv-paper": pytest.approx(KIN_WEIGHT * 0.5),
        "search_pubmed": 0.0,  # a verb is no family
    }


def test_what_many_tools_of_a_server_share_is_its_subject_and_no_family() -> None:
    names = ["list_issues", "get_issue", "close_issue", "lock_issue"]

    assert sum(together(names, "list_issues").values()) == 0.5


def test_words_that_tell_the_form_of_what_is_given_make_no_family() -> None:
    assert sum(together(["get_email_information", "get_event_information"], "get_event_information").values()) == 0.5


def test_a_family_is_of_one_server() -> None:
    assert sum(together(["list_tags", "get_tag"], "list_tags", get_tag="other").values()) == 0.5


def test_an_unlikely_tool_brings_no_others() -> None:
    unlikely = LIKELY / 2

    assert sum(together(["list_tags", "get_tag"], "list_tags", unlikely).values()) == np.float32(unlikely)


def test_a_likelier_tool_keeps_its_probability() -> None:
    tools = [a_tool("list_tags"), a_tool("get_tag")]

    assert Families(tools).together(np.array([0.5, 0.25], np.float32)).tolist() == [0.5, 0.25]


def test_no_tool_that_may_destroy_comes_by_its_family() -> None:
    tools = [a_tool("list_tags"), a_tool("drop_tag", annotations={"destructiveHint": True})]

    assert Families(tools).together(np.array([0.5, 0.0], np.float32)).tolist() == [0.5, 0.0]


def test_a_catalog_without_tools_has_no_families() -> None:
    assert Families([]).together(np.zeros(0, np.float32)).tolist() == []
