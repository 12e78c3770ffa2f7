"""A person's machine with Claude Code's files on it, in a temporary folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.hosts.claude_code.backups import Write
from mcp_dynaload.hosts.claude_code.files import ClientSnapshot, Scope, find_claude_files, read_snapshot
from mcp_dynaload.hosts.claude_code.given_servers import GivenServers
from mcp_dynaload.hosts.claude_code.install_plan import InstallPlan
from mcp_dynaload.hosts.claude_code.installation import UserDialogue, install, uninstall
from mcp_dynaload.hosts.claude_code.login_probe import UpstreamEntry
from mcp_dynaload.machine.atomic_files import write_atomically

DATA = Path(__file__).with_name("data")
BEFORE_MODS = (2, 1, 200)
"""A client that runs no modules of plugins, and gets hooks in its settings."""

ENTRY: Json = {"type": "stdio", "command": "/opt/bin/mcp-dynaload", "args": ["serve"]}


class DeclinedError(Exception):
    """The user's no."""


@dataclass(frozen=True)
class Machine:
    root: Path
    shown: list[str] = field(default_factory=list[str])
    refreshes: list[str] = field(default_factory=list[str])
    probed: list[str] = field(default_factory=list[str])
    logins: Mapping[str, str] = field(default_factory=dict[str, str])
    agrees: bool = True
    client_version: tuple[int, ...] | None = BEFORE_MODS
    entry: Json = field(default_factory=lambda: dict(ENTRY))

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def project(self) -> Path:
        return self.root / "work" / "shop"

    @property
    def other(self) -> Path:
        return self.root / "work" / "other"

    @property
    def state(self) -> Path:
        return self.home / ".claude.json"

    @property
    def user_settings(self) -> Path:
        return self.home / ".claude" / "settings.json"

    @property
    def project_settings(self) -> Path:
        return self.project / ".claude" / "settings.json"

    @property
    def local_settings(self) -> Path:
        return self.project / ".claude" / "settings.local.json"

    @property
    def project_servers(self) -> Path:
        return self.project / ".mcp.json"

    @property
    def managed(self) -> Path:
        return self.root / "etc" / "claude-code"

    @property
    def locations(self) -> Locations:
        return Locations(self.home / ".config" / "mcp-dynaload", self.home / ".state", self.project)

    def snapshot(self, scope: Scope = "user", source: Path | None = None) -> ClientSnapshot:
        environ = {"HOME": str(self.home)}
        files = replace(find_claude_files(environ, self.project), managed_dir=self.managed)
        return read_snapshot(scope, files, self.locations, self.entry, environ, source, self.client_version)

    def installed(self) -> "Machine":
        """Return the same with our program where the client is told that it is."""
        program = self.write(self.root / "bin" / "mcp-dynaload", "#!/bin/sh\n")
        program.chmod(0o755)
        return replace(self, entry={**ENTRY, "command": str(program)})

    def init(
        self,
        scope: Scope = "user",
        source: Path | None = None,
        *,
        is_dry_run: bool = False,
        may_approve: bool = True,
        keeps_logins: bool = False,
        moves_secrets: bool = False,
        write: Write = write_atomically,
    ) -> InstallPlan:
        return install(
            self.snapshot(scope, source),
            UserDialogue(self.shown.append, self._confirm),
            self.probe,
            lambda: self.refreshes.append("refreshed"),
            is_dry_run=is_dry_run,
            may_approve=may_approve,
            keeps_logins=keeps_logins,
            moves_secrets=moves_secrets,
            write=write,
        )

    def _confirm(self) -> None:
        if not self.agrees:
            raise DeclinedError

    def init_given(self, given: GivenServers) -> InstallPlan:
        """Put servers of another program behind the proxy."""
        return install(
            replace(self.snapshot(), given=given),
            UserDialogue(self.shown.append, self._confirm),
            self.probe,
            lambda: self.refreshes.append("refreshed"),
            is_dry_run=False,
        )

    def uninstall(self) -> bool:
        return uninstall(self.locations.backups_dir, self.locations.state_dir, self.shown.append)

    def probe(self, upstream: UpstreamEntry) -> str | None:
        self.probed.append(upstream.name)
        return self.logins.get(upstream.name)

    def contents(self) -> dict[str, bytes | None]:
        """Return everything but our own state; None for folders."""
        return {
            str(path.relative_to(self.root)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.root.rglob("*"))
            if not path.is_relative_to(self.locations.state_dir)
        }

    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def write_json(self, path: Path, value: Json) -> Path:
        return self.write(path, json.dumps(value, indent=2) + "\n")

    def json(self, path: Path) -> Json:
        return json.loads(path.read_bytes())


def bare_machine(root: Path) -> Machine:
    """Make a machine with an empty home and project folder."""
    machine = Machine(root.resolve())
    for folder in (machine.home, machine.project, machine.other):
        folder.mkdir(parents=True)
    return machine


def used_machine(root: Path) -> Machine:
    """Make a machine on which Claude Code has been in use for long, from the files in `data`."""
    machine = replace(bare_machine(root), logins={"linear": "needs a login (it answered 401)"})
    places = {
        "claude.json": machine.state,
        "user_settings.json": machine.user_settings,
        "agent.md": machine.home / ".claude" / "agents" / "review" / "reviewer.md",
        "command.md": machine.home / ".claude" / "commands" / "pr.md",
        "skill.md": machine.home / ".claude" / "skills" / "clock" / "SKILL.md",
        "project_servers.json": machine.project_servers,
        "project_settings.json": machine.project_settings,
        "local_settings.json": machine.local_settings,
    }
    for name, place in places.items():
        text = (DATA / name).read_bytes().decode()
        machine.write(place, text.replace("@PROJECT@", str(machine.project)).replace("@OTHER@", str(machine.other)))
    return machine
