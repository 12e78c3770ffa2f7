"""The rankers that can be evaluated, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.bm25 import Bm25Ranker
from mcp_dynaload.measure.quality.dense import DenseRanker, SimilarityEncoder, open_minilm
from mcp_dynaload.measure.quality.fusion import FusionRanker
from mcp_dynaload.measure.quality.tool_search import ToolSearchRanker
from mcp_dynaload.ranking.lexical import build_ranker
from mcp_dynaload.ranking.ranker import Ranker

if TYPE_CHECKING:
    from mcp_dynaload.encoder.sentence_encoder import Encoder as OurEncoder

DEFAULT = "default"
"""The ranker that the product uses, whichever that is."""

PRODUCT = "blended"
"""The ranker that `DEFAULT` means."""


NATIVE = "toolsearch"
"""The ranker that the client has without us: its own search."""


class Models:
    """The encoders, read when the first ranker asks for them and then shared."""

    def __init__(self, open_encoder: Callable[[], SimilarityEncoder] = open_minilm) -> None:
        self._open_encoder = open_encoder

    @cached_property
    def ours(self) -> "OurEncoder":
        """The encoder that travels with us."""
        from mcp_dynaload.encoder.sentence_encoder import (
            read_encoder,  # numpy and the runtime: only where it is evaluated
        )

        return read_encoder()

    @cached_property
    def minilm(self) -> SimilarityEncoder:
        """The untrained encoder."""
        return self._open_encoder()


@dataclass(frozen=True, slots=True)
class RankerKind:
    """The way in which a ranker is built, and what it reads."""

    name: str
    build: Callable[[Catalog, Models], Ranker]
    reads_session: bool
    """Whether it gets prompts as a session would pass them: cleaned, with what was said before.

    The others' usual methods get the bare text of the prompt."""


def _tool_search(catalog: Catalog, models: Models) -> Ranker:
    return ToolSearchRanker(catalog)


def _bm25(catalog: Catalog, models: Models) -> Ranker:
    return Bm25Ranker(catalog)


def _lexical(catalog: Catalog, models: Models) -> Ranker:
    return build_ranker(catalog)


def _dense(catalog: Catalog, models: Models) -> Ranker:
    return DenseRanker(catalog, models.minilm)


def _fusion(catalog: Catalog, models: Models) -> Ranker:
    return FusionRanker(catalog, (_lexical(catalog, models), _dense(catalog, models)))


def _blended(catalog: Catalog, models: Models) -> Ranker:
    from mcp_dynaload.encoder.own_work import read_own_work
    from mcp_dynaload.encoder.tool_text import tool_texts
    from mcp_dynaload.ranking.foreign_tools import tool_in_english
    from mcp_dynaload.ranking.hybrid import HybridRanker
    from mcp_dynaload.ranking.own_work import OwnWork
    from mcp_dynaload.ranking.tool_vectors import encode_tools

    vectors = encode_tools([tool_texts(tool_in_english(tool)) for tool in catalog.tools], models.ours.encode)
    return HybridRanker(catalog, vectors, OwnWork(*read_own_work()), models.ours)


_KINDS = (
    RankerKind(NATIVE, _tool_search, reads_session=False),
    RankerKind("bm25", _bm25, reads_session=False),
    RankerKind("lexical", _lexical, reads_session=True),
    RankerKind("dense", _dense, reads_session=False),
    RankerKind("fusion", _fusion, reads_session=True),
    RankerKind("blended", _blended, reads_session=True),
)

RANKERS: Mapping[str, RankerKind] = {kind.name: kind for kind in _KINDS}


def ranker_named(name: str) -> RankerKind:
    """Return the ranker with this name.

    Raises:
        ConfigError: There is none.
    """
    kind = RANKERS.get(PRODUCT if name == DEFAULT else name)
    if kind is None:
        raise ConfigError(f"there is no ranker {name!r}: use one of {', '.join((*RANKERS, DEFAULT))}")
    return kind
