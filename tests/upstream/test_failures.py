"""The text about a server that failed."""

import json

import pytest

from mcp_dynaload.masking import MASK, Masker
from mcp_dynaload.upstream.failures import MAX_QUOTED_CHARACTERS, described, last_words
from mcp_dynaload.upstream.output_log import TAIL_LINE_CHARACTERS, TAIL_LINES
from tests.planted import IN_CONTEXT, TOKENS


def test_three_lines_are_told_each_quoted_on_one_line() -> None:
    words = last_words(["one", "two", "", "three <b>", "## four\x1b[2J"], Masker())

    assert words == ['"two"', '"three \\u003cb\\u003e"', '"## four\\u001b[2J"']


@pytest.mark.proves("secrets")
def test_nothing_is_told_of_a_key_whose_beginning_is_not_among_the_last_lines() -> None:
    pem, _ = IN_CONTEXT["pem"]
    _, *lines, end = pem.splitlines()

    assert last_words([*lines, *lines, *lines, end], Masker()) == [f'"{MASK}-----"']
    assert last_words([*lines, *lines, "that was it"], Masker()) == ['"that was it"']


@pytest.mark.proves("secrets")
@pytest.mark.parametrize("before", range(TAIL_LINE_CHARACTERS - 40, TAIL_LINE_CHARACTERS, 7))
def test_nothing_is_told_of_a_secret_that_was_cut_with_its_line(before: int) -> None:
    secret = TOKENS["github"]
    line = f"{'so ' * (before // 3)}{secret}"[:TAIL_LINE_CHARACTERS]

    (words,) = last_words([line], Masker())

    assert len(words) <= MAX_QUOTED_CHARACTERS + 3
    assert secret[:8] not in words


def test_the_rest_of_an_error_is_masked_too() -> None:
    told = described("a", f"did not start: no {TOKENS['gitlab']}", [], Masker.of(["swordfish"]))

    assert told.splitlines()[0] == f"MCP server 'a' did not start: no {MASK}."
    assert json.dumps(last_words(["with swordfish"], Masker.of(["swordfish"]))) == json.dumps([f'"with {MASK}"'])
    assert last_words(["."] * TAIL_LINES, Masker()) == ['"."'] * 3
