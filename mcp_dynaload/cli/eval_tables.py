"""Tables for `mcp-dynaload eval`: how means, intervals and the oracle are shown."""

from collections.abc import Iterator, Mapping, Sequence

from mcp_dynaload.cli.screen import console, show_table
from mcp_dynaload.measure.quality.detours import Detours
from mcp_dynaload.measure.quality.flows import FlowRow, total_flows
from mcp_dynaload.measure.quality.metrics import Path, in_vain
from mcp_dynaload.measure.quality.replay import SESSIONS, Replay
from mcp_dynaload.measure.quality.report import Report, mean_of_reports
from mcp_dynaload.measure.quality.searches import Searches
from mcp_dynaload.measure.quality.suite import SuiteReport

SHOWN_RANKS = ("5", "20")
SHOWN_TOKENS = ("2000", "8000")


def show_report(ranker: str, report: Report) -> None:
    """Print every figure of one ranker on one set."""
    console.print(
        f"{ranker}: {report.tasks} tasks, {report.negatives} negatives, {report.tools} tools, "
        f"{report.catalog_tokens:,} tokens",
        markup=False,
    )
    show_table("", ("", "mean", "95% interval", "oracle"), _rows(report), ("mean", "95% interval", "oracle"))
    calibration = report.reliability.as_json()
    if calibration["tools"]:
        console.print(f"\nprobabilities are off by {calibration['calibration_error']:.4f} on average")
    console.print(f"index: {report.index_ms:.0f} ms\n")


def show_replay(ranker: str, replay: Replay) -> None:
    """Print what learning changed, figure by figure."""
    console.print(f"{ranker}: {replay.prompts} prompts of projects after {SESSIONS} sessions", markup=False)
    heads = ("", "cold", "learned", "best possible", "gap closed")
    rows = [
        (
            " ".join(path),
            _figure(replay.cold[path]),
            _figure(learned),
            _cell(replay.oracle, path),
            f"{replay.gap_closed(path):.0%}" if path in replay.oracle else "",
        )
        for path, learned in replay.learned.items()
    ]
    show_table("", heads, rows, heads[1:])
    console.print(
        "\nBalanced: what is listed while a session's prompts are answered, the project's usual tools included."
    )
    if found := replay.following:
        console.print(
            f"\nLoading ahead, {found.turns} turns of conversations after {found.conversations} others: the most usual "
            f"follower is called next in {found.right_first:.0%} of the {found.predicted:.0%} that have one. "
            f"{found.tools_ahead:.2f} tools are loaded ahead ({found.tokens_ahead:.0f} tokens), of which "
            f"{found.called_ahead:.0%} are called next. Of what is called, {found.recall:.1%} is listed by then; "
            f"without, {found.recall_without:.1%}."
        )
        console.print(
            f"Between the steps of a turn: of {found.missing} calls whose tool nothing had loaded, {found.in_time} had "
            f"it in time, as the usual follower of a call before; {found.in_vain} followers were loaded for nothing."
        )


def show_detours(ranker: str, found: Detours) -> None:
    """Print what loading between the steps of a turn does after steps in which a model went without a tool."""
    console.print(
        f"{ranker}: after {found.in_time:.1%} of {found.steps} steps that a tool would have served it is loaded for "
        f"the next one, {found.tools:.1f} tools ({found.tokens:.0f} tokens) a step; after {found.in_vain:.1%} of "
        f"{found.others} others any is."
    )


def show_searches(by_ranker: Mapping[str, Searches]) -> None:
    """Print what three searches reach of what the choice for a prompt left out."""
    heads = ("ranker", "prompts", "needs", "chosen", "reached", "searches", "tokens chosen", "tokens found")
    cells = (
        (
            name,
            f"{found.prompts}",
            f"{found.needs}",
            *(f"{share:.3f}" for share in (found.first, found.reached)),
            f"{found.searches:.2f}",
            *(f"{tokens:,.0f}" for tokens in (found.tokens, found.found_tokens)),
        )
        for name, found in by_ranker.items()
    )
    show_table("Prompts that need several tools; searches and tokens of one, on average.", heads, cells, heads[1:])


def show_suite(reports: Mapping[str, SuiteReport], strategy: str) -> None:
    """Print a line for each set and ranker, and the mean over the sets."""
    heads = ["set", "ranker", "tasks", *(f"R@{rank}" for rank in SHOWN_RANKS)]
    heads += [head for tokens in SHOWN_TOKENS for head in (f"R@{tokens}t", "95%", "oracle")]
    heads += ["recall", "covered", "tools", "tokens", "abstained", "p50 ms", "p99 ms"]
    rows = list(_suite_rows(reports, strategy))
    show_table(f"The right half: what the {strategy} strategy loads.", heads, rows, heads[2:])
    console.print(f"\nAbstained: prompts for which the {strategy} strategy loads nothing.")


def show_flows(rows: Sequence[FlowRow]) -> None:
    """Print for each set of prompts how often its tools are dangerous together, and what a user would see of that."""
    heads = ("set", "prompts", "all three", "of several servers", "told in one project", "would wait")
    cells = (
        (row.name, f"{row.prompts:,}", *(f"{count} ({count / row.prompts:.1%})" for count in _counts_of(row)))
        for row in (*rows, total_flows(rows))
    )
    show_table("Each prompt the first of a session.", heads, cells, heads[1:])


def _counts_of(row: FlowRow) -> tuple[int, ...]:
    return row.whole, row.several, row.told, row.waiting


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    figures = {**report.means, **report.tails}
    groups = list(dict.fromkeys(path[0] for path in figures))
    for path in sorted(figures, key=lambda path: (groups.index(path[0]), path[:-1])):
        if path[0] != "oracle":
            oracle = _cell(report.means, ("oracle", *path))
            yield " ".join(path), _figure(figures[path]), _interval(report.intervals.get(path)), oracle


def _suite_rows(reports: Mapping[str, SuiteReport], strategy: str) -> Iterator[list[str]]:
    some = next(iter(reports.values()))
    for name in some.sets:
        for ranker, report in reports.items():
            yield _set_row(name, ranker, report.sets[name], strategy)
    for ranker, report in reports.items():
        means = mean_of_reports(report.sets.values())
        yield ["mean", ranker, "", *_means(means, {}, strategy), _cell(means, ("selection", strategy, "abstained"))]
    for name in some.negatives:
        for ranker, report in reports.items():
            yield _negatives_row(name, ranker, report.negatives[name], strategy)


def _set_row(name: str, ranker: str, report: Report, strategy: str) -> list[str]:
    return [
        name,
        ranker,
        str(report.tasks),
        *_means(report.means, {path: _interval(found) for path, found in report.intervals.items()}, strategy),
        _cell(report.means, ("selection", strategy, "abstained")),
        *(_cell(report.tails, ("rank_ms", percent), ".1f") for percent in ("p50", "p99")),
    ]


def _negatives_row(name: str, ranker: str, report: Report, strategy: str) -> list[str]:
    abstained = _cell(report.means, ("selection", strategy, "abstained_negatives"))
    between = len(SHOWN_RANKS) + 3 * len(SHOWN_TOKENS) + 2
    tools, tokens = in_vain(report.means, strategy)
    return [name, ranker, str(report.negatives), *[""] * between, f"{tools:.1f}", f"{tokens:.0f}", abstained]


def _means(means: Mapping[Path, float], intervals: Mapping[Path, str], strategy: str) -> Iterator[str]:
    for rank in SHOWN_RANKS:
        yield _cell(means, ("recall_at_k", rank))
    for tokens in SHOWN_TOKENS:
        path = "recall_at_tokens", tokens
        yield _cell(means, path)
        yield intervals.get(path, "")
        yield _cell(means, ("oracle", *path))
    for metric in ("recall", "covered"):
        yield _cell(means, ("selection", strategy, metric))
    yield _cell(means, ("selection", strategy, "tools_mean"), ".1f")
    yield _cell(means, ("selection", strategy, "tokens_mean"), ".0f")


def _cell(values: Mapping[Path, float], path: Path, form: str = ".3f") -> str:
    return format(values[path], form) if path in values else ""


def _figure(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def _interval(interval: tuple[float, float] | None) -> str:
    return f"{_figure(interval[0])}-{_figure(interval[1])}" if interval else ""
