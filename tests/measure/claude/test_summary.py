"""Tables and chart of a run in the real client."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from mcp_dynaload.measure.claude.chart import chart
from mcp_dynaload.measure.claude.record import TaskFigures
from mcp_dynaload.measure.claude.setups import ALL_LOADED, NATIVE, PLUGIN
from mcp_dynaload.measure.claude.summary import (
    ALL,
    IDLE_SESSIONS,
    beside,
    by_set_up,
    dollars,
    dollars_for_hundred,
    paired,
    shares,
    tables,
)
from mcp_dynaload.measure.claude.tasks import NOTHING, SINGLE


def figures(set_up: str, task: str, requests: int, *, kind: str = SINGLE, missed: int = 0) -> TaskFigures:
    return TaskFigures(
        set_up=set_up,
        model="claude-sonnet-5",
        session=task.partition("-")[0],
        task=task,
        kind=kind,
        source="somebody",
        has_agent=False,
        requests=requests,
        searches=requests - 2,
        selects=0,
        input_tokens=1_000.0,
        definition_tokens=100.0 * requests,
        search_tokens=10,
        output_tokens=40,
        units=2_000.0 * requests,
        idle_units=3_000.0 * requests,
        needs=int(kind != NOTHING),
        at_once=int(requests == 2),
        missed=missed,
        seconds=0.5,
        processes=3,
    )


RUN = [
    figures(NATIVE, "a-0", 3),
    figures(NATIVE, "a-1", 5, missed=1),
    figures(NATIVE, "b-0", 1, kind=NOTHING),
    figures(PLUGIN, "a-0", 2),
    figures(PLUGIN, "a-1", 2),
    figures(PLUGIN, "b-0", 1, kind=NOTHING),
]


def test_a_set_ups_row_has_means_what_was_there_at_once_and_what_was_never_reached() -> None:
    table = by_set_up(RUN)
    rows = [dict(zip(table.heads, row, strict=True)) for row in table.rows]

    assert [row["set-up"] for row in rows] == [NATIVE, PLUGIN]
    assert [row["model requests"] for row in rows] == ["3.00", "1.67"]
    assert [row["tool at once"] for row in rows] == ["0%", "100%"]
    assert [row["cost, k units"] for row in rows] == ["6.0", "3.3"]
    assert [row["never reached"] for row in rows] == ["1 of 2", "0 of 2"]


@pytest.mark.proves("proof")
def test_ours_is_a_share_of_the_other_over_the_tasks_that_both_played() -> None:
    alone = figures(PLUGIN, "c-0", 50)
    table = beside([*RUN, alone], PLUGIN, NATIVE)
    rows = {row[0]: row[1:] for row in table.rows}

    assert len(paired([*RUN, alone], PLUGIN, NATIVE)) == 3
    assert rows[ALL][:2] == ("3", "0.56")
    assert rows[SINGLE] == ("2", "0.50", "0.50", "0.50", "0.50", "100% to 0%", "0 to 1")
    assert rows[IDLE_SESSIONS] == ("1", "1.00", "1.00", "1.00", "1.00", "- to -", "0 to 0")
    assert "somebody" not in rows, "all are of one source"


def test_shares_of_everything_have_an_interval_and_a_dash_where_the_other_has_nothing() -> None:
    free = [replace(task, definition_tokens=0.0) if task.set_up == NATIVE else task for task in RUN]
    (row,) = shares(free, [PLUGIN], [NATIVE]).rows

    assert row[:3] == (PLUGIN, NATIVE, "0.56 [0.40, 1.00]")
    assert row[-1] == "-"


def test_dollars_are_units_at_the_price_of_the_models_family() -> None:
    assert dollars(figures(NATIVE, "a-0", 500)) == pytest.approx(3.0)
    assert dollars_for_hundred(RUN) == pytest.approx({NATIVE: 1.8, PLUGIN: 1.0})


def test_every_table_is_also_markdown() -> None:
    found = tables([*RUN, *(replace(task, set_up=ALL_LOADED) for task in RUN if task.set_up == NATIVE)])

    assert len({table.title for table in found}) == len(found) == 4
    for table in found:
        assert len(table.as_markdown().splitlines()) == len(table.rows) + 4
        assert {len(row) for row in table.rows} == {len(table.heads)}


def test_the_chart_is_svg_with_a_bar_for_each_set_up_and_measure_in_both_colour_schemes() -> None:
    drawn = chart(RUN, "three tasks & no model")
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    bars = [shape for shape in root.iter(f"{space}rect") if shape.get("class")]
    texts = ["".join(text.itertext()) for text in root.iter(f"{space}text")]

    assert [bar.get("class") for bar in bars] == ["bar", "ours"] * 3
    widths = [float(str(bar.get("width"))) for bar in bars]
    assert all(width > 0 for width in widths)
    assert widths[1] / widths[0] == pytest.approx((5 / 3) / 3, abs=0.01)
    assert "three tasks & no model" in texts
    assert {NATIVE, PLUGIN} <= set(texts)
    assert "prefers-color-scheme: dark" in drawn
    right = max(float(str(bar.get("x"))) + float(str(bar.get("width"))) for bar in bars)
    assert right < float(str(root.get("width")))
