"""For all tests."""

import pytest
from hypothesis import HealthCheck, settings

from tests.sharing import group_of, position_of

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """We run on asyncio, as uvicorn does; a test dependency brings trio, which would count otherwise."""
    return "asyncio"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let several processes share the suite: what belongs together stays together, what takes longest begins first."""
    items.sort(key=lambda item: position_of(item.nodeid))
    for number, item in enumerate(items):
        item.add_marker(pytest.mark.xdist_group(group_of(item.nodeid, number)))
