"""For tests that compute much in this process: what they run of ours is covered by others, or is a process of its own.

Counting its lines would double their time.
"""

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
