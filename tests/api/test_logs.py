"""A program keeps its own logging."""

import subprocess
from pathlib import Path

from tests.programs import TEXT
from tests.waiting import HANG_SECONDS

PROGRAM = """
import asyncio, logging
from mcp_dynaload import Dynaload, IntegrationMode
logging.basicConfig(level="INFO", format="%(name)s|%(message)s")
async def main():
    servers = {{"desk": {{"command": "no-such-program-x"}}}}
    async with Dynaload.open(mode=IntegrationMode.{mode}, config=servers) as dynaload:
        await dynaload.process_query("thanks")
asyncio.run(main())
logging.getLogger("mine").info("still here")
"""


def test_our_events_go_to_the_programs_logging_and_its_stdout_is_its_own(tmp_path: Path) -> None:
    said = {mode: _run(mode, tmp_path) for mode in ("TESTING", "DEVELOPMENT")}

    for done in said.values():
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr.splitlines()[-1] == "mine|still here"
        assert "mcp_dynaload.upstream.pool|event='upstream_not_listed'" in done.stderr
        assert "Logging error" not in done.stderr


def _run(mode: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    program = PROGRAM.format(mode=mode)
    return subprocess.run(
        TEXT, input=program, cwd=folder, env=environ, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
