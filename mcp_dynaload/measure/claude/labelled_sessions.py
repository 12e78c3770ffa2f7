"""Sessions of the bench over a developer's catalog: those written for it, and those drawn from labelled prompts."""

import random
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel

from mcp_dynaload.measure.claude.tasks import (
    NOTHING,
    BenchData,
    BenchSession,
    BenchTask,
    Key,
    TaskNeed,
    in_turn,
    queries,
    task,
)
from mcp_dynaload.measure.quality.labelled import (
    NamedCatalog,
    Task,
    characters_in_fours,
    read_catalog,
    read_tasks,
    tasks_of,
)

CATALOG = "dev"
"""The catalog over which the sessions were written."""

WRITTEN = "written for this bench"
DRAWN = "labelled by others"

DRAWN_SETS = ("vendor_evals_dev", "mcpproxy_golden_dev", "imbios_claudecode")
DRAWN_NEGATIVES = ("copilot_chat", "codegen_instruct")
DRAWN_SESSIONS = 6
"""The number of them, each of four prompts: a single, one that needs several tools, one that needs none, a single."""

IDLE_TASKS = 4
"""In the one session whose prompts all need nothing."""

AGENT_EVERY = 2
"""Every second of the drawn sessions has its second task done by a subagent."""


class _NeedLine(BaseModel, extra="forbid"):
    tools: list[str]
    words: str


class _PromptLine(BaseModel, extra="forbid"):
    kind: str
    prompt: str
    needs: list[_NeedLine]
    agent: str | None = None


class _SessionLine(BaseModel, extra="forbid"):
    session: str
    prompts: list[_PromptLine]


def labelled_data(folder: Path, seed: int) -> BenchData:
    """Read the catalog in a folder of labelled prompts; return sessions over it, of both kinds in turn.

    Raises:
        ConfigError: A file cannot be read, or a task's tool is not in the catalog.
    """
    known = read_catalog(folder / "catalogs" / f"{CATALOG}.json", characters_in_fours)
    return BenchData(known, in_turn(drawn_sessions(folder, known, seed), written_sessions()))


def written_sessions() -> list[BenchSession]:
    """Return the sessions that were written for the bench, over the servers of a developer's catalog."""
    text = files("mcp_dynaload").joinpath("measure/claude/sessions.jsonl").read_text(encoding="utf-8")
    return [_session(_SessionLine.model_validate_json(line)) for line in text.splitlines()]


def drawn_sessions(folder: Path, known: NamedCatalog, seed: int) -> list[BenchSession]:
    """Draw sessions from the labelled prompts in a folder, the last one of prompts that need nothing.

    Raises:
        ConfigError: A file cannot be read, or a task's tool is not in the catalog.
    """
    chance = random.Random(seed)
    tasks = [found for name in DRAWN_SETS for found in tasks_of(read_tasks(folder / "tasks" / f"{name}.jsonl"), known)]
    negatives = [
        found
        for name in DRAWN_NEGATIVES
        for found in tasks_of(read_tasks(folder / "negatives" / f"{name}.jsonl"), known)
    ]
    keys = {name: _key(reference) for reference, name in known.names.items()}
    singles = _some(chance, [found for found in tasks if len(found.needs) == 1], 2 * DRAWN_SESSIONS)
    several = _some(chance, [found for found in tasks if len(found.needs) > 1], DRAWN_SESSIONS)
    none = _some(chance, negatives, DRAWN_SESSIONS + IDLE_TASKS)
    rows = zip(singles[::2], several, none[IDLE_TASKS:], singles[1::2], strict=False)
    mixed = [
        BenchSession(
            f"drawn-{number}",
            DRAWN,
            tuple(
                _drawn(found, keys, is_agents=number % AGENT_EVERY == 0 and place == 1)
                for place, found in enumerate(row)
            ),
        )
        for number, row in enumerate(rows)
    ]
    idle = tuple(_drawn(found, keys, is_agents=False) for found in none[:IDLE_TASKS])
    return [*mixed, BenchSession(f"drawn-{NOTHING}", DRAWN, idle)]


def _session(line: _SessionLine) -> BenchSession:
    return BenchSession(
        line.session,
        WRITTEN,
        tuple(
            BenchTask(
                id=f"{line.session}-{number}",
                kind=prompt.kind,
                prompt=prompt.prompt,
                needs=tuple(_need(need, prompt.agent or prompt.prompt) for need in prompt.needs),
                agent=prompt.agent,
            )
            for number, prompt in enumerate(line.prompts)
        ),
    )


def _need(line: _NeedLine, prompt: str) -> TaskNeed:
    tools = tuple(_key(tool) for tool in line.tools)
    return TaskNeed(tools, queries(line.words, tools[0][0], prompt))


def _some(chance: random.Random, tasks: Sequence[Task], many: int) -> list[Task]:
    return chance.sample(tasks, min(many, len(tasks)))


def _drawn(found: Task, keys: Mapping[str, Key], *, is_agents: bool) -> BenchTask:
    needs = [sorted(keys[name] for name in need) for need in found.needs]
    return task(found.id, found.prompt, needs, is_agents=is_agents)


def _key(reference: str) -> Key:
    server, _, tool = reference.partition("/")
    return server, tool
