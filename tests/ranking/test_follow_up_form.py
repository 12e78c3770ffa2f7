"""The form of short prompts after others."""

import pytest

from mcp_dynaload.ranking.follow_up_form import form_of, is_about_code, names_another, only_reacts
from mcp_dynaload.ranking.query import parse_query


@pytest.mark.parametrize(
    "text",
    [
        "and Priya?",
        "underscore too",
        "same for Eva's",
        "and of last week",
        "what about checkout?",
        "titan as well",
        "great, and Priya?",
    ],
)
def test_a_text_that_only_names_another_thing_asks_for_the_same_of_it(text: str) -> None:
    assert names_another(text)


@pytest.mark.parametrize(
    "text",
    [
        "and delete the oldest",
        "also drop vat_old",
        "and when does it run in strict mode?",
        "the second",
        "is this going to work on windows too",
        "Same error. I also restarted everything.",
        "and of everybody in the marketing team who missed the call on monday the phone number",
    ],
)
def test_an_order_a_question_or_much_more_does_not(text: str) -> None:
    assert not names_another(text)


@pytest.mark.parametrize("text", ["great find", "good riddance", "understood, thanks", "phew", "much better", "I see"])
def test_words_that_say_how_good_it_is_only_react(text: str) -> None:
    assert only_reacts(text)


@pytest.mark.parametrize(
    "text",
    [
        "tap Done",
        "clear the cache",
        "yes, tomorrow",
        "great, the one in Berlin",
        "close it",
        "the nicest one",
        "Oslo, thanks",
        "great, same for staging",
        "I see timeouts",
    ],
)
def test_what_orders_or_answers_does_not(text: str) -> None:
    assert not only_reacts(text)


@pytest.mark.parametrize(
    "text",
    ["put that into CHANGELOG.md", "write a script that reads it", "where in our code is it", "fix src/app/main.ts"],
)
def test_a_file_of_code_or_what_code_is_made_of_is_about_code(text: str) -> None:
    assert is_about_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "comment on it",
        "file the bug",
        "upload report.pdf",
        "the postal code of Lima",
        "the error rate",
        "mail ada@x.io",
    ],
)
def test_what_servers_have_of_the_same_name_is_not(text: str) -> None:
    assert not is_about_code(text)


def test_a_text_turns_to_code_where_nothing_before_was_about_code() -> None:
    text = "put that into runbook.md"

    assert form_of(parse_query(text, ("which pods crash?",))).turns_to_code
    assert not form_of(parse_query(text, ("which pods crash?", "read notes.md"))).turns_to_code


def test_a_question_of_a_kind_of_things_is_no_question_for_a_fact_or_of_a_name() -> None:
    before = ("find the file offer.docx",)

    assert form_of(parse_query("why would it be empty", before)).opens_question
    assert not form_of(parse_query("how big is it?", before)).opens_question
    assert not form_of(parse_query("what is the postal code of Lima?", before)).opens_question


def test_a_name_that_is_said_again_is_told() -> None:
    assert form_of(parse_query("who else is invited to 'Q3 plan'?", ("open 'Q3 plan'",))).names_again
    assert not form_of(parse_query("who else is invited?", ("open 'Q3 plan'",))).names_again
