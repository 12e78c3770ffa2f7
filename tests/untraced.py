"""For tests that compute much: what they run is covered by others, and counting its lines would double their time."""

from collections.abc import Generator

import pytest
from coverage import Coverage


@pytest.fixture(scope="module", autouse=True)
def untraced() -> Generator[None]:
    counting = Coverage.current()
    if counting is not None:
        counting.stop()
    yield
    if counting is not None:
        counting.start()
