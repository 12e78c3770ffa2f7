"""Freed memory goes back to the system, where the C library can do that, and what stays is set aside."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_dynaload.machine import freed_memory
from mcp_dynaload.machine.freed_memory import claim_process, give_back, set_aside

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
def ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(freed_memory, "_PROCESS", freed_memory._Process())  # pyright: ignore[reportPrivateUsage]
    claim_process()
    yield
    gc.unfreeze()


class Knot:
    """An object that only the search for garbage frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("ours")
def test_what_stays_is_set_aside_and_looked_through_only_the_next_time() -> None:
    knot = Knot()
    set_aside()
    gone = weakref.ref(knot)
    del knot
    gc.collect()
    assert gone() is not None, "it was set aside"

    set_aside()

    assert gone() is None


def test_nothing_is_set_aside_in_a_process_of_somebody_else_though_that_sets_aside_itself() -> None:
    gc.freeze()
    try:
        knot = Knot()
        set_aside()
        gone = weakref.ref(knot)
        del knot
        gc.collect()
    finally:
        gc.unfreeze()

    assert gone() is None
