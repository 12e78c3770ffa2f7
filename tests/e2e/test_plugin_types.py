"""The plugin's module against the client's own declarations, which the interactive client writes into the folder."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.stage import FROZEN_LIST_MODEL, NPM_BIN, Stage
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("every-prompt")


def check(types: Path) -> subprocess.CompletedProcess[str]:
    command = [str(NPM_BIN / "tsc"), "--project", str(types)]
    return subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)


def test_the_module_has_the_types_that_the_client_declares(stage: Stage) -> None:
    claude = stage.claude({}, model=FROZEN_LIST_MODEL, plugin=True)
    assert claude.plugin is not None
    types = claude.plugin / ".claude-plugin" / "types"
    settings = types / "tsconfig.json"
    with claude.terminal() as terminal:
        terminal.wait_until(lambda _: settings.exists() and settings.stat().st_size > 0, "the client's declarations")
    project = json.loads(settings.read_text())
    project["compilerOptions"] |= {"allowJs": True, "checkJs": True}
    settings.write_text(json.dumps(project))

    checked = check(types)
    module = claude.plugin / "hooks" / "dynaload.js"
    module.write_text(module.read_text().replace("$.mcp.connect(SERVER)", "$.mcp.connect({ server: SERVER })"))
    broken = check(types)

    assert checked.returncode == 0, checked.stdout
    assert "hooks/dynaload.js" in broken.stdout
