"""The `claude` lines of the pages do in the real client what the pages say."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.claude import API_KEY
from tests.e2e.stage import NPM_BIN
from tests.installed import ROOT
from tests.pages import fences
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("clone")

LINES = [line for fence in fences("sh") for line in fence.text.splitlines() if line.startswith("claude ")]
CONNECTING = "claude --mcp-config claude_mcp.json --strict-mcp-config"
"""Begins a session, which `test_clone_config.py` does with these very files."""


def run(line: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Type the line as a user with nothing in their home."""
    environment = {
        "HOME": str(home),
        "PATH": f"{NPM_BIN}{os.pathsep}{os.environ['PATH']}",
        "ANTHROPIC_API_KEY": API_KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    here = line.replace("CLONE_OR_URL", str(ROOT))
    return subprocess.run(
        ["sh", "-c", here], cwd=home, env=environment, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )


def test_each_registers_what_it_is_said_to(tmp_path: Path) -> None:
    lines = [line for line in LINES if line != CONNECTING]
    for number, line in enumerate(lines):
        home = tmp_path / ("plugin" if line.startswith("claude plugin ") else str(number))
        home.mkdir(exist_ok=True)
        done = run(line, home)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        if line.startswith("claude mcp add "):
            assert '"dynaload"' in (home / ".claude.json").read_text()

    settings = json.loads((tmp_path / "plugin" / ".claude" / "settings.json").read_text())
    assert CONNECTING in LINES
    assert settings["enabledPlugins"] == {"dynaload@mcp-dynaload": True}
