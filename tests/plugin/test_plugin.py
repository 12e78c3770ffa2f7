"""The plugin as the client itself judges it: its files valid, its module's own tests green."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mcp_dynaload import __version__
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from tests.installed import E2E, ROOT
from tests.plugin.own_server import BRINGING, LAUNCHER, files
from tests.waiting import HANG_SECONDS

CLAUDE = E2E / "node_modules" / ".bin" / "claude"
PLUGIN = ROOT / "mcp_dynaload" / "plugin"
MODULE_TESTS = Path(__file__).with_name("dynaload.test.ts")

pytestmark = pytest.mark.proves("every-prompt")


def client(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    command = [str(CLAUDE), "plugin", *arguments]
    return subprocess.run(
        command, cwd=home, env=environ, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )


@pytest.mark.parametrize("folder", [PLUGIN, BRINGING, ROOT], ids=["linked", "bringing", "marketplace"])
def test_the_client_finds_nothing_to_warn_of(tmp_path: Path, folder: Path) -> None:
    judged = client(tmp_path, "validate", "--strict", str(folder))

    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize("folder", [PLUGIN, BRINGING], ids=["linked", "bringing"])
def test_the_modules_own_tests_pass_in_the_client(tmp_path: Path, folder: Path) -> None:
    copy = tmp_path / "plugin"
    shutil.copytree(folder, copy)
    shutil.copy(MODULE_TESTS, copy / "hooks")

    ran = client(tmp_path, "test", str(copy))

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 fail" in ran.stdout + ran.stderr


def test_nothing_but_our_own_files_is_in_its_folder() -> None:
    assert files_in(PLUGIN) == {".claude-plugin/plugin.json", "hooks/dynaload.js", "hooks/hooks.json"}
    assert files_in(BRINGING) == {*files_in(PLUGIN), LAUNCHER}


def files_in(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


@pytest.mark.proves("own-server")
def test_the_marketplaces_plugin_is_the_packages_with_a_server() -> None:
    assert {name: (BRINGING / name).read_text() for name in files()} == files()
    marketplace = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text())
    assert [ROOT / plugin["source"] for plugin in marketplace["plugins"]] == [BRINGING]


def test_its_hooks_are_those_of_the_settings_and_its_version_is_ours() -> None:
    hooks = json.loads((PLUGIN / "hooks" / "hooks.json").read_text())
    manifest = json.loads((PLUGIN / ".claude-plugin" / "plugin.json").read_text())

    assert hooks == {"modules": ["./dynaload.js"], **hook_settings(are_plugins=True)}
    assert manifest["version"] == __version__
