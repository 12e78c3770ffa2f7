"""How text and identifiers become terms."""

import pytest

from mcp_dynaload.ranking.terms import identifier_terms, prose_terms, query_terms


@pytest.mark.parametrize("name", ["create_issue", "create-issue", "Create.Issue", "create issue"])
def test_identifiers_are_split_whatever_their_style(name: str):
    assert identifier_terms(name) == ["creat", "issu"]


def test_a_camel_case_identifier_counts_as_its_parts_and_as_one_word():
    assert identifier_terms("listHTTPRoutes") == ["list", "http", "rout", "listhttprout"]


def test_a_product_name_in_prose_is_one_word():
    assert prose_terms("on GitHub") == ["github"]


def test_words_are_stemmed_and_stopwords_dropped():
    assert prose_terms("I was looking at the commits of Alice's branches") == ["look", "commit", "alic", "branch"]


def test_addresses_count_as_what_they_are():
    assert "url" in prose_terms("go to google.com")
    assert "url" in prose_terms("open https://example.org/a?b=c")
    assert "email" in prose_terms("write to bob@example.net")
    assert "url" not in prose_terms("open app.py")


def test_other_scripts_are_words_too():
    assert prose_terms("создать задачу") == ["создать", "задачу"]


def test_a_synonym_weighs_less_than_the_word_itself():
    weights = query_terms("merge the PR")

    assert weights["merg"] == 1.0
    assert 0 < weights["pull"] == weights["request"] < 1.0


def test_what_people_abbreviate_is_said_in_full_too():
    assert {"custom", "relationship", "updat", "assign"} <= query_terms("reassign it in the crm").keys()
    assert {"virtual", "machin"} <= query_terms("stop both VMs").keys()
