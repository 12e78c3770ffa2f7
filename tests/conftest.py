"""For all tests."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """We run on asyncio, as uvicorn does; a test dependency brings trio, which would count otherwise."""
    return "asyncio"
