"""The ranker of a catalog with given models, and where a set of tasks and its catalog lie."""

from pathlib import Path

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.encoder.own_work import read_own_work
from mcp_dynaload.encoder.tool_text import tool_texts
from mcp_dynaload.measure.quality.evaluate import Indexed
from mcp_dynaload.measure.quality.labelled import read_tasks
from mcp_dynaload.measure.quality.rankers import RANKERS
from mcp_dynaload.ranking.features import Coefficients
from mcp_dynaload.ranking.foreign_tools import tool_in_english
from mcp_dynaload.ranking.hybrid import HybridRanker, Reader
from mcp_dynaload.ranking.own_work import OwnWork
from mcp_dynaload.ranking.tool_vectors import encode_tools


def indexed(catalog: Catalog, coefficients: Coefficients, reader: Reader) -> Indexed:
    """Return the product's ranker with these models, as the evaluation takes it."""
    vectors = encode_tools([tool_texts(tool_in_english(tool)) for tool in catalog.tools], reader.encode)
    ranker = HybridRanker(catalog, vectors, OwnWork(*read_own_work()), reader, coefficients=coefficients)
    return Indexed(RANKERS["blended"], catalog, ranker, index_ms=0.0)


def files_of(bench: Path, name: str) -> tuple[Path, Path]:
    """Return the files of the catalog and of the tasks of a set."""
    tasks = bench / "tasks" / f"{name}.jsonl"
    return bench / "catalogs" / f"{read_tasks(tasks).catalog}.json", tasks
