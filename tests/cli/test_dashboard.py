import json
import os
import signal
import subprocess
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from mcp_dynaload.store.journal import SqliteJournal
from mcp_dynaload.telemetry.codec import row_of
from tests.cli.conftest import Shell
from tests.programs import PYTHON
from tests.telemetry.events import a_prompt, opened
from tests.waiting import HANG_SECONDS


def test_the_dashboard_opens_over_the_journal_without_a_running_service(shell: Shell, notes_server: Any) -> None:
    shell.write_servers(notes_server)
    with closing(SqliteJournal(shell.state_dir / "journal.db", 30, 1_000, clock=lambda: 0.0)) as journal:
        journal.append([row_of(time.time(), event) for event in (opened(), a_prompt("git__log", listed=250))])

    command = [PYTHON, "-m", "mcp_dynaload", "dashboard", "--no-open"]
    log = Path(shell.folder / "stderr")
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            command, cwd=shell.project, env=shell.environ, stdout=subprocess.PIPE, stderr=stderr
        ) as process,
    ):
        try:
            assert process.stdout is not None
            address = process.stdout.readline().decode().strip()
            assert address.startswith("http://127.0.0.1:"), log.read_text()
            page = urllib.request.urlopen(address, timeout=HANG_SECONDS).read().decode()
            told = json.load(urllib.request.urlopen(f"{address}api/v1/dynamic-loading/overview", timeout=HANG_SECONDS))
        finally:
            os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=HANG_SECONDS) == 0, log.read_text()

    assert '<main id="view"' in page
    assert told["summary"]["tokens"]["net_saved"] == 750
    assert told["sessions"][0]["who"]["session"] == "s1"
