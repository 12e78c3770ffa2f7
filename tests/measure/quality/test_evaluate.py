import json

import pytest

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.evaluate import evaluate, index
from mcp_dynaload.measure.quality.intervals import Bootstrap
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.measure.quality.rankers import Models, RankerKind, ranker_named
from mcp_dynaload.measure.quality.report import Report, mean_of_reports
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.policy import Strategy
from tests.builders import FixedRanker, a_catalog, developer_tools
from tests.measure.quality.builders import ListeningRanker, a_priced_catalog, a_task

CATALOG = a_priced_catalog(log=300, status=700, commit=3_000, push=16_000)


def _report(ranker: Ranker, *tasks: Task, reads_session: bool = True, catalog: Catalog = CATALOG) -> Report:
    kind = RankerKind("fixed", lambda catalog, models: ranker, reads_session=reads_session)
    indexed = index(kind, catalog, Models())
    return evaluate(indexed, tasks, (Strategy.BALANCED,), Bootstrap())


def _without_times(report: Report) -> Json:
    times = ("rank_ms", "index_ms")
    return {key: value for key, value in report.as_json().items() if key not in times}


def test_a_report_has_every_figure_under_its_name() -> None:
    ranker = FixedRanker({"git__log": 0.9, "git__commit": 0.6, "git__status": 0.01})
    found = _report(ranker, a_task("log"), a_task("status"), a_task("log", "push"), a_task()).as_json()
    assert (found["ranker"], found["tasks"], found["negatives"]) == ("fixed", 3, 1)
    assert (found["tools"], found["catalog_tokens"]) == (4, 20_000)
    assert found["recall_at_k"] == pytest.approx(
        {"1": 0.5, "3": 2.5 / 3, "5": 2.5 / 3, **dict.fromkeys(("10", "20", "50"), 2.5 / 3)}
    )
    assert found["covered_at_k"]["50"] == pytest.approx(2 / 3)
    # log, then status where commit does not fit beside it; all three fit in 4,000.
    assert found["recall_at_tokens"] == pytest.approx(
        {"500": 0.5, "1000": 2.5 / 3, "2000": 2.5 / 3, "4000": 2.5 / 3, "8000": 2.5 / 3, "16000": 2.5 / 3}
    )
    assert found["recall_at_reduction"] == pytest.approx(dict.fromkeys(("70", "80", "90", "95"), 2.5 / 3))
    assert found["covered_at_reduction"] == pytest.approx(dict.fromkeys(("70", "80", "90", "95"), 2 / 3))
    assert found["oracle"]["recall_at_tokens"]["8000"] == pytest.approx(2.5 / 3)
    # log and commit are loaded whatever is asked: 3,300 of 20,000.
    assert found["selection"] == {
        "balanced": {
            "recall": 0.5,
            "covered": pytest.approx(1 / 3),
            "reduction_mean": pytest.approx(0.835),
            "reduction_p10": pytest.approx(0.835),
            "tokens_mean": 3_300,
            "tools_mean": 2,
            "abstained": 0,
            "abstained_negatives": 0,
            "tools_in_vain": 2,
            "tokens_in_vain": 3_300,
        }
    }
    assert found["reliability"]["tools"] == 12
    assert found["reliability"]["needs_left_out"] == 1
    assert set(found["rank_ms"]) == {"p50", "p99"}
    assert 0 < found["rank_ms"]["p50"] <= found["rank_ms"]["p99"]
    assert found["index_ms"] >= 0
    json.dumps(found)


def test_each_mean_has_its_interval_under_the_same_name() -> None:
    ranker = FixedRanker({"git__log": 0.9})
    found = _report(ranker, *[a_task("log")] * 3, a_task("push"), a_task()).as_json()
    assert found["recall_at_k"]["1"] == 0.75
    low, high = found["intervals"]["recall_at_k"]["1"]
    assert (low, high) == (0.25, 1.0)
    assert found["intervals"]["selection"]["balanced"]["abstained_negatives"] == (0.0, 0.0)
    assert found["intervals"]["oracle"]["recall_at_tokens"]["500"] == (low, high)


def test_negatives_alone_have_no_recall() -> None:
    report = _report(FixedRanker({"git__log": 0.001}), a_task(), a_task()).as_json()
    assert report["selection"] == {"balanced": {"abstained_negatives": 1.0, "tools_in_vain": 0, "tokens_in_vain": 0}}
    assert "recall_at_k" not in report
    assert "rank_ms" not in report


def test_each_task_is_a_choice_of_its_own_even_when_prompts_repeat() -> None:
    ranker = FixedRanker({"git__log": 0.9})
    task = a_task("log", prompt="show the log", history=["show the log", "show the log"])
    report = _report(ranker, task, task)
    assert report.samples["selection", "balanced", "recall"] == [1, 1]


def test_rankers_of_the_product_read_the_session_and_baselines_the_prompt() -> None:
    task = a_task("log", prompt="close it", history=["list the issues"])
    for reads_session, contexts in ((True, [True, True]), (False, [True, False])):
        ranker = ListeningRanker()
        _report(ranker, task, reads_session=reads_session)
        assert [bool(query.context) for query in ranker.asked] == contexts


def test_the_earlier_prompts_help_a_follow_up() -> None:
    catalog = a_catalog(developer_tools())
    needs = (frozenset({"github__close_issue"}),)
    alone = Task("alone", "now close it", needs)
    after = Task("after", "now close it", needs, history=("list the issues of the repository on github",))
    reports = [
        evaluate(index(ranker_named("lexical"), catalog, Models()), [task], (Strategy.BALANCED,), Bootstrap())
        for task in (alone, after)
    ]
    without, with_history = (report.reliability.as_json()["bins"][-1]["mean_probability"] for report in reports)
    assert with_history > without
    assert reports[1].means["recall_at_k", "1"] == 1


def test_only_times_differ_between_two_runs() -> None:
    catalog = a_catalog(developer_tools())
    tasks = [
        Task("1", "close the issue", (frozenset({"github__close_issue"}),)),
        Task("2", "what changed in the repository?", (frozenset({"git__log"}),)),
        Task("3", "thanks", ()),
    ]
    first, second = (
        evaluate(index(ranker_named("default"), catalog, Models()), tasks, tuple(Strategy), Bootstrap())
        for _ in range(2)
    )
    assert _without_times(first) == _without_times(second)
    assert set(first.as_json()["selection"]) == {"conservative", "balanced", "aggressive"}


def test_the_mean_of_sets_counts_every_set_alike() -> None:
    ranker = FixedRanker({"git__log": 0.9})
    large, small = _report(ranker, *[a_task("log")] * 3), _report(ranker, a_task("push"), a_task())
    means = mean_of_reports([large, small])
    assert means["recall_at_k", "1"] == 0.5
    assert ("selection", "balanced", "abstained_negatives") not in means
    assert mean_of_reports([]) == {}
