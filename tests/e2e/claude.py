"""The real Claude Code in these tests: as the bench drives it, and in a terminal."""

import os
import shlex
import subprocess
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from mcp_dynaload.measure.claude.client import API_KEY, PACE_SECONDS, ClaudeCode, PrintSession
from tests.waiting import HANG_SECONDS

__all__ = ["API_KEY", "PACE_SECONDS", "Claude", "PrintSession", "TerminalSession"]

CONNECTED = '[MCP] Server "dynaload" connected'
"""The line that the client writes into its debug log when it has shaken hands; it lists at once then."""

PROMPT_MARK = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Claude(ClaudeCode):
    """The client, which a test may start in a terminal, too."""

    artefacts: Path | None = None
    """Where screens of failed interactive sessions are kept."""

    def terminal(self, *more: str, columns: int = 180) -> "TerminalSession":
        """Start the interactive client."""
        return TerminalSession(self, more, columns)

    @contextmanager
    def connected_terminal(self) -> Generator["TerminalSession"]:
        """Start the interactive client and wait until it has our server, and then as long as a user takes."""
        log = self.home / "debug.txt"
        with self.terminal("--debug-file", str(log)) as terminal:
            terminal.wait_until(lambda screen: log.exists() and CONNECTED in log.read_text(), "a connected server")
            time.sleep(PACE_SECONDS)
            yield terminal


class TerminalSession:
    """The interactive client in a tmux server of its own."""

    def __init__(self, claude: Claude, more: Sequence[str], columns: int) -> None:
        self._claude = claude
        self._columns = columns
        self._command = claude.command(*more)
        self._socket = f"dynaload-{uuid.uuid4().hex[:12]}"

    @property
    def screen(self) -> str:
        """The text that the user sees."""
        return self._tmux("capture-pane", "-p", "-t", "e2e")

    def ask(self, prompt: str) -> None:
        """Type a prompt, wait until the model has given its last answer to it, and then as long as a user takes."""
        api = self._claude.api
        before = api.answers(prompt)
        self.type_line(prompt)
        api.wait_for(lambda: api.answers(prompt) > before, HANG_SECONDS, f"answer to {prompt!r}")
        time.sleep(PACE_SECONDS)

    def type_line(self, line: str) -> None:
        """Type a line, wait until it is in the input box, and press Enter."""
        self.fill(line)
        self._tmux("send-keys", "-t", "e2e", "Enter")

    def fill(self, line: str) -> None:
        """Type a line and wait until it is in the input box."""
        self._tmux("send-keys", "-t", "e2e", "-l", line)
        self.wait_until(lambda screen: line[:30] in screen, f"the typed line {line!r}")

    def press(self, key: str) -> None:
        """Press a key, by tmux's name for it."""
        self._tmux("send-keys", "-t", "e2e", key)

    def clear(self) -> None:
        """Start a new conversation in the same client."""
        self.type_line("/clear")
        self.wait_until(lambda screen: "Done." not in screen, "an empty conversation")
        time.sleep(PACE_SECONDS)

    def compact(self) -> None:
        """Have the conversation summed up in the same client."""
        self.type_line("/compact")
        self.wait_until(lambda screen: "Compacted" in screen, "a summary in the place of the conversation")
        time.sleep(PACE_SECONDS)

    def wait_until(self, condition: Callable[[str], bool], what: str) -> None:
        """Wait until the screen meets a condition.

        Raises:
            TimeoutError: it does not in time.
        """
        deadline = time.monotonic() + HANG_SECONDS
        while not condition(screen := self.screen):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not on the screen in time: {what}\n{screen}")
            time.sleep(_POLL_SECONDS)

    def __enter__(self) -> Self:
        line = shlex.join(self._command)
        self._tmux("-f", os.devnull, "new-session", "-d", "-s", "e2e", "-x", str(self._columns), "-y", "50", line)
        try:
            self.wait_until(lambda screen: PROMPT_MARK in screen, "the input box")
        except TimeoutError:
            self._tmux("kill-server")
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._claude.artefacts is not None:
            self._claude.artefacts.mkdir(parents=True, exist_ok=True)
            (self._claude.artefacts / f"{self._socket}.txt").write_text(self.screen)
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        environment = self._claude.environment | {"TERM": "xterm-256color"}
        command = ["tmux", "-L", self._socket, *arguments]
        return subprocess.run(
            command, env=environment, cwd=self._claude.project, check=True, capture_output=True, text=True
        ).stdout
