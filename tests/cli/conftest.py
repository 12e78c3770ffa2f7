"""The command line through its real entry point, in a home of its own."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcp_dynaload.demo import embedded_servers
from tests.programs import PYTHON
from tests.waiting import HANG_SECONDS, PATIENT


@dataclass(frozen=True)
class Shell:
    """A folder with an empty home, and the program to run in it."""

    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def servers_file(self) -> Path:
        return self.folder / "home" / ".config" / "mcp-dynaload" / "servers.json"

    @property
    def state_dir(self) -> Path:
        return self.folder / "home" / ".local" / "state" / "mcp-dynaload"

    def write_servers(self, servers: Mapping[str, Any], path: Path | None = None) -> None:
        path = path or self.servers_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")

    @property
    def environ(self) -> dict[str, str]:
        return {"HOME": str(self.folder / "home"), "PATH": os.defpath, "COLUMNS": "100", **PATIENT}

    def run(
        self, *arguments: str, stdin: str | None = None, seconds: float = HANG_SECONDS, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PYTHON, "-m", "mcp_dynaload", *arguments],
            cwd=self.project,
            env={**self.environ, **variables},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.project.mkdir()
    (tmp_path / "home").mkdir()
    return shell


@pytest.fixture
def notes_server(tmp_path: Path) -> dict[str, Any]:
    """Return one of the embedded servers, as anybody would configure it."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return {"knowledge": {**embedded_servers(workspace)["knowledge"], "command": PYTHON}}
