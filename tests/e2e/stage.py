"""Where the tests play: one workplace, and for each client a home, a state folder and a scripted model of its own."""

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from tests.e2e.claude import Claude
from tests.e2e.model_api import ModelApi, Step, script
from tests.e2e.model_request import Json
from tests.e2e.upstreams import Workplace
from tests.installed import E2E, ROOT, UPSTREAMS
from tests.programs import PYTHON

PROXY_COMMAND = (PYTHON, "-m", "mcp_dynaload")

NPM_BIN = E2E / "node_modules" / ".bin"
PYTHON_BIN = UPSTREAMS / "bin"
ARTEFACTS = ROOT / ".cache" / "e2e-artefacts"

DEFAULT_MODEL = None
FROZEN_LIST_MODEL = "claude-sonnet-5"
"""A model whose tool list the client does not change after a session's first request."""

PLUGIN = ROOT / "mcp_dynaload" / "plugin"

EXIT_SECONDS = 5.0
"""So long after the client has gone, our server and all upstreams are gone too."""

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Stage:
    """A builder of clients on the shared workplace, each with a home, a state folder and a scripted model."""

    workplace: Workplace
    filled_state: Path
    folder: Path
    stack: ExitStack

    def claude(
        self,
        turns: Mapping[str, Sequence[Step]],
        *,
        model: str | None = None,
        hooks: bool = True,
        plugin: bool = False,
        permissions: Json | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Claude:
        """Return a client whose model answers by `turns` (what the prompt contains, and the steps).

        With `plugin` it has our plugin, which brings the hooks.
        """
        state = self.folder / "state"
        if not state.exists():
            shutil.copytree(self.filled_state, state)
        return Claude(
            binary=NPM_BIN / "claude",
            home=self.folder / "home",
            project=self.workplace.project,
            api=self.stack.enter_context(ModelApi(script(turns))),
            mcp_config=self.workplace.mcp_config(self.folder, state),
            settings={
                "permissions": permissions or {"allow": ["mcp__dynaload__*"]},
                **(hook_settings() if hooks and not plugin else {}),
            },
            model=model,
            extra_environment=environment or {},
            plugin=self._plugin() if plugin else None,
            artefacts=ARTEFACTS,
        )

    def _plugin(self) -> Path:
        """Return a copy of our plugin: the client writes its type declarations into the folder of one."""
        copy = self.folder / "plugin"
        if not copy.exists():
            shutil.copytree(PLUGIN, copy)
        return copy

    def wait_until_all_processes_are_gone(self) -> None:
        """Wait for the end of everything that ran on this workplace: clients, our servers, upstreams.

        Raises:
            TimeoutError: some are left; they are ended then, so that later tests are not disturbed.
        """
        deadline = time.monotonic() + EXIT_SECONDS
        while left := [process for process in psutil.process_iter() if _is_at_work_in(self.workplace.root, process)]:
            if time.monotonic() > deadline:
                names = [(process.pid, process.cmdline()) for process in left]
                for process in left:
                    process.kill()
                raise TimeoutError(f"left behind {EXIT_SECONDS} s after the client: {names}")
            time.sleep(_POLL_SECONDS)


def _is_at_work_in(folder: Path, process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).is_relative_to(folder)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
