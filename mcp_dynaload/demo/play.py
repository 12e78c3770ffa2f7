"""Plays a scenario through the real proxy and notes what is not as it should be."""

import os
import signal
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import anyio
from mcp import MCPError, StdioServerParameters

from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.catalog.names import FIND_TOOLS
from mcp_dynaload.demo.outcome import PromptOutcome, ScenarioOutcome
from mcp_dynaload.demo.plugin_client import FirstRequest, PluginClient, plug_in
from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios.steps import (
    Called,
    CalledAtOnce,
    Cleared,
    CommandTyped,
    Killed,
    ListChecked,
    Misnamed,
    Prompt,
    Scenario,
    Searched,
    Step,
    Subagent,
    Together,
    TurnDone,
)
from mcp_dynaload.demo.typist import full_name, text_of, typist

SHOWN = 120
"""Characters of a prompt or an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The stage that scenarios are played on."""

    start: Callable[[], StdioServerParameters]
    """Another session of the proxy."""

    costs: Mapping[str, int]
    """Tokens of each upstream tool's definition."""

    processes: Path
    """A folder with the process id of each running upstream, in a file of its name."""


@dataclass(slots=True)
class _SessionNotes:
    """The outcomes of the sessions of one scenario."""

    prompts: list[PromptOutcome] = field(default_factory=list[PromptOutcome])
    failures: list[str] = field(default_factory=list[str])
    hook_milliseconds: list[float] = field(default_factory=list[float])
    call_milliseconds: list[float] = field(default_factory=list[float])

    def add(self, other: "_SessionNotes") -> None:
        """Add what came of another session."""
        self.prompts += other.prompts
        self.failures += other.failures
        self.hook_milliseconds += other.hook_milliseconds
        self.call_milliseconds += other.call_milliseconds


async def play(kind: ScenarioType, scenario: Scenario, stage: Stage) -> ScenarioOutcome:
    """Play a scenario in a session of its own."""
    notes = _SessionNotes()
    async with _session(stage, notes) as session:
        for step in scenario.steps:
            await session.take(step)
    slow = [time for time in notes.hook_milliseconds if time > scenario.max_ms]
    notes.failures += [f"an answer took {time:,.0f} ms, more than {scenario.max_ms:,.0f}" for time in slow]
    return ScenarioOutcome(
        kind,
        scenario.name,
        not notes.failures,
        tuple(notes.failures),
        fmean(prompt.reduction for prompt in notes.prompts) if notes.prompts else None,
        tuple(notes.prompts),
        tuple(notes.hook_milliseconds),
        tuple(notes.call_milliseconds),
    )


@asynccontextmanager
async def _session(stage: Stage, notes: _SessionNotes) -> AsyncGenerator["_PlayedSession"]:
    async with typist(stage.start(), has_plugin=True) as client:
        yield _PlayedSession(await plug_in(client, stage.costs), stage, notes)


@dataclass(slots=True)
class _PlayedSession:
    client: PluginClient
    stage: Stage
    notes: _SessionNotes

    async def take(self, step: Step) -> None:
        """Do it, and note what came of it."""
        match step:
            case Prompt():
                before = await self.client.names()
                request = await self.client.prompt(step.text)
                await self._judge(step.text, step.needs, before, request)
            case Subagent():
                before = await self.client.names()
                request = await self.client.start_agent(step.text)
                await self._judge(step.text, step.needs, before, request)
            case CommandTyped():
                await self._command(step)
            case Called():
                await self._call(step)
            case Misnamed():
                await self._misname(step)
            case Searched():
                await self._search(step)
            case ListChecked():
                await self._check_list(step)
            case Cleared():
                await self.client.clear()
            case TurnDone():
                await self.client.end_turn()
            case Killed():
                pid = int((self.stage.processes / step.server).read_text())
                os.kill(pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            case Together():
                await self._together(step.sessions)
            case CalledAtOnce():
                async with anyio.create_task_group() as tasks:
                    for call in step.calls:
                        tasks.start_soon(self._call, call)

    async def _judge(self, text: str, needs: Sequence[str] | None, before: set[str], request: FirstRequest) -> None:
        self.notes.hook_milliseconds.append(request.milliseconds)
        missed = tuple(need for need in needs or () if not _either(need) & request.defined)
        saved = reduction(sum(self.stage.costs.values()), request.tokens)
        shown = _shown(text)
        needed = None if needs is None else len(needs)
        loaded = tuple(sorted(request.defined))
        self.notes.prompts.append(
            PromptOutcome(shown, loaded, needed, missed, request.tokens, saved, request.milliseconds)
        )
        self._fail_unless(not missed, f"“{shown}” did not load {', '.join(missed)}")
        if needs == ():
            added = sorted(await self.client.names() - before)
            self._fail_unless(not added, f"“{shown}” needs nothing, but loaded {', '.join(added)}")

    async def _command(self, step: CommandTyped) -> None:
        answer = await self.client.command(step.line)
        self.notes.hook_milliseconds.append(answer.milliseconds)
        if step.says is None or answer.reason is None:
            is_right = step.says is None and answer.reason is None
            self._fail_unless(is_right, f"/{step.line} was {'not ' if step.says else ''}taken for a command of ours")
            return
        said = " ".join(answer.reason.split())
        for text in step.says:
            self._fail_unless(text in said, f"/{step.line} did not say {text!r} but {_shown(said)!r}")

    async def _call(self, step: Called) -> None:
        failure = ""
        for _ in range(step.tries):
            started = time.perf_counter()
            result = await self.client.call(full_name(step.tool), step.arguments)
            self.notes.call_milliseconds.append((time.perf_counter() - started) * 1000)
            text, is_error = text_of(result), bool(result.is_error)
            if step.says in text and is_error == step.fails:
                return
            failure = (
                f"{step.tool} {'failed' if is_error else 'answered'} with {_shown(text)!r}, not with {step.says!r}"
            )
        self.notes.failures.append(failure)

    async def _misname(self, step: Misnamed) -> None:
        try:
            result = await self.client.call(step.name, {})
        except MCPError as error:
            self._fail_unless(step.says in error.error.message, f"{step.name!r}: {_shown(error.error.message)}")
        else:
            self._fail_unless(False, f"{step.name!r} was called: {_shown(text_of(result))}")

    async def _search(self, step: Searched) -> None:
        result = await self.client.call(FIND_TOOLS, {"query": step.query})
        names = await self.client.names()
        missed = [need for need in step.needs if not _either(need) & names]
        self._fail_unless(not result.is_error, f"the search for {step.query!r} failed: {_shown(text_of(result))}")
        self._fail_unless(not missed, f"the search for {step.query!r} did not load {', '.join(missed)}")

    async def _check_list(self, step: ListChecked) -> None:
        names = await self.client.names()
        lacking = [tool for tool in step.tools if full_name(tool) not in names]
        there = [tool for tool in step.absent if full_name(tool) in names]
        self._fail_unless(not lacking, f"{', '.join(lacking)} should be listed")
        self._fail_unless(not there, f"{', '.join(there)} should not be listed")

    async def _together(self, sessions: Sequence[Sequence[Step]]) -> None:
        """Start all sessions before the first one types; outcomes are noted in the sessions' order."""
        first, *others = sessions
        notes = [_SessionNotes() for _ in others]
        waiting = len(others)
        ready = anyio.Event()

        async def go(steps: Sequence[Step], noted: _SessionNotes) -> None:
            nonlocal waiting
            async with _session(self.stage, noted) as session:
                waiting -= 1
                if not waiting:
                    ready.set()
                await ready.wait()
                for step in steps:
                    await session.take(step)

        async with anyio.create_task_group() as tasks:
            for steps, noted in zip(others, notes, strict=True):
                tasks.start_soon(go, steps, noted)
            await ready.wait()
            for step in first:
                await self.take(step)
        for noted in notes:
            self.notes.add(noted)

    def _fail_unless(self, is_right: bool, failure: str) -> None:
        if not is_right:
            self.notes.failures.append(failure)


def _either(need: str) -> set[str]:
    return set(map(full_name, need.split("|")))


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
