"""The official conformance suites, run against a URL, and what they say."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import anyio

from tests.installed import E2E

NODE = E2E / "bin" / "node"

Checks = dict[tuple[str, str], str]
"""Status by scenario and check; of a check that is made several times, the worst."""

_TIME = re.compile(r"-\d{4}-\d\d-\d\dT.*$")
_WORST_FIRST = ("FAILURE", "WARNING", "SUCCESS", "INFO", "SKIPPED")


@dataclass(frozen=True, slots=True)
class Suite:
    """A release of the suite and how it is asked to test everything for the revision of handshake clients."""

    name: str
    package: str
    options: tuple[str, ...] = ()


SUITES = (
    Suite("0.1.16", "@modelcontextprotocol/conformance"),
    Suite("0.2.0-alpha.12", "conformance-next", ("--spec-version", "2025-11-25")),
)

NEWEST = Suite("0.2.0-alpha.12 at 2026-07-28", "conformance-next", ("--spec-version", "2026-07-28"))
"""The revision without handshake, for a service that serves it."""


async def run_suite(suite: Suite, url: str, output: Path) -> Checks:
    """Run all server scenarios of a suite; its exit status says only that something failed, so it is not looked at."""
    program = E2E / "node_modules" / suite.package / "dist" / "index.js"
    command = [str(NODE), str(program), "server", "--url", url, "--suite", "all", *suite.options, "-o", str(output)]
    await anyio.run_process(command, check=False)
    return read_checks(output)


def read_checks(output: Path) -> Checks:
    """Read the output of a run: one folder for each scenario."""
    checks: Checks = {}
    for file in sorted(output.glob("*/checks.json")):
        scenario = _TIME.sub("", file.parent.name.removeprefix("server-"))
        for check in json.loads(file.read_text()):
            key = (scenario, str(check["id"]))
            statuses = (str(check["status"]), checks.get(key, "SKIPPED"))
            checks[key] = min(statuses, key=_WORST_FIRST.index)
    return checks
