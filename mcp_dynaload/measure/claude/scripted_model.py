"""The model of the bench, a script: it does in each set-up what a model must do there to call the tools of a task.

It goes through what the task needs, one call an answer. It calls a tool whose definition the request has. For one that
it lacks it searches, with words that were fixed before; after `TRIES` searches it gives that need up. At last it
answers with a sentence. What it should call it is told; when it can, it sees in the request alone.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mcp_dynaload.measure.claude.model_api import Block, text, tool_use
from mcp_dynaload.measure.claude.model_request import ModelRequest
from mcp_dynaload.measure.claude.tasks import TRIES, BenchTask, TaskNeed
from mcp_dynaload.measure.claude.ways import Way

ANSWER = "That is done: I found what you asked for and made the change where one was needed."
"""The last answer to every prompt."""

REFUSALS = ("<tool_use_error>", "Claude requested permissions")
"""How the client answers a call that it does not pass on."""

StepKind = Literal["call", "search", "select", "agent", "answer"]


@dataclass(slots=True)
class Step:
    """One answer of the model."""

    request: int
    """The number of the request that it answers."""

    kind: StepKind
    blocks: list[Block]


@dataclass(slots=True)
class Progress:
    """One task as far as it is done."""

    task: BenchTask
    steps: list[Step] = field(default_factory=list[Step])
    place: int = 0
    """The place of the need that is next."""

    tries: int = 0
    """Searches for that need."""

    refused: int = 0
    """Calls for it that the client did not pass on."""

    reached: int = 0
    """Needs of which a tool was called and the call passed on."""

    at_once: int | None = None
    """Needs of which a tool could be called in the first request of who does the task; None: it was not made yet."""

    called: bool = False
    """The last step was a call for the need that is next."""

    agent_started: bool = False

    @property
    def missed(self) -> int:
        """Needs whose tool was never reached."""
        return len(self.task.needs) - self.reached

    def go_on(self) -> None:
        """Leave the need that was next."""
        self.place, self.tries, self.refused = self.place + 1, 0, 0


class ScriptedModel:
    """The answers of one session's model; `begin` says which task the next requests are for."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._turn = threading.Lock()
        self.progress: list[Progress] = []

    def begin(self, task: BenchTask) -> Progress:
        """Start a task."""
        self.progress.append(Progress(task))
        return self.progress[-1]

    def answer(self, request: ModelRequest) -> list[Block]:
        """Return the model's answer to a request of the session's own loop or a subagent's."""
        with self._turn:
            now = self.progress[-1]
            kind, block = self._next(now, request)
            now.steps.append(Step(request.number, kind, [block]))
            return [block]

    def _next(self, now: Progress, request: ModelRequest) -> tuple[StepKind, Block]:
        if now.task.agent is not None and request.kind == "main":
            if now.agent_started:
                return "answer", text(ANSWER)
            now.agent_started = True
            return "agent", _agent(now.task.agent)
        if now.at_once is None:
            now.at_once = sum(any(self._way.call(request, key) for key in need.tools) for need in now.task.needs)
        if now.called:
            _note_result(now, request)
        while now.place < len(now.task.needs):
            step = self._towards(now, now.task.needs[now.place], request)
            if step is not None:
                return step
            now.go_on()
        return "answer", text(ANSWER)

    def _towards(self, now: Progress, need: TaskNeed, request: ModelRequest) -> tuple[StepKind, Block] | None:
        """Return the call of a tool that serves, or the next search for it; nothing once that is given up."""
        for key in need.tools:
            call = self._way.call(request, key)
            if call is not None and now.refused < TRIES:
                now.called = True
                return "call", call
        if now.tries >= TRIES:
            return None
        search = self._way.search(request, need.tools, need.queries[now.tries])
        if search is None:
            return None
        now.tries += 1
        return ("select" if "select:" in str(search["input"]) else "search"), search


def _note_result(now: Progress, request: ModelRequest) -> None:
    """Go on to the next need, or count a call that the client refused as a try."""
    now.called = False
    if request.last_result.startswith(REFUSALS):
        now.refused += 1
    else:
        now.reached += 1
        now.go_on()


def _agent(prompt: str) -> Block:
    arguments: Mapping[str, str | bool] = {
        "description": "the task",
        "prompt": prompt,
        "subagent_type": "general-purpose",
        "run_in_background": False,
    }
    return tool_use("Agent", arguments)
