"""Text to word pieces as BERT's uncased tokenizer makes them."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.encoder.word_pieces import END, START, UNKNOWN, WordPieces

VOCABULARY = files("mcp_dynaload").joinpath("encoder/model/vocabulary.txt").read_text("utf-8")
PIECES = WordPieces(VOCABULARY)
NAMES = VOCABULARY.split("\n")


def pieces(text: str, limit: int = 100) -> list[str]:
    return [NAMES[number] for number in PIECES.numbers(text, limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("List the open PRs", ["list", "the", "open", "pr", "##s"]),
        ("create_issue(owner='acme')", ["create", "_", "issue", "(", "owner", "=", "'", "ac", "##me", "'", ")"]),
        ("café  MÜNCHEN\tnaïve", ["cafe", "munchen", "naive"]),
        ("北京 weather", ["北", "京", "weather"]),
        ("kubectl v1.29", ["ku", "##be", "##ct", "##l", "v", "##1", ".", "29"]),
        ("zero\u200bwidth\x00nul", ["zero", "##wi", "##dt", "##hn", "##ul"]),
        ("wow 🦄!", ["wow", UNKNOWN, "!"]),
        ("a" * 101, [UNKNOWN]),
        ("broken \ud800surrogate", ["broken", "sur", "##rogate"]),
    ],
)
def test_text_is_cut_as_the_original_tokenizer_cuts_it(text: str, expected: list[str]):
    assert pieces(text) == [START, *expected, END]


def test_what_is_beyond_the_limit_is_left_out():
    assert pieces("one two three four", 4) == [START, "one", "two", END]


def test_every_piece_of_the_vocabulary_has_the_number_of_its_line_and_nothing_else_has_one():
    look_up = PIECES._number  # pyright: ignore[reportPrivateUsage]

    assert [look_up(name) for name in NAMES] == list(range(len(NAMES)))
    assert look_up("") is None
    assert look_up("th\nthe") is None
    assert [look_up(f"{name}\0") for name in NAMES[::50]] == [None] * len(NAMES[::50])


def test_a_vocabulary_without_its_marks_is_refused():
    with pytest.raises(ValueError, match=r"no \[CLS\]"):
        WordPieces("one\ntwo")


@given(st.text(max_size=300), st.integers(3, 40))
def test_any_text_gives_a_start_an_end_and_no_more_than_the_limit_between(text: str, limit: int):
    numbers = PIECES.numbers(text, limit)

    assert len(numbers) <= limit
    assert (NAMES[numbers[0]], NAMES[numbers[-1]]) == (START, END)


@given(st.text(alphabet="abcdefghij _-.,XYZé", max_size=80))
def test_case_accents_and_spaces_make_no_difference(text: str):
    plain = " ".join(text.replace("é", "e").lower().split())

    assert PIECES.numbers(text, 100) == PIECES.numbers(f" {plain}  ", 100)
