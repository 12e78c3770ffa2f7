"""Plays one session of the bench in the real client, in one set-up, and counts what runs then."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.measure.claude.client import STDERR_LOG, ClaudeCode, PrintSession
from mcp_dynaload.measure.claude.model_api import ModelApi
from mcp_dynaload.measure.claude.record import Played, TaskFigures, figures_of
from mcp_dynaload.measure.claude.scripted_model import ScriptedModel
from mcp_dynaload.measure.claude.setups import SetUp
from mcp_dynaload.measure.claude.tasks import BenchSession, BenchTask

SETTLED_SECONDS = 1.0
"""All that a client has started counts as started once it has used next to nothing for so long."""

SETTLED_SHARE = 0.05
"""The share of a core that is next to nothing."""

START_SECONDS = 60.0
"""So long the first prompt waits at most for that: no set-up loses tasks to a slow start."""


MAX_REASON = 1_000
"""Characters of what went wrong that are told: the last ones."""


@dataclass(frozen=True, slots=True)
class Playing:
    """One session to be played."""

    session: BenchSession
    set_up: SetUp
    model: str
    folder: Path
    """Its own."""

    project: Path
    binary: Path


def play(playing: Playing) -> list[TaskFigures]:
    """Play a session and return the figures of its tasks.

    Raises:
        DynaloadError: The client ends, or gives no result.
    """
    playing.folder.mkdir(parents=True)
    files = playing.set_up.files(playing.folder)
    servers = playing.folder / "mcp.json"
    servers.write_text(json.dumps({"mcpServers": files.servers}), encoding="utf-8")
    model = ScriptedModel(playing.set_up.way)
    with ModelApi(model.answer) as api:
        client = ClaudeCode(
            binary=playing.binary,
            home=playing.folder / "home",
            project=playing.project,
            api=api,
            mcp_config=servers,
            settings=files.settings,
            model=playing.model,
            extra_environment=files.environment,
            plugin=files.plugin,
        )
        try:
            with client.print_session() as session:
                _wait_until_settled(session.pid)
                played = [_play_task(task, session, api, model) for task in playing.session.tasks]
        except (OSError, EOFError, RuntimeError, psutil.Error) as error:
            where = f"session {playing.session.name!r}, {playing.set_up.name}, {playing.model}"
            raise DynaloadError(f"{where}: {str(error)[-MAX_REASON:]}; {_complaint(client.home)}") from error
    return figures_of(playing.set_up.name, playing.model, playing.session, played)


def _complaint(home: Path) -> str:
    """Return the last that the client has written to stderr."""
    log = home / STDERR_LOG
    return f"the client's stderr ends with {log.read_text(errors='replace')[-MAX_REASON:].strip()!r}"


def _play_task(task: BenchTask, session: PrintSession, api: ModelApi, model: ScriptedModel) -> Played:
    before = len(api.requests)
    progress = model.begin(task)
    session.ask(task.prompt)
    seconds = time.monotonic() - session.asked_at
    requests = tuple(request for request in api.requests[before:] if request.kind != "side")
    if not requests:
        raise RuntimeError(f"the client made no model request for {task.prompt!r}")
    return Played(progress, requests, seconds, 1 + len(psutil.Process(session.pid).children(recursive=True)))


def _wait_until_settled(pid: int) -> None:
    """Wait until the client and what it starts have nothing to do, as it is when a user has typed a prompt."""
    deadline = time.monotonic() + START_SECONDS
    before = -1.0
    while time.monotonic() < deadline:
        used = _used_seconds(pid)
        if 0 <= used - before < SETTLED_SHARE * SETTLED_SECONDS:
            return
        before = used
        time.sleep(SETTLED_SECONDS)


def _used_seconds(pid: int) -> float:
    """Return the processor time of the client and all that it has started."""
    client = psutil.Process(pid)
    total = 0.0
    for process in (client, *client.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total
