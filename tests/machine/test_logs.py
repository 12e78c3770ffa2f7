"""Our log, in which libraries write, too."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted import IN_CONTEXT, TOKENS

LOG = """
import logging, sys
from pathlib import Path
import structlog
from mcp_dynaload.machine.logs import hand_logs_over, set_up_logs
from mcp_dynaload.masking import Masker
known, *secrets = sys.argv[2:]
if sys.argv[1] == "program":
    logging.basicConfig()
    hand_logs_over("mcp_dynaload", None, Masker.of([known]))
else:
    set_up_logs("info", Path(sys.argv[1]) / "logs", to_stderr=True, masker=Masker.of([known]))
    for secret in (known, *secrets):
        logging.getLogger("a.library").error("it said %s", secret)
        try:
            raise OSError(secret)
        except OSError:
            logging.getLogger("a.library").exception("it broke")
log = structlog.get_logger("mcp_dynaload.x")
for secret in (known, *secrets):
    log.warning("it_said", words=secret, more={"inside": [secret]})
    try:
        raise OSError(secret)
    except OSError:
        log.exception("it_broke")
"""

FULL = """
import resource, signal, sys
from pathlib import Path
import structlog
from mcp_dynaload.machine.logs import set_up_logs
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
set_up_logs("info", Path(sys.argv[1]) / "logs", to_stderr=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
for _ in range(3):
    structlog.get_logger("mcp_dynaload.x").warning("it_said")
"""

KNOWN = "Known to/ü nobody 4711"


@pytest.mark.proves("secrets")
@pytest.mark.parametrize("where", ["file", "program"])
def test_no_secret_is_in_our_log_whoever_wrote_the_line(tmp_path: Path, where: str) -> None:
    place = where if where == "program" else str(tmp_path)
    texts = [*TOKENS.values(), *(text for text, _ in IN_CONTEXT.values())]

    done = subprocess.run([sys.executable, "-c", LOG, place, KNOWN, *texts], capture_output=True, text=True, check=True)

    written = done.stderr + "".join(file.read_text() for file in tmp_path.rglob("*.log"))
    assert written.count("it_broke") >= len(texts)
    assert [
        secret
        for secret in (KNOWN, *TOKENS.values(), *(secret for _, secret in IN_CONTEXT.values()))
        if secret in written
    ] == []


def test_a_log_that_cannot_be_written_is_told_once_and_not_with_a_traceback_for_each_line(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)

    file = tmp_path / "logs" / "dynaload.log"
    assert done.stderr == f"mcp-dynaload: {file} cannot be written ([Errno 27] File too large)\n"
