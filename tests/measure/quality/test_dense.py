import sys
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.dense import PACKAGE, DenseRanker, Similarities, open_minilm
from mcp_dynaload.ranking.query import Query
from tests.builders import a_catalog, a_tool


class SharedLetters:
    """An encoder for which texts are as alike as they share letters; unlike ones are opposed."""

    def compare(self, texts: Sequence[str]) -> Similarities:
        self.texts = list(texts)
        return lambda text: [2 * len(set(text) & set(one)) / len(set(text)) - 1 for one in texts]


def test_tools_are_encoded_by_name_and_description() -> None:
    encoder = SharedLetters()
    DenseRanker(a_catalog([a_tool("log", "Show history"), a_tool("commit")]), encoder)
    assert encoder.texts == ["commit: ", "log: Show history"]


def test_the_nearest_tools_come_first_and_the_cosine_stands_for_the_probability() -> None:
    ranker = DenseRanker(a_catalog([a_tool("xyz"), a_tool("ab"), a_tool("abcd")]), SharedLetters())
    ranked = ranker.rank(Query("abcd"), 3)
    assert [(scored.name, scored.score, scored.probability) for scored in ranked] == [
        ("git__abcd", 1.0, 1.0),
        ("git__ab", 0.0, 0.0),
        ("git__xyz", -1.0, 0.0),
    ]
    assert ranker.rank(Query("abcd"), 1) == ranked[:1]


class _Row(list[float]):
    """A vector, or a matrix of such rows, as far as the encoder needs one."""

    def __init__(self, rows: Sequence[Sequence[float]], one: bool) -> None:
        super().__init__(rows[0] if one else [])
        self.rows = rows

    def __matmul__(self, other: "_Row") -> "_Row":
        return _Row([[sum(x * y for x, y in zip(row, other, strict=True)) for row in self.rows]], one=True)

    def tolist(self) -> list[float]:
        return list(self)


def test_the_packaged_model_encodes_tools_once_and_compares_by_cosine(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def encode(texts: Sequence[str] | str, *, normalize_embeddings: bool, show_progress_bar: bool) -> _Row:
        assert normalize_embeddings
        assert not show_progress_bar
        calls.append(texts)
        vectors = {"north": (0.0, 1.0), "east": (1.0, 0.0), "north-east": (0.6, 0.8)}
        return _Row([vectors[text] for text in ([texts] if isinstance(texts, str) else texts)], isinstance(texts, str))

    package = SimpleNamespace(load_model=lambda device: SimpleNamespace(encode=encode))  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.setitem(sys.modules, PACKAGE, package)  # pyright: ignore[reportArgumentType]
    encoder = open_minilm()
    first, second = encoder.compare(["north", "east"]), encoder.compare(["north", "east"])
    assert first("north-east") == second("north-east") == [0.8, 0.6]
    assert calls == [["north", "east"], "north-east", "north-east"]


def test_a_missing_encoder_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)  # pyright: ignore[reportArgumentType]: this is how Python marks it
    with pytest.raises(ConfigError, match=r"pip install 'mcp-dynaload\[dense\]'"):
        open_minilm()
