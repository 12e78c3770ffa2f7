"""`mcp-dynaload validate`: measures this installation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.output_files import check_output_file, fail_if, write_output
from mcp_dynaload.errors import ConfigError

if TYPE_CHECKING:
    from mcp_dynaload.measure.installation.check import Validation

FORMATS = (".html", ".json", ".md")


def validate(
    performance: Annotated[
        bool, typer.Option("--performance", help="Function and speed on your own servers; so it is without options.")
    ] = False,
    stress_test: Annotated[
        bool, typer.Option("--stress-test", help="Two runs of load on a service of its own, by HTTP on loopback.")
    ] = False,
    production_readiness: Annotated[
        bool, typer.Option("--production-readiness", help="All five headings and a score out of 100.")
    ] = False,
    chaos: Annotated[
        bool, typer.Option("--chaos", help="Faults of every kind on servers and programs of its own, under clients.")
    ] = False,
    sessions: Annotated[int, typer.Option(min=1, max=500, help="Of a stress test, at the same time.")] = 50,
    minutes: Annotated[
        float, typer.Option(min=0.1, max=120, help="Of each of a stress test's two runs, and of --chaos.")
    ] = 1.0,
    report: Annotated[
        Path | None, typer.Option(help="Write it to this file, too: .html with plots, .json or .md.")
    ] = None,
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure this installation with your own servers: what works, how fast. Exit status 1 if a check fails.

    Your servers are started to list their tools, never called. In one of the two runs of load a server dies every
    few seconds; every point of the readiness score is a check that can fail. With --chaos alone your servers are not
    looked at: servers of its own are killed, frozen and flood, and no call may be lost, answered twice or crossed.

    Example: mcp-dynaload validate --production-readiness --report readiness.html
    """
    import anyio

    if report is not None and report.suffix not in FORMATS:
        raise ConfigError(f"--report {report}: the name must end in {', '.join(FORMATS)}")
    check_output_file("--report", report)
    configuration = configuration_of(config, trust, settings)
    from mcp_dynaload.cli.screen import counting
    from mcp_dynaload.measure.installation.run import Parts, unlearning
    from mcp_dynaload.measure.installation.run import validate as measure

    parts = Parts(readiness=production_readiness, stress=stress_test, sessions=sessions, minutes=minutes, chaos=chaos)
    with counting("measuring") as told:
        validation = anyio.run(measure, unlearning(configuration), parts, told)
    problem = report and write_output("--report", report, _formatted(validation, report.suffix))
    if as_json:
        print(_formatted(validation, ".json"), end="")
    else:
        _show(validation)
    fail_if(problem)
    if not validation.passed:
        raise typer.Exit(1)


def _formatted(validation: "Validation", suffix: str) -> str:
    from mcp_dynaload.measure.installation.report import as_html, as_json, as_markdown

    return {".html": as_html, ".json": as_json, ".md": as_markdown}[suffix](validation)


def _show(validation: "Validation") -> None:
    from mcp_dynaload.cli.screen import console, show_table
    from mcp_dynaload.measure.installation import report
    from mcp_dynaload.measure.installation.check import by_heading

    for title, head, rows in report.tables(validation):
        if rows:
            show_table(f"\n{title}", head, rows, [column for column in head[1:] if column])
    if validation.chaos is not None:
        console.print(f"\n{report.chaos_text(validation)}", highlight=False)
    for heading, checks in by_heading(validation.checks).items():
        earned, possible = sum(check.earned for check in checks), sum(check.points for check in checks)
        title = f"\n{heading.capitalize()}: {earned:g} of {possible} points"
        show_table(title, report.CHECK_HEAD, report.check_rows(checks), ("points", "of"))
    for note in validation.notes:
        console.print(f"\nNote: {note}", markup=False, highlight=False)
    if validation.is_scored:
        console.print(f"\nReadiness: {validation.score:g} of 100", style="bold")
