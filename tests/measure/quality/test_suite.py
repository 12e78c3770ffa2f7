from pathlib import Path

import pytest

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.intervals import Bootstrap
from mcp_dynaload.measure.quality.labelled import characters_in_fours
from mcp_dynaload.measure.quality.rankers import Models, RankerKind, ranker_named
from mcp_dynaload.measure.quality.suite import evaluate_suite, read_set, read_suite
from mcp_dynaload.selection.policy import Strategy
from tests.builders import FixedRanker
from tests.measure.quality.builders import a_line, write_catalog, write_lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_catalog(tmp_path / "catalogs" / "small.json")
    write_lines(tmp_path / "tasks" / "issues.jsonl", a_line("i1", "open an issue", "github/create_issue"))
    write_lines(
        tmp_path / "tasks" / "history.jsonl",
        a_line("h1", "the log", "git/log"),
        a_line("h2", "record it", "git/commit"),
    )
    write_lines(tmp_path / "negatives" / "chat.jsonl", a_line("c1", "thanks"))
    return tmp_path


def test_a_suite_is_every_file_with_the_catalog_it_names(folder: Path) -> None:
    suite = read_suite(folder, characters_in_fours)
    assert [(found.name, len(found.tasks)) for found in suite.sets] == [("history", 2), ("issues", 1)]
    assert [(found.name, found.tasks[0].prompt) for found in suite.negatives] == [("chat", "thanks")]
    assert {len(found.known.catalog.tools) for found in suite.sets + suite.negatives} == {4}


def test_a_suite_is_reported_set_by_set_and_on_average(folder: Path) -> None:
    done: list[str] = []
    suite = read_suite(folder, characters_in_fours)
    report = evaluate_suite(
        suite, ranker_named("bm25"), Models(), (Strategy.BALANCED,), Bootstrap(), done.append
    ).as_json()
    assert done == ["history", "issues", "chat"]
    assert {name: found["tasks"] for name, found in report["sets"].items()} == {"history": 2, "issues": 1}
    assert report["negatives"]["chat"]["selection"] == {
        "balanced": {"abstained_negatives": 1.0, "tools_in_vain": 0, "tokens_in_vain": 0}
    }
    shares = [found["recall_at_k"]["1"] for found in report["sets"].values()]
    assert shares == [1.0, 1.0]
    assert report["mean"]["recall_at_k"]["1"] == 1.0
    assert report["mean"]["oracle"]["recall_at_tokens"]["500"] == 1.0


def test_a_catalog_is_indexed_once_for_all_sets(folder: Path) -> None:
    built: list[int] = []

    def build(catalog: object, models: object) -> FixedRanker:
        built.append(1)
        return FixedRanker({})

    kind = RankerKind("counting", build, reads_session=True)
    suite = read_suite(folder, characters_in_fours)
    evaluate_suite(suite, kind, Models(), (Strategy.BALANCED,), Bootstrap(), lambda name: None)
    assert built == [1]


def test_a_folder_without_tasks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no tasks/\*\.jsonl"):
        read_suite(tmp_path, characters_in_fours)


def test_a_negative_that_needs_a_tool_is_an_error(folder: Path) -> None:
    write_lines(folder / "negatives" / "wrong.jsonl", a_line("n1", "the log", "git/log"))
    with pytest.raises(ConfigError, match=r"task 'n1' of '.*wrong\.jsonl' needs tools: it is no negative"):
        read_suite(folder, characters_in_fours)


def test_a_set_of_single_files_needs_no_name_of_a_catalog(folder: Path) -> None:
    tasks = write_lines(folder / "own.jsonl", {"id": "o1", "query": "log", "tools": [{"server": "git", "tool": "log"}]})
    found = read_set(
        folder / "catalogs" / "small.json", tasks, folder / "negatives" / "chat.jsonl", characters_in_fours
    )
    assert [task.id for task in found.tasks] == ["o1", "c1"]
