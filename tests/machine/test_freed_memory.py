"""Freed memory goes back to the system, where the C library can do that, and what stays is set aside."""

import gc
import re
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_dynaload.machine import freed_memory
from mcp_dynaload.machine.freed_memory import claim_process, give_back, let_go, set_aside, unmap_code
from mcp_dynaload.machine.own_process import ISOLATION
from tests.waiting import HANG_SECONDS

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

PASSED_ON = """
import json
import time
import anyio
from mcp_dynaload.machine import freed_memory
from mcp_dynaload.transport.jsonrpc_lines import LineReader, LineWriter

def kept_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

between = []

async def pass_on(size, many):
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"text": size * "."}}).encode() + b"\\n"
    chunks = many * [line[start:start + 65536] for start in range(0, len(line), 65536)]
    async def receive():
        return chunks.pop(0) if chunks else b""
    async def send(data):
        between.append(bytes(2_000))  # what stays keeps the library from giving back what is under it
    writer = LineWriter(send)
    async for item in LineReader(receive):
        await writer.send(item)

freed_memory.GIVE_BACK_SECONDS = 0.1
large, freed_memory.LARGE_BYTES = freed_memory.LARGE_BYTES, 1e9
anyio.run(pass_on, 1_000, 100)
before = kept_mb()
anyio.run(pass_on, 10_000_000, 4)
after = kept_mb()  # as it was before anything was given back
freed_memory.LARGE_BYTES = large
anyio.run(pass_on, large, 1)
ends = time.monotonic() + 10
while kept_mb() > before + (after - before) / 3 and time.monotonic() < ends:
    time.sleep(0.05)
print(after - before, kept_mb() - before)
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


def test_what_large_messages_took_is_given_back_once_they_are_passed_on() -> None:
    ended = subprocess.run([sys.executable, *ISOLATION, "-c", PASSED_ON], capture_output=True, check=True)
    kept, left = map(float, ended.stdout.split())
    assert kept > 15, "there is nothing to give back"
    assert left < kept / 3


def wait_for_timers() -> None:
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(HANG_SECONDS)


def test_only_what_is_large_has_memory_given_back_and_many_at_a_time_have_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[int] = []
    monkeypatch.setattr(freed_memory, "_trim", lambda: given.append)
    monkeypatch.setattr(freed_memory, "GIVE_BACK_SECONDS", 0.05)

    let_go(freed_memory.LARGE_BYTES - 1)
    assert not freed_memory._PROCESS.is_about_to_give_back  # pyright: ignore[reportPrivateUsage]
    for _ in range(3):
        let_go(freed_memory.LARGE_BYTES)

    wait_for_timers()
    assert given == [0]
    let_go(freed_memory.LARGE_BYTES)
    wait_for_timers()
    assert given == [0, 0]


SMAPS = b"""\
1000-3000 r--p 00000000 fe:00 26933                      /lib/one.so
Rss:                   8 kB
Anonymous:             0 kB
KsmMerged:             0 kB
VmFlags: rd mr mw me sd
3000-6000 r-xp 00002000 fe:00 26933                      /lib/one.so
Rss:                  12 kB
Anonymous:             0 kB
6000-7000 r--p 00005000 fe:00 26933                      /lib/one.so
Rss:                   4 kB
Anonymous:             4 kB
7000-8000 rw-p 00006000 fe:00 26933                      /lib/one.so
Rss:                   4 kB
Anonymous:             0 kB
8000-9000 r-xp 00000000 fe:00 26934                      /lib/patched while running.so
Rss:                   4 kB
Anonymous:             4 kB
9000-a000 r--p 00000000 fe:00 26935                      /share/weights
Rss:                   4 kB
Anonymous:             0 kB
a000-b000 r-xp 00000000 00:00 0                          [vdso]
Rss:                   4 kB
Anonymous:             0 kB
b000-c000 r-xp 00000000 00:00 0
Rss:                   4 kB
Anonymous:             0 kB
"""


def test_code_is_what_is_mapped_of_programs_as_it_is_in_their_files_and_nothing_that_was_written_to() -> None:
    parts = list(freed_memory._parts_of_code(SMAPS))  # pyright: ignore[reportPrivateUsage]
    assert parts == [(0x1000, 0x2000), (0x3000, 0x3000)]


def mapped_kb() -> int:
    found = re.search(r"RssFile:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


@pytest.mark.usefixtures("ours")
def test_code_that_ran_once_leaves_a_process_of_ours_and_comes_back_when_it_runs() -> None:
    before = mapped_kb()

    unmap_code()

    assert mapped_kb() < before / 2
    assert re.search("b+", "abbc") is not None


def test_the_code_of_a_process_of_somebody_else_stays_where_it_is() -> None:
    unmap_code()
    before = mapped_kb()
    unmap_code()
    assert mapped_kb() >= before
