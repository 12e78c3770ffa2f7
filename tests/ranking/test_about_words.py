"""Prompts about words: a text that they bring, a role, the last answer."""

import pytest

from mcp_dynaload.ranking.about_words import LOOKED_AT, is_about_words


@pytest.mark.parametrize(
    "prompt",
    [
        "Which of the following reviews is negative? The soup was cold. The bread was fresh.",
        "Correct this sentence: he go home",
        "Find the verbs in the text below.\nThe dog sleeps.",
        "Please pretend to be a pirate and greet the crew",
        "Now act as my interviewer",
        "Shorten your last answer",
        "use your previous example with three servers",
    ],
)
def test_a_text_a_role_or_the_last_answer_is_about_words(prompt: str) -> None:
    assert is_about_words(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "post the following in the release channel: we are live",
        "add a review to pull request 12",
        "list the last comments of the issue",
        "rename the document to notes",
        "what does the page say about pricing",
        "imagine studio: list my renders",
        "open the previous deployment",
        "x" * LOOKED_AT + " shorten your last answer",
    ],
)
def test_what_is_to_be_done_with_things_is_not(prompt: str) -> None:
    assert not is_about_words(prompt)
