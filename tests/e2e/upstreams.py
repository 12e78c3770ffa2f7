"""The real servers behind the proxy in these tests, and the files that configure them."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME
from tests.e2e.python_servers import python_server
from tests.installed import E2E
from tests.waiting import HANG_SECONDS

NODE = E2E / "bin" / "node"

COMMITS = ("Paint the harbour lighthouse", "Repair the drawbridge winch")
"""Subjects in the history of the repository that the git server serves."""

NOTE = "the ferry leaves at nine"
"""The content of the file that the filesystem server serves."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """A folder with a project, the files and repository that upstreams work on, and their configuration."""

    root: Path
    npm_bin: Path
    proxy_command: tuple[str, ...]

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def documents(self) -> Path:
        return self.project / "documents"

    @property
    def repository(self) -> Path:
        return self.root / "repository"

    @property
    def servers_file(self) -> Path:
        return self.root / "servers.json"

    def prepare(self) -> None:
        """Make the folders, the repository with its commits, and the servers file."""
        for folder in (self.project, self.documents, self.repository):
            folder.mkdir(parents=True)
        (self.documents / "note.txt").write_text(NOTE)
        self._commit()
        self.servers_file.write_text(json.dumps({"mcpServers": self._servers()}))

    def mcp_config(self, folder: Path, state: Path) -> Path:
        """Write the client's configuration, in which the proxy is the only server."""
        environment = {"MCP_DYNALOAD_CONFIG_DIR": str(folder / "config"), "MCP_DYNALOAD_STATE_DIR": str(state)}
        command, *arguments = self.proxy_command
        arguments += ["serve", "--config", str(self.servers_file)]
        entry = {"type": "stdio", "command": command, "args": arguments, "env": environment}
        file = folder / "mcp.json"
        file.write_text(json.dumps({"mcpServers": {SERVER_NAME: entry}}))
        return file

    def fill_catalog(self, state: Path) -> None:
        """List all upstreams once, so that sessions start from a filled cache as they do after `init`.

        Raises:
            RuntimeError: one of them could not be listed.
        """
        environment: Mapping[str, str] = os.environ | {
            "MCP_DYNALOAD_CONFIG_DIR": str(state / "config"),
            "MCP_DYNALOAD_STATE_DIR": str(state),
            "CLAUDE_PROJECT_DIR": str(self.project),
        }
        command = [*self.proxy_command, "refresh", "--config", str(self.servers_file)]
        done = subprocess.run(
            command, cwd=self.project, env=environment, capture_output=True, text=True, timeout=HANG_SECONDS
        )
        if done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stdout}\n{done.stderr}")

    def _servers(self) -> Json:
        memory = {"MEMORY_FILE_PATH": str(self.root / "memory.jsonl")}
        return {
            "git": python_server("mcp_server_git", "--repository", str(self.repository)),
            "time": python_server("mcp_server_time", "--local-timezone", "Europe/Lisbon"),
            "fetch": python_server("mcp_server_fetch"),
            "sqlite": python_server("mcp_server_sqlite", "--db-path", str(self.root / "harbour.db")),
            "files": self._npm_server("mcp-server-filesystem", str(self.documents)),
            "memory": {**self._npm_server("mcp-server-memory"), "env": memory},
            "everything": self._npm_server("mcp-server-everything", "stdio"),
        }

    def _npm_server(self, program: str, *arguments: str) -> Json:
        """Return the entry of a server that runs in the node that came with the packages: it starts faster."""
        return {"command": str(NODE), "args": [str(self.npm_bin / program), *arguments]}

    def _commit(self) -> None:
        identity = ["-c", "user.name=Harbour", "-c", "user.email=harbour@example.org"]
        git = ["git", "-C", str(self.repository), *identity]
        subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
        for subject in COMMITS:
            subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", subject], check=True)
