"""Freed memory goes back to the system, where the C library can do that, and what stays is set aside."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_dynaload.machine.freed_memory import give_back, set_aside

KEPT = """
from mcp_dynaload.machine.freed_memory import give_back

def kept_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

texts = [b"%0120d" % number for number in range(300_000)]
between = texts[::3_000]
del texts
freed = kept_mb()
give_back()
print(freed - kept_mb())
"""


def test_it_may_be_asked_for_again_and_again() -> None:
    give_back()
    give_back()


def test_it_is_given_back() -> None:
    # Blocks of 512 bytes and less are Python's own: with the C library's allocator all are the library's.
    ended = subprocess.run(
        [sys.executable, "-c", KEPT], env={"PYTHONMALLOC": "malloc"}, cwd=Path.cwd(), capture_output=True, check=True
    )
    assert float(ended.stdout) > 5


@pytest.fixture
def frozen_start() -> Iterator[None]:
    gc.freeze()
    yield
    gc.unfreeze()


class Knot:
    """An object that only the search for garbage frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("frozen_start")
def test_what_stays_is_set_aside_and_looked_through_only_again() -> None:
    knot = Knot()
    set_aside(again=False)
    gone = weakref.ref(knot)
    del knot
    gc.collect()
    assert gone() is not None, "it was set aside"

    set_aside(again=True)

    assert gone() is None


def test_nothing_is_set_aside_in_a_process_of_somebody_else() -> None:
    set_aside(again=False)

    assert gc.get_freeze_count() == 0
