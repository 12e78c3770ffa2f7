"""`mcp-dynaload eval`: how good the choice of tools is on labelled tasks."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import JsonOption
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.selection.policy import Strategy

if TYPE_CHECKING:
    from mcp_dynaload.catalog.cost import Count
    from mcp_dynaload.catalog.tool import Json
    from mcp_dynaload.measure.quality.rankers import RankerKind
    from mcp_dynaload.measure.quality.report import Report
    from mcp_dynaload.measure.quality.suite import SuiteReport


class TokenCount(StrEnum):
    """The way in which tokens are estimated."""

    CHARS = "chars"
    O200K = "o200k"


def evaluate(
    catalog: Annotated[
        Path | None, typer.Option("--catalog", help="A catalog: an object of server name to list of definitions.")
    ] = None,
    tasks: Annotated[Path | None, typer.Option("--tasks", help="Prompts with the tools they need, JSON lines.")] = None,
    negatives: Annotated[Path | None, typer.Option("--negatives", help="Prompts that need no tool.")] = None,
    suite: Annotated[
        Path | None, typer.Option("--suite", help="A folder of catalogs/, tasks/, negatives/: evaluate all of it.")
    ] = None,
    ranker: Annotated[
        list[str] | None,
        typer.Option(
            "--ranker",
            metavar="NAME",
            help="toolsearch, bm25, lexical, dense, fusion, blended or default; may be given more than once. Without "
            "it default, beside which tables show toolsearch, the client's own search.",
        ),
    ] = None,
    strategy: Annotated[Strategy | None, typer.Option("--strategy", help="Only this one; without it all.")] = None,
    tokens: Annotated[TokenCount, typer.Option("--tokens", help="chars: a quarter of them.")] = TokenCount.CHARS,
    replay: Annotated[
        bool, typer.Option("--replay", help="Instead: what 20 sessions of a project teach, cold against learned.")
    ] = False,
    searches: Annotated[
        bool, typer.Option("--searches", help="Instead: what three searches reach of what the choice left out.")
    ] = False,
    detours: Annotated[
        Path | None,
        typer.Option("--detours", help="Instead: steps of a model with the tools that it went without, JSON lines."),
    ] = None,
    scanned: Annotated[
        Path | None,
        typer.Option("--scan", help="Instead: a folder of labelled malicious and benign definitions, for `scan`."),
    ] = None,
    catalogs: Annotated[
        Path | None, typer.Option("--catalogs", help="A folder of catalogs of real servers, for `scan`'s false alarms.")
    ] = None,
    flows: Annotated[
        Path | None,
        typer.Option("--flows", help="Instead: a folder as of --suite, how often `toxic_flow` would tell or ask."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure recall, coverage, abstention and cost of the choice on labelled tasks. Opens no connection.

    Beside an oracle, the client's own tool search and other rankers.

    Example: mcp-dynaload eval --catalog catalog.json --tasks tasks.jsonl
    """
    if flows:
        if catalog or tasks or negatives or suite or replay or searches or detours or scanned or catalogs:
            raise ConfigError("--flows DIR goes with no other option that tells what to evaluate")
        _evaluate_flows(flows, ranker, as_json)
        return
    if scanned or catalogs:
        if catalog or tasks or negatives or suite or replay or searches or detours:
            raise ConfigError("--scan DIR and --catalogs DIR go with no other option that tells what to evaluate")
        _evaluate_scanning(scanned, catalogs, as_json)
        return
    from mcp_dynaload.measure.quality.rankers import DEFAULT, NATIVE, ranker_named

    kinds = {name: ranker_named(name) for name in ranker or ([DEFAULT] if as_json else [DEFAULT, NATIVE])}
    strategies = [strategy] if strategy else list(Strategy)
    count = _count(tokens)
    if catalog and detours and not (suite or tasks or negatives or replay or searches):
        _evaluate_detours(catalog, detours, kinds, count, as_json)
    elif suite and not (catalog or tasks or negatives or replay or searches or detours):
        _evaluate_suite(suite, kinds, strategies, count, as_json)
    elif catalog and tasks and searches and not (negatives or suite or detours or replay):
        _evaluate_searches(catalog, tasks, kinds, count, as_json)
    elif catalog and tasks and replay and not (suite or detours or searches):
        _replay_files(catalog, tasks, negatives, kinds, count, as_json)
    elif catalog and tasks and not (suite or detours or searches):
        _evaluate_files(catalog, tasks, negatives, kinds, strategies, count, as_json)
    else:
        raise ConfigError(
            "tell what to evaluate: --catalog FILE with --tasks FILE or --detours FILE, or --suite DIR alone"
        )


def _evaluate_files(
    catalog: Path,
    tasks: Path,
    negatives: Path | None,
    kinds: "dict[str, RankerKind]",
    strategies: list[Strategy],
    count: "Count",
    as_json: bool,
) -> None:
    from mcp_dynaload.measure.quality.evaluate import evaluate, index
    from mcp_dynaload.measure.quality.intervals import Bootstrap
    from mcp_dynaload.measure.quality.rankers import Models
    from mcp_dynaload.measure.quality.suite import read_set

    found, models, bootstrap = read_set(catalog, tasks, negatives, count), Models(), Bootstrap()
    reports: dict[str, Report] = {}
    for name, kind in kinds.items():
        indexed = index(kind, found.known.catalog, models)
        reports[name] = evaluate(indexed, found.tasks, strategies, bootstrap)
    if as_json:
        _print_json({name: report.as_json() for name, report in reports.items()})
        return
    from mcp_dynaload.cli.eval_tables import show_report

    for name, report in reports.items():
        show_report(name, report)


def _evaluate_scanning(corpus: Path | None, catalogs: Path | None, as_json: bool) -> None:
    from mcp_dynaload.measure.definitions import scan_catalogs, scan_corpus

    labelled = scan_corpus(corpus) if corpus else []
    real = scan_catalogs(catalogs) if catalogs else []
    if as_json:
        rows = {"labelled": [row.as_json() for row in labelled], "catalogs": [row.as_json() for row in real]}
        print(json.dumps(rows, indent=2))
        return
    from mcp_dynaload.cli.eval_scanning import show_scanning

    show_scanning(labelled, real)


def _evaluate_flows(folder: Path, rankers: list[str] | None, as_json: bool) -> None:
    from mcp_dynaload.cli.screen import progress
    from mcp_dynaload.measure.quality.flows import flows_of_suite
    from mcp_dynaload.measure.quality.rankers import DEFAULT, Models, ranker_named
    from mcp_dynaload.measure.quality.suite import read_suite

    name = (rankers or [DEFAULT])[0]
    found = read_suite(folder, _count(TokenCount.CHARS))
    with progress("Evaluating", len(found.sets + found.negatives)) as advance:
        rows = flows_of_suite(found, ranker_named(name), Models(), advance)
    if as_json:
        print(json.dumps([row.as_json() for row in rows], indent=2))
        return
    from mcp_dynaload.cli.eval_tables import show_flows

    show_flows(rows)


def _evaluate_detours(
    catalog: Path, steps: Path, kinds: "dict[str, RankerKind]", count: "Count", as_json: bool
) -> None:
    from mcp_dynaload.measure.quality.detours import detours, read_steps
    from mcp_dynaload.measure.quality.labelled import read_catalog
    from mcp_dynaload.measure.quality.rankers import Models

    known, labelled, models = read_catalog(catalog, count), read_steps(steps), Models()
    found = {name: detours(kind.build(known.catalog, models), known, labelled) for name, kind in kinds.items()}
    if as_json:
        _print_json({name: figures.as_json() for name, figures in found.items()})
        return
    from mcp_dynaload.cli.eval_tables import show_detours

    for name, figures in found.items():
        show_detours(name, figures)


def _evaluate_searches(
    catalog: Path, tasks: Path, kinds: "dict[str, RankerKind]", count: "Count", as_json: bool
) -> None:
    from mcp_dynaload.measure.quality.rankers import Models
    from mcp_dynaload.measure.quality.searches import searches
    from mcp_dynaload.measure.quality.suite import read_set

    found, models = read_set(catalog, tasks, None, count), Models()
    known = found.known
    played = {
        name: searches(kind, kind.build(known.catalog, models), known, found.tasks) for name, kind in kinds.items()
    }
    if as_json:
        _print_json({name: figures.as_json() for name, figures in played.items()})
        return
    from mcp_dynaload.cli.eval_tables import show_searches

    show_searches(played)


def _replay_files(
    catalog: Path,
    tasks: Path,
    negatives: Path | None,
    kinds: "dict[str, RankerKind]",
    count: "Count",
    as_json: bool,
) -> None:
    from mcp_dynaload.measure.quality.rankers import Models
    from mcp_dynaload.measure.quality.replay import replay
    from mcp_dynaload.measure.quality.suite import read_set

    found, models = read_set(catalog, tasks, negatives, count), Models()
    known = found.known.catalog
    played = {
        name: replay(kind.build(known, models), known, found.tasks, reads_session=kind.reads_session)
        for name, kind in kinds.items()
    }
    if as_json:
        _print_json({name: {"ranker": kinds[name].name, **found.as_json()} for name, found in played.items()})
        return
    from mcp_dynaload.cli.eval_tables import show_replay

    for name, figures in played.items():
        show_replay(name, figures)


def _evaluate_suite(
    folder: Path, kinds: "dict[str, RankerKind]", strategies: list[Strategy], count: "Count", as_json: bool
) -> None:
    from mcp_dynaload.cli.screen import progress
    from mcp_dynaload.measure.quality.intervals import Bootstrap
    from mcp_dynaload.measure.quality.rankers import Models
    from mcp_dynaload.measure.quality.suite import evaluate_suite, read_suite

    found, models, bootstrap = read_suite(folder, count), Models(), Bootstrap()
    reports: dict[str, SuiteReport] = {}
    with progress("Evaluating", len(kinds) * len(found.sets + found.negatives)) as advance:
        for name, kind in kinds.items():
            reports[name] = evaluate_suite(found, kind, models, strategies, bootstrap, advance)
    if as_json:
        _print_json({name: report.as_json() for name, report in reports.items()})
        return
    from mcp_dynaload.cli.eval_tables import show_suite

    shown = Strategy.BALANCED if Strategy.BALANCED in strategies else strategies[0]
    show_suite(reports, shown)


def _count(tokens: TokenCount) -> "Count":
    from mcp_dynaload.encoder.tokenizer import count_tokens
    from mcp_dynaload.measure.quality.labelled import characters_in_fours

    return count_tokens if tokens is TokenCount.O200K else characters_in_fours


def _print_json(by_ranker: "dict[str, Json]") -> None:
    """Print one ranker's object as it is; several under their names."""
    whole = {"rankers": by_ranker} if len(by_ranker) > 1 else next(iter(by_ranker.values()))
    print(json.dumps(whole, indent=2))
