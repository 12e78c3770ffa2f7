import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from mcp_dynaload.cli.eval import evaluate
from mcp_dynaload.errors import ConfigError
from tests.builders import a_definition
from tests.measure.quality.builders import a_line, write_catalog, write_lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_catalog(tmp_path / "catalogs" / "small.json")
    write_lines(tmp_path / "tasks" / "all.jsonl", a_line("h1", "show the commit history", "git/log"))
    write_lines(tmp_path / "negatives" / "chat.jsonl", a_line("c1", "thanks"))
    return tmp_path


def _run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(evaluate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "250"})


def _files(folder: Path) -> tuple[str | Path, ...]:
    tasks, negatives = folder / "tasks" / "all.jsonl", folder / "negatives" / "chat.jsonl"
    return "--catalog", folder / "catalogs" / "small.json", "--tasks", tasks, "--negatives", negatives


def test_one_ranker_s_report_is_one_object(folder: Path) -> None:
    found = json.loads(_run(*_files(folder), "--json").stdout)
    assert (found["ranker"], found["tasks"], found["negatives"]) == ("blended", 1, 1)
    assert found["recall_at_k"]["1"] == 1.0
    assert set(found["selection"]) == {"conservative", "balanced", "aggressive"}


def test_several_rankers_are_reported_by_name(folder: Path) -> None:
    arguments = ("--ranker", "bm25", "--ranker", "default", "--strategy", "aggressive", "--json")
    found = json.loads(_run(*_files(folder), *arguments).stdout)["rankers"]
    assert {name: report["ranker"] for name, report in found.items()} == {"bm25": "bm25", "default": "blended"}
    assert set(found["bm25"]["selection"]) == {"aggressive"}


def test_tokens_are_counted_as_asked(folder: Path) -> None:
    chars, o200k = (json.loads(_run(*_files(folder), "--json", *more).stdout) for more in ((), ("--tokens", "o200k")))
    assert 0 < o200k["catalog_tokens"] != chars["catalog_tokens"] > 0


def test_the_table_shows_means_intervals_and_the_oracle(folder: Path) -> None:
    lines = _run(*_files(folder)).stdout.splitlines()
    assert lines[0].startswith("default: 1 tasks, 1 negatives, 4 tools, ")
    assert next(line.split() for line in lines if line.startswith("recall_at_tokens 500")) == [
        "recall_at_tokens", "500", "1.000", "1.000-1.000", "1.000",
    ]  # fmt: skip
    assert any(line.startswith("selection balanced abstained_negatives") for line in lines)


def test_a_replay_shows_every_figure_cold_and_learned(folder: Path) -> None:
    lines = (a_line(f"h{n}", "show the commit history", "git/log") for n in range(4))
    write_lines(folder / "tasks" / "all.jsonl", *lines)
    arguments = (*_files(folder), "--ranker", "lexical", "--replay")

    found = json.loads(_run(*arguments, "--json").stdout)
    shown = _run(*arguments).stdout.splitlines()

    assert (found["ranker"], found["prompts"], found["sessions"]) == ("lexical", 800, 20)
    assert found["learned"]["balanced"]["recall"] == found["cold"]["balanced"]["recall"] == 1.0
    assert shown[0] == "lexical: 800 prompts of projects after 20 sessions"
    assert [line.split() for line in shown if line.startswith("recall_at_tokens 2000")] == [
        ["recall_at_tokens", "2000", "1.000", "1.000", "1.000", "100%"]
    ]


def test_a_suite_is_one_table(folder: Path) -> None:
    done = _run("--suite", folder, "--ranker", "bm25", "--ranker", "lexical")
    rows = [line.split()[:3] for line in done.stdout.splitlines()[2:8]]
    assert rows == [
        ["all", "bm25", "1"],
        ["all", "lexical", "1"],
        ["mean", "bm25", "1.000"],
        ["mean", "lexical", "1.000"],
        ["chat", "bm25", "1"],
        ["chat", "lexical", "1"],
    ]


def test_a_suite_s_json_has_sets_negatives_and_the_mean(folder: Path) -> None:
    found = json.loads(_run("--suite", folder, "--json").stdout)
    assert set(found) == {"sets", "negatives", "mean"}
    assert found["sets"]["all"]["tasks"] == found["negatives"]["chat"]["negatives"] == 1


@pytest.mark.parametrize(
    "arguments",
    [(), ("--tasks", "t.jsonl"), ("--suite", "s", "--catalog", "c.json"), ("--suite", "s", "--replay")],
)
def test_what_to_evaluate_must_be_clear(arguments: tuple[str, ...]) -> None:
    failed = _run(*arguments)
    assert isinstance(failed.exception, ConfigError)
    assert "--catalog FILE with --tasks FILE or --detours FILE, or --suite DIR alone" in str(failed.exception)


@pytest.mark.parametrize("more", [(), ("--replay",)])
def test_tables_show_the_clients_own_search_beside_ours(folder: Path, more: tuple[str, ...]) -> None:
    lines = (a_line(f"h{n}", "show the commit history", "git/log") for n in range(4))
    write_lines(folder / "tasks" / "all.jsonl", *lines)
    shown = _run(*_files(folder), *more).stdout
    suite = _run("--suite", folder).stdout.splitlines()[2:8]

    heads = [line.split(":")[0] for line in shown.splitlines() if line.startswith(("default:", "toolsearch:"))]
    assert heads == ["default", "toolsearch"]
    assert [line.split()[1] for line in suite] == ["default", "toolsearch"] * 3


def test_what_searches_reach_is_shown_beside_the_clients_own(folder: Path) -> None:
    tasks = write_lines(
        folder / "two.jsonl", a_line("t", "commit history and new issue", "git/log", "github/list_issues")
    )
    arguments = "--catalog", folder / "catalogs" / "small.json", "--tasks", tasks, "--searches"

    shown, told = _run(*arguments).stdout, json.loads(_run(*arguments, "--json").stdout)

    assert [line.split()[0] for line in shown.splitlines()[-2:]] == ["default", "toolsearch"]
    assert (told["prompts"], told["needs"]) == (1, 2)
    assert isinstance(_run(*arguments, "--replay").exception, ConfigError)


def test_it_is_counted_how_often_tools_are_dangerous_together_are_told_of_and_would_wait(tmp_path: Path) -> None:
    write_catalog(
        tmp_path / "catalogs" / "small.json",
        {
            "mail": [a_definition("search_mail", "Search the mail"), a_definition("send_mail", "Send a mail")],
            "notes": [a_definition("read_note", "Read a note")],
        },
    )
    write_lines(
        tmp_path / "tasks" / "all.jsonl",
        a_line("m1", "search the mail, then send a mail", "mail/search_mail", "mail/send_mail"),
        a_line("m2", "send a mail after you search the mail", "mail/send_mail"),
        a_line("n1", "read a note", "notes/read_note"),
    )

    found = json.loads(_run("--flows", tmp_path, "--ranker", "lexical", "--json").stdout)
    table = _run("--flows", tmp_path, "--ranker", "lexical").stdout

    assert found == [{"name": "all", "prompts": 3, "whole": 2, "several": 0, "told": 1, "waiting": 2}]
    assert "2 (66.7%)" in table
    with pytest.raises(ConfigError, match="--flows DIR goes with no other"):
        evaluate(flows=tmp_path, suite=tmp_path)
