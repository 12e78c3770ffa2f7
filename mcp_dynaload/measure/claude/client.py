"""Drivers of the real Claude Code without a terminal: one prompt, and several in a session."""

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.claude.model_api import ModelApi

API_KEY = "sk-ant-scripted-stand-in-0000000000000000"
PACE_SECONDS = 2.0
"""The time that a user takes at least before the next prompt; the client re-reads a list once a second at most."""

HANG_SECONDS = 120.0
"""For the result of a prompt that comes, however busy the machine is."""

EXIT_TIMEOUT_SECONDS = 10.0
STDERR_LOG = "stderr.log"
"""In the client's home."""

_KEY_SUFFIX_LENGTH = 20
_HOOK_EVENTS = "--include-hook-events"


@dataclass(frozen=True, slots=True)
class ClaudeCode:
    """The client as it is started: a home of its own, a clean environment, our server and settings."""

    binary: Path
    home: Path
    project: Path
    api: ModelApi
    mcp_config: Path
    settings: Json = field(default_factory=dict[str, object])
    model: str | None = None
    extra_environment: Mapping[str, str] = field(default_factory=dict[str, str])
    is_as_at_home: bool = False
    """It has the servers and settings that are in its home, and no others."""

    plugin: Path | None = None
    """A plugin's folder."""

    def with_settings(self, **changes: object) -> Self:
        """Return the same client with other keys in its settings file."""
        return replace(self, settings=self.settings | changes)

    @property
    def environment(self) -> dict[str, str]:
        """All of the client's environment."""
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "ANTHROPIC_BASE_URL": self.api.url,
            "ANTHROPIC_API_KEY": API_KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",
            **self.extra_environment,
        }

    def command(self, *more: str) -> list[str]:
        """Return the command line, after writing the files that it names."""
        self.write_state()
        model = ["--model", self.model] if self.model else []
        model += ["--plugin-dir", str(self.plugin)] if self.plugin else []
        if self.is_as_at_home:
            return [str(self.binary), *more, *model]
        settings = self.home / "e2e-settings.json"
        settings.write_text(json.dumps(self.settings))
        servers = ["--mcp-config", str(self.mcp_config), "--strict-mcp-config"]
        return [str(self.binary), *more, *model, "--settings", str(settings), *servers]

    def run_print(self, prompt: str, *more: str) -> Json:
        """Run one prompt with `-p`; the result event, with all events before it under `events`."""
        with self.print_session(*more) as session:
            return session.ask(prompt)

    def run_plugin(self, *arguments: str) -> None:
        """Run `claude plugin …`, which must succeed."""
        self.write_state()
        command = [str(self.binary), "plugin", *arguments]
        subprocess.run(command, cwd=self.project, env=self.environment, check=True, capture_output=True)

    def print_session(self, *more: str) -> "PrintSession":
        """Start several prompts in one session without a terminal."""
        return PrintSession(self, more)

    def write_state(self) -> None:
        """Answer what a new user is asked at the first start; a session before this one may have written more."""
        file = self.home / ".claude.json"
        self.home.mkdir(parents=True, exist_ok=True)
        if file.exists():
            return
        project = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
        state = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "customApiKeyResponses": {"approved": [API_KEY[-_KEY_SUFFIX_LENGTH:]], "rejected": []},
            "projects": {str(self.project): project},
        }
        file.write_text(json.dumps(state))


class PrintSession:
    """A session of `claude -p` with prompts and events as JSON lines."""

    def __init__(self, claude: ClaudeCode, more: Sequence[str]) -> None:
        flags = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", _HOOK_EVENTS]
        self._command = claude.command(*flags, *more)
        self._claude = claude
        self._events: queue.Queue[Json | None] = queue.Queue()
        self._answered_at: float | None = None
        self.asked_at = 0.0
        """When the last prompt was sent, on the monotonic clock."""

        self.session_id: str | None = None

    @property
    def pid(self) -> int:
        """The client's process."""
        return self._process.pid

    def ask(self, prompt: str, pace_seconds: float = PACE_SECONDS) -> Json:
        """Send a prompt at a user's pace and wait for its result event; `events` in it are those that led there.

        Raises:
            TimeoutError: no result came.
            RuntimeError: a hook failed, of which the user would see a notice.
        """
        if self._answered_at is not None:
            time.sleep(max(0.0, self._answered_at + pace_seconds - time.monotonic()))
        content = [{"type": "text", "text": prompt}]
        self.asked_at = time.monotonic()
        self._write({"type": "user", "message": {"role": "user", "content": content}})
        events: list[Json] = []
        deadline = time.monotonic() + HANG_SECONDS
        while not events or events[-1].get("type") != "result":
            events.append(self._next_event(deadline, events))
        if failed := [event for event in events if event.get("outcome", "success") != "success"]:
            raise RuntimeError(f"hooks failed: {failed}")
        self._answered_at = time.monotonic()
        self.session_id = str(events[-1]["session_id"])
        return events[-1] | {"events": events[:-1]}

    def _next_event(self, deadline: float, events: list[Json]) -> Json:
        try:
            event = self._events.get(timeout=max(0.01, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError(f"no result within {HANG_SECONDS} s; events so far: {events}") from None
        if event is None:
            raise EOFError(f"claude ended: {self._stderr.read_text()[-2000:]}; events: {events}")
        return event

    def _write(self, message: Json) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps(message) + "\n")
        stdin.flush()

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        with stdout:
            for line in stdout:
                self._events.put(json.loads(line))
        self._events.put(None)

    def __enter__(self) -> Self:
        self._stderr = self._claude.home / STDERR_LOG
        with self._stderr.open("a") as stderr:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=self._claude.project,
                env=self._claude.environment,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # of what a client that has ended did not take any more
            self._process.stdin.close()
        try:
            self._process.wait(EXIT_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            if error is None:
                raise
        finally:
            self._reader.join(EXIT_TIMEOUT_SECONDS)
