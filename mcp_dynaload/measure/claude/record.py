"""The figures of one task, from the requests that the client made for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from mcp_dynaload.measure.claude.model_request import ModelRequest
from mcp_dynaload.measure.claude.prompt_cache import IDLE_SECONDS, OUTPUT, Input, PromptCache, output_tokens, parts_of
from mcp_dynaload.measure.claude.scripted_model import Progress, Step
from mcp_dynaload.measure.claude.tasks import BenchSession

REQUEST_SECONDS = 2.0
"""Time that a model request is taken to last, where it matters how old an entry of the cache is."""


@dataclass(frozen=True, slots=True)
class Played:
    """One task as it was played."""

    progress: Progress
    requests: tuple[ModelRequest, ...]
    """The requests of the session's loop and its subagent's, without the client's asides."""

    seconds: float
    """From the prompt to its result, the scripted model answering at once."""

    processes: int
    """The client and all that it had started, when the prompt was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFigures:
    """One task in one set-up."""

    set_up: str
    model: str
    session: str
    task: str
    kind: str
    source: str
    has_agent: bool
    requests: int
    searches: int
    selects: int
    """Searches by name for a definition that stands beside the prompt as text."""

    input_tokens: float
    """The tokens of a request, on average."""

    definition_tokens: float
    """Those of them that belong to definitions of MCP tools."""

    search_tokens: int
    """Written by the model to search."""

    output_tokens: int
    """Written by the model in all."""

    units: float
    """The cost in tokens of plain input, the prompts following each other."""

    idle_units: float
    """The same where five minutes pass before the prompt, so that nothing is left in the cache."""

    needs: int
    """Things that it needs a tool for."""

    at_once: int
    """Those needs of which a tool was there in the first request."""

    missed: int
    """Those needs whose tool was never reached."""

    seconds: float
    """From the prompt to its result, the scripted model answering at once and the machine as busy as it was."""

    processes: int


def figures_of(set_up: str, model: str, session: BenchSession, played: Sequence[Played]) -> list[TaskFigures]:
    """Return the figures of a session's tasks, in order."""
    close, idle = PromptCache(), PromptCache()
    found: list[TaskFigures] = []
    now = 0.0
    for number, task in enumerate(played):
        inputs: list[Input] = []
        idle_units = 0.0
        for request in task.requests:
            parts = parts_of(request)
            inputs.append(close.ask(parts, now))
            idle_units += idle.ask(parts, now + number * 2 * IDLE_SECONDS).units
            now += REQUEST_SECONDS
        steps = task.progress.steps
        written = _written(steps)
        found.append(
            TaskFigures(
                set_up=set_up,
                model=model,
                session=session.name,
                task=task.progress.task.id,
                kind=task.progress.task.kind,
                source=session.source,
                has_agent=task.progress.task.agent is not None,
                requests=len(task.requests),
                searches=sum(step.kind in ("search", "select") for step in steps),
                selects=sum(step.kind == "select" for step in steps),
                input_tokens=fmean(asked.tokens for asked in inputs),
                definition_tokens=fmean(asked.definitions for asked in inputs),
                search_tokens=_written([step for step in steps if step.kind in ("search", "select")]),
                output_tokens=written,
                units=sum(asked.units for asked in inputs) + OUTPUT * written,
                idle_units=idle_units + OUTPUT * written,
                needs=len(task.progress.task.needs),
                at_once=task.progress.at_once or 0,
                missed=task.progress.missed,
                seconds=task.seconds,
                processes=task.processes,
            )
        )
    return found


def _written(steps: Sequence[Step]) -> int:
    return sum(output_tokens(step.blocks) for step in steps)
