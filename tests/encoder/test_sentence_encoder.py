"""The packed encoder: the very file that was made, and vectors that mean something."""

import hashlib
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from threading import Event
from typing import Any

import numpy as np
import pytest

from mcp_dynaload.encoder.sentence_encoder import MAX_TOKENS, VERSION, WIDTH, Encoder, open_models, read_encoder
from tests.waiting import HANG_SECONDS

MAX_BYTES = 29_000_000
"""The size of all four files: the wheel is to stay under 35 MB."""

FOLDER = files("mcp_dynaload").joinpath("encoder/model")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return read_encoder()


def test_the_version_is_the_hash_of_the_packed_files():
    packed = [FOLDER.joinpath(name).read_bytes() for name in ("model.onnx", "model.weights", "vocabulary.txt")]

    assert hashlib.sha256(b"".join(packed)).hexdigest().startswith(VERSION)
    assert sum(map(len, packed)) + len(FOLDER.joinpath("need.onnx").read_bytes()) < MAX_BYTES


def test_each_text_gives_a_unit_vector(encoder: Encoder):
    vectors = encoder.encode(["list open pull requests", "", "🦄", "word " * 5_000])

    assert vectors.shape == (4, WIDTH)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(encoder: Encoder):
    assert encoder.encode([]).shape == (0, WIDTH)


def test_a_vector_depends_on_nothing_but_its_text(encoder: Encoder):
    alone = encoder.encode(["delete the staging pod"])
    among_others = encoder.encode(["hello", "delete the staging pod", "word " * 200])

    assert np.array_equal(alone[0], among_others[1])
    assert np.array_equal(alone, Encoder(*open_models()).encode(["delete the staging pod"]))


def test_a_judged_text_has_the_vectors_that_it_has_otherwise(encoder: Encoder):
    texts = ["which of my tickets are open?", "delete the staging pod", "word " * 200]

    reader = Encoder(*open_models())
    need = reader.need(texts[0])
    among_others = reader.read(texts)

    assert np.array_equal(among_others, encoder.encode(texts))
    assert np.array_equal(encoder.read(texts[:1]), among_others[:1])
    assert encoder.need(texts[0]) == need


def test_a_text_of_a_prompt_is_read_once(encoder: Encoder):
    session, judge, pieces = open_models()
    counting = Counting(session)
    texts = ["find the open issues, and close them", "find the open issues", "close them"]
    reader = Encoder(counting, judge, pieces)

    reader.begin(texts)
    first, need = reader.read(texts), reader.need(texts[0])
    second = reader.read(["before\nfind the open issues, and close them", *texts[1:]])

    assert counting.runs == 4
    assert np.array_equal(first, encoder.encode(texts))
    assert np.array_equal(first[1:], second[1:])
    assert need == encoder.need(texts[0])


def test_a_text_that_could_not_be_read_is_read_again(encoder: Encoder):
    session, judge, pieces = open_models()
    failing = Counting(session, fails=1)
    reader = Encoder(failing, judge, pieces)
    with pytest.raises(MemoryError):
        reader.read(["list the tables"])

    assert reader.need("list the tables") == encoder.need("list the tables")


def test_the_vectors_of_a_prompt_are_there_while_the_judge_goes_on(encoder: Encoder):
    session, judge, pieces = open_models()
    held = Held(judge)
    reader = Encoder(session, held, pieces)
    try:
        reader.begin(["list the tables"])
        vectors = reader.read(["list the tables"])
    finally:
        held.goes_on.set()

    assert np.array_equal(vectors, encoder.read(["list the tables"]))
    assert reader.need("list the tables") == encoder.need("list the tables")


class Held:
    """A judge that does not begin before it is let."""

    def __init__(self, session: Any) -> None:
        self._session, self.goes_on = session, Event()

    def run(self, outputs: None, inputs: Mapping[str, Any]) -> list[Any]:
        self.goes_on.wait()
        return self._session.run(outputs, inputs)


class Counting:
    """A model whose runs are counted, of which the first may fail."""

    def __init__(self, session: Any, fails: int = 0) -> None:
        self._session, self._fails = session, fails
        self.runs = 0

    def run(self, outputs: None, inputs: Mapping[str, Any]) -> list[Any]:
        self.runs += 1
        if self.runs <= self._fails:
            raise MemoryError
        return self._session.run(outputs, inputs)


@pytest.mark.parametrize(
    ("asking", "own"),
    [
        ("any answer from the landlord yet?", "why is the answer None here? def f(): print(1)"),
        ("get rid of the 3pm on thursday", "get rid of the second parameter"),
        ("who is on call this weekend", "what does on_call do"),
    ],
)
def test_a_wish_for_something_outside_is_judged_above_work_of_ones_own(encoder: Encoder, asking: str, own: str):
    assert encoder.need(asking) > 0 > encoder.need(own)


def test_what_is_beyond_the_limit_makes_no_difference(encoder: Encoder):
    vectors = encoder.encode(["word " * MAX_TOKENS, "word " * MAX_TOKENS + "create an issue"])

    assert np.array_equal(vectors[0], vectors[1])


@pytest.mark.parametrize(
    ("prompt", "needed", "others"),
    [
        (
            "how much free space is left on the machine?",
            "disk usage: Report used and available storage per volume",
            ["send email: Send a message to a recipient", "create branch: Start a new line of development"],
        ),
        (
            "get rid of the picture of the cat",
            "delete image: Remove a photo from the library",
            ["upload image: Add a photo to the library", "delete user: Remove an account"],
        ),
        (
            "will i need an umbrella in Oslo tomorrow",
            "get forecast: Weather prediction for a place and day",
            ["get time: Current time in a city", "search flights: Connections between two airports"],
        ),
    ],
)
def test_a_prompt_is_nearest_to_the_tool_that_it_paraphrases(
    encoder: Encoder, prompt: str, needed: str, others: list[str]
):
    near, *far = encoder.encode([needed, *others]) @ encoder.encode([prompt])[0]

    assert near > max(far)


def test_nothing_heavy_is_imported_before_the_encoder_is_read():
    modules = "mcp_dynaload.encoder.sentence_encoder, mcp_dynaload.encoder.tool_text"
    code = f"import sys, {modules}; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=HANG_SECONDS).returncode == 0
