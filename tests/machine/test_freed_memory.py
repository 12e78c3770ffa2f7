"""Freed memory goes back to the system, where the C library can do that."""

import subprocess
import sys
from pathlib import Path

from mcp_dynaload.machine.freed_memory import give_back

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
