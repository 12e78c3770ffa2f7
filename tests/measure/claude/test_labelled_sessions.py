"""The sessions over a developer's catalog: those that were written for the bench, and those that are drawn."""

import json
from collections import Counter
from pathlib import Path

import pytest

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.claude.labelled_sessions import (
    DRAWN,
    DRAWN_SESSIONS,
    WRITTEN,
    drawn_sessions,
    labelled_data,
    written_sessions,
)
from mcp_dynaload.measure.claude.tasks import KINDS, NOTHING, TRIES
from mcp_dynaload.measure.quality.labelled import NamedCatalog, characters_in_fours, read_catalog

TOOLS = ("find", "count", "move")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Return a folder as of labelled prompts, small."""
    for name in ("tasks", "negatives", "catalogs"):
        (tmp_path / name).mkdir()
    (tmp_path / "catalogs/dev.json").write_text(json.dumps({"ships": [{"name": name} for name in TOOLS]}))
    for name in ("vendor_evals_dev", "mcpproxy_golden_dev", "imbios_claudecode"):
        lines = [
            {"id": f"{name}-{n}", "query": f"find {n} ships", "tools": needed(TOOLS[: 1 + n % 2])} for n in range(8)
        ]
        (tmp_path / f"tasks/{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    for name in ("copilot_chat", "codegen_instruct"):
        says = [json.dumps({"id": f"{name}-{n}", "query": f"say {n}", "tools": []}) for n in range(8)]
        (tmp_path / f"negatives/{name}.jsonl").write_text("\n".join(says))
    return tmp_path


def needed(tools: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"server": "ships", "tool": tool} for tool in tools]


def known(folder: Path) -> NamedCatalog:
    return read_catalog(folder / "catalogs/dev.json", characters_in_fours)


def test_the_written_tasks_are_of_all_kinds_and_each_need_has_its_searches() -> None:
    sessions = written_sessions()
    tasks = [task for session in sessions for task in session.tasks]
    kinds = Counter(task.kind for task in tasks)

    assert len(tasks) >= 40
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 5
    assert all((task.kind == NOTHING) == (not task.needs) for task in tasks)
    assert {len(need.queries) for task in tasks for need in task.needs} == {TRIES}
    assert all(1 <= len(session.tasks) <= 6 for session in sessions)
    assert sum(any(task.agent for task in session.tasks) for session in sessions) >= len(sessions) / 3
    assert len({need.tools[0][0] for task in tasks for need in task.needs}) >= 15


def test_what_a_search_asks_comes_from_the_task() -> None:
    for session in written_sessions():
        for task in session.tasks:
            for need in task.needs:
                assert need.queries[1].startswith(need.tools[0][0])
                assert all(need.queries)


def test_a_seed_draws_the_same_sessions_again_and_the_last_needs_nothing(labelled: Path) -> None:
    one, again, other = (drawn_sessions(labelled, known(labelled), seed) for seed in (1, 1, 2))

    assert one == again != other
    assert [session.name for session in one] == [
        *(f"drawn-{number}" for number in range(DRAWN_SESSIONS)),
        "drawn-nothing",
    ]
    assert [task.kind for task in one[1].tasks] == ["single", "two", "nothing", "single"]
    assert {task.kind for task in one[-1].tasks} == {NOTHING}
    assert [task.agent is not None for task in one[0].tasks] == [False, True, False, False]
    assert len({task.id for session in one for task in session.tasks}) == sum(len(session.tasks) for session in one)


def test_a_folder_with_few_prompts_gives_few_sessions(labelled: Path) -> None:
    for name in ("vendor_evals_dev", "mcpproxy_golden_dev"):
        (labelled / f"tasks/{name}.jsonl").write_text(json.dumps({"id": name, "query": "find", "tools": needed(TOOLS)}))

    assert [session.name for session in drawn_sessions(labelled, known(labelled), 1)] == [
        "drawn-0",
        "drawn-1",
        "drawn-nothing",
    ]


def test_both_kinds_of_sessions_take_turns(labelled: Path) -> None:
    sessions = written_sessions()
    definitions: dict[str, list[dict[str, str]]] = {"ships": [{"name": name} for name in TOOLS]}
    for server, tool in {key for one in sessions for task in one.tasks for need in task.needs for key in need.tools}:
        definitions.setdefault(server, []).append({"name": tool})
    (labelled / "catalogs/dev.json").write_text(json.dumps(definitions))

    data = labelled_data(labelled, 1)

    assert Counter(session.source for session in data.sessions) == {WRITTEN: len(sessions), DRAWN: DRAWN_SESSIONS + 1}
    assert {session.source for session in data.sessions[:3]} == {WRITTEN, DRAWN}


def test_a_folder_without_a_catalog_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"catalogs/dev\.json' cannot be read"):
        labelled_data(tmp_path, 1)
