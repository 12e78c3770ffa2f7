import json
from pathlib import Path

import pytest

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.labelled import Task, characters_in_fours, read_catalog, read_tasks, tasks_of
from tests.measure.quality.builders import a_line, write_catalog, write_lines


def test_a_tool_costs_what_its_compact_definition_counts(tmp_path: Path) -> None:
    path = write_catalog(tmp_path / "c.json", {"s": [{"name": "ping", "description": "Pïng", "title": "not counted"}]})
    known = read_catalog(path, len)
    wire = '{"name":"ping","description":"Pïng","inputSchema":{"type":"object"}}'
    assert dict(known.catalog.costs) == {"s__ping": len(wire)}
    assert known.names == {"s/ping": "s__ping"}


def test_four_characters_are_a_token() -> None:
    assert [characters_in_fours("x" * length) for length in (0, 1, 3, 4, 9, 11)] == [0, 0, 1, 1, 2, 3]


def test_tasks_name_tools_by_their_advertised_names(tmp_path: Path) -> None:
    known = read_catalog(write_catalog(tmp_path / "c.json"), len)
    line = a_line(
        "t1",
        "now close it\u2028please",
        "git/log",
        "github/create_issue",
        alts={"git/log": ["git/commit", "gone/tool"]},
        optional=[{"server": "github", "tool": "list_issues"}, {"server": "gone", "tool": "tool"}],
        history=["first", "second"],
        source="ignored",
    )
    path = tmp_path / "t.jsonl"
    path.write_text(f"{json.dumps(line, ensure_ascii=False)}\n\n", encoding="utf-8")
    assert tasks_of(read_tasks(path), known) == (
        Task(
            id="t1",
            prompt="now close it\u2028please",
            needs=(frozenset({"git__log", "git__commit"}), frozenset({"github__create_issue"})),
            optional=frozenset({"github__list_issues"}),
            history=("first", "second"),
        ),
    )


def test_a_tool_listed_twice_is_one_need(tmp_path: Path) -> None:
    known = read_catalog(write_catalog(tmp_path / "c.json"), len)
    file = read_tasks(write_lines(tmp_path / "t.jsonl", a_line("t1", "log", "git/log", "git/log")))
    assert tasks_of(file, known)[0].needs == (frozenset({"git__log"}),)


def test_a_needed_tool_that_the_catalog_lacks_is_an_error(tmp_path: Path) -> None:
    known = read_catalog(write_catalog(tmp_path / "c.json"), len)
    file = read_tasks(write_lines(tmp_path / "t.jsonl", a_line("t1", "push", "git/push")))
    with pytest.raises(ConfigError, match=r"task 't1' of '.*t\.jsonl' needs 'git/push', which is not in the catalog"):
        tasks_of(file, known)


def test_the_lines_of_a_file_name_one_catalog(tmp_path: Path) -> None:
    one = read_tasks(write_lines(tmp_path / "one.jsonl", a_line("a", "x"), a_line("b", "y")))
    two = read_tasks(write_lines(tmp_path / "two.jsonl", a_line("a", "x"), {**a_line("b", "y"), "catalog": "other"}))
    none = read_tasks(write_lines(tmp_path / "none.jsonl", {"id": "a", "query": "x", "tools": []}))
    assert one.catalog == "small"
    for file in (two, none):
        with pytest.raises(ConfigError, match="no or several catalogs"):
            _ = file.catalog


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no tasks"),
        ('\n{"id": "a", "query": "x"}\n', r"line 2 of .* is no task: tools: Field required"),
        ("{", "line 1 of .* is no task"),
    ],
)
def test_a_broken_task_file_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_tasks(path)


def test_a_catalog_of_another_shape_is_an_error(tmp_path: Path) -> None:
    path = write_catalog(tmp_path / "c.json", {"git": [{"description": "nameless"}]})
    with pytest.raises(ConfigError, match=r"is no catalog .*: git\.0\.name: Field required"):
        read_catalog(path, len)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.jsonl' cannot be read"):
        read_tasks(tmp_path / "gone.jsonl")
