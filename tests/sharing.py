"""How several processes share the suite: the tests of a group run one after another in one of them."""

from zlib import crc32

CLIENTS = 2
"""So many real clients at a time: more would take the machine from each other while a user's patience is measured."""

LONGEST_FIRST = (
    "tests/e2e/",
    "tests/cli/test_validate.py",
    "tests/test_packages.py",
    "tests/cli/test_bench.py",
    "tests/cli/test_hostile_modules.py",
    "tests/http/test_rest.py",
    "tests/golden/",
    "tests/transparency/test_conformance.py",
    "tests/transparency/test_client_scenarios.py",
    "tests/faults/",
    "tests/transparency/test_parity.py",
    "tests/deploy/",
    "tests/http/",
    "tests/cli/",
    "tests/demo/",
    "tests/api/",
)
"""A process that begins with the long ones at the end keeps the others waiting."""

TOGETHER = ("tests/golden/",)
"""Folders whose fixtures are worth sharing."""

APART = (
    "tests/cli/test_validate.py",
    "tests/http/test_rest.py",
    "tests/faults/test_exit.py",
    "tests/transparency/test_client_scenarios.py",
)
"""Files whose tests take long and share nothing."""


def group_of(nodeid: str) -> str:
    """Name the group of a test: its file, but for the exceptions above."""
    file = nodeid.partition("::")[0]
    if file.startswith("tests/e2e/"):
        return f"client {crc32(nodeid.encode()) % CLIENTS}"
    if file in APART:
        return nodeid
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def position_of(nodeid: str) -> int:
    """Return when a test's turn is; files of one position keep their order."""
    for position, start in enumerate(LONGEST_FIRST):
        if nodeid.startswith(start):
            return position
    return len(LONGEST_FIRST)
