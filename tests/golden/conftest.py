import pytest

from mcp_dynaload.measure.quality.labelled import NamedCatalog
from tests.golden.catalogs import list_catalogs
from tests.untraced import untraced

__all__ = ["untraced"]


@pytest.fixture(scope="session")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NamedCatalog]:
    return list_catalogs(tmp_path_factory.mktemp("golden"))
