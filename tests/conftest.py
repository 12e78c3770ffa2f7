"""For all tests."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """We run on asyncio, as do uvicorn and the stdio transport; a test dependency brings trio, which counts otherwise."""
    return "asyncio"
