"""A validation as JSON, Markdown or a page with plots; no file of the report needs anything from elsewhere."""

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from mcp_dynaload.measure.installation.check import Check, Load, Timing, Validation, by_heading
from mcp_dynaload.version import __version__

Row = Sequence[object]

PLOT_WIDTH, PLOT_HEIGHT = 640, 140
BARS = 30

STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #2a8f4f; --bad: #c8372d; --bar: #3b74c9; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.passed { color: var(--good); } .failed { color: var(--bad); font-weight: 600; }
.score { font-size: 3rem; font-weight: 700; margin: 0; } svg { max-width: 100%; height: auto; }
rect { fill: var(--bar); } line.target { stroke: var(--bad); stroke-dasharray: 4 3; }
polyline { fill: none; stroke: var(--bar); stroke-width: 2; } text { font-size: 11px; fill: currentColor; }
"""


def as_json(validation: Validation) -> str:
    """Return every value; times in milliseconds, memory in megabytes."""
    whole = asdict(validation)
    whole["timings"] = [
        {
            "name": timing.name,
            "target_ms": timing.target_ms,
            "count": len(timing.values_ms),
            "p50_ms": timing.percentile(0.5),
            "p95_ms": timing.percentile(0.95),
            "p99_ms": timing.percentile(0.99),
            "passed": timing.passed,
        }
        for timing in validation.timings
    ]
    whole["figures"] = {
        name: {"percent": measured, "least_percent": least} for name, (measured, least) in validation.figures.items()
    }
    whole["checks"] = [{**asdict(check), "earned": check.earned, "passed": check.passed} for check in validation.checks]
    if (chaos := validation.chaos) is not None:
        whole["chaos"] |= {"faults": chaos.faults, "worst_ratio": chaos.worst_ratio, "zeros": chaos.zeros}
    whole["score"] = validation.score if validation.is_scored else None
    whole["passed"] = validation.passed
    return json.dumps({"version": __version__, **whole}, indent=2) + "\n"


def as_markdown(validation: Validation) -> str:
    """Return tables in Markdown."""
    parts = ["# mcp-dynaload validation", _subject(validation)]
    if validation.is_scored:
        parts.append(f"**Readiness: {validation.score:g} of 100**")
    parts += [
        part
        for title, head, rows in tables(validation)
        if rows
        for part in (f"## {title}", _markdown_table(head, rows))
    ]
    for heading, checks in by_heading(validation.checks).items():
        earned = sum(check.earned for check in checks)
        parts += [f"## {heading.capitalize()}: {earned:g} points", _markdown_table(CHECK_HEAD, check_rows(checks))]
    parts += [f"Note: {note}" for note in validation.notes]
    return "\n\n".join(parts) + "\n"


def as_html(validation: Validation) -> str:
    """Return a page with plots of the times and of the memory under load."""
    parts = ["<h1>mcp-dynaload validation</h1>", f"<p>{html.escape(_subject(validation))}</p>"]
    if validation.is_scored:
        parts.append(f'<p class="score">{validation.score:g} <small>of 100</small></p>')
    for heading, checks in by_heading(validation.checks).items():
        earned = sum(check.earned for check in checks)
        parts += [f"<h2>{heading.capitalize()}: {earned:g} points</h2>", _html_table(CHECK_HEAD, check_rows(checks))]
    parts += [
        part
        for title, head, rows in tables(validation)
        if rows
        for part in (f"<h2>{title}</h2>", _html_table(head, rows))
    ]
    parts += [_histogram(timing) for timing in validation.timings if timing.values_ms]
    parts += [_memory(name, load) for name, load in validation.loads.items() if len(load.memory_mb) > 1]
    parts += [f"<p>Note: {html.escape(note)}</p>" for note in validation.notes]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>mcp-dynaload validation</title><style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


TIMING_HEAD = ("operation", "count", "p50 ms", "p95 ms", "p99 ms", "target ms", "")
FIGURE_HEAD = ("share", "measured", "least", "")
CHECK_HEAD = ("check", "points", "of", "measured", "target", "")
LOAD_HEAD = ("run", "sessions", "seconds", "calls", "lost", "crossed", "errors", "p50 ms", "p95 ms", "p99 ms", "memory")


CHAOS_HEAD = ("fault", "times", "calls", "p50 ms", "p99 ms", "p99 to quiet")


def tables(validation: Validation) -> list[tuple[str, Sequence[str], list[Row]]]:
    """Return the title, head and rows of the tables beside those of the checks; one without rows is left out."""
    return [
        ("Times", TIMING_HEAD, timing_rows(validation.timings)),
        ("Shares", FIGURE_HEAD, figure_rows(validation)),
        ("Load", LOAD_HEAD, load_rows(validation.loads.items())),
        ("Faults", CHAOS_HEAD, chaos_rows(validation)),
    ]


def chaos_rows(validation: Validation) -> list[Row]:
    """Return one line for each kind of fault, and one for the times between them; the times are other servers'."""
    if (chaos := validation.chaos) is None:
        return []
    return [
        (kind.name or "none", kind.faults, kind.calls, f"{kind.p50_ms:.1f}", f"{kind.p99_ms:.1f}", f"{ratio:.1f}")
        for kind in (chaos.quiet, *chaos.kinds)
        for ratio in (chaos.ratio(kind),)
    ]


def chaos_text(validation: Validation) -> str:
    """Return the whole run of faults in a line or two, and what went wrong first."""
    if (chaos := validation.chaos) is None:
        return ""
    before, after = chaos.memory_mb
    counts = ", ".join(f"{what} {count}" for what, count in chaos.zeros.items())
    head = (
        f"{chaos.calls} calls and {chaos.cancelled} cancelled ones in {chaos.seconds:.0f} s, {chaos.faults} faults of "
        f"{len(chaos.kinds)} kinds (seed {chaos.seed}), {chaos.refused} honest errors of broken servers; memory of all "
        f"programs {before:.0f} → {after:.0f} MB.\nMust be 0: {counts}."
    )
    return "\n".join((head, *chaos.notes))


def timing_rows(timings: Iterable[Timing]) -> list[Row]:
    """Return one line for each kind of operation."""
    return [
        (
            timing.name,
            len(timing.values_ms),
            *(f"{timing.percentile(share):.1f}" for share in (0.5, 0.95, 0.99)),
            f"{timing.target_ms:.0f}",
            _verdict(timing.passed),
        )
        for timing in timings
    ]


def figure_rows(validation: Validation) -> list[Row]:
    """Return one line for each share."""
    return [
        (name, f"{measured:.1f}%", f"{least:.0f}%", _verdict(measured >= least))
        for name, (measured, least) in validation.figures.items()
    ]


def check_rows(checks: Iterable[Check]) -> list[Row]:
    """Return one line for each check."""
    return [
        (check.name, f"{check.earned:g}", check.points, check.measured, check.target, _verdict(check.passed))
        for check in checks
    ]


def load_rows(loads: Iterable[tuple[str, Load]]) -> list[Row]:
    """Return one line for each run."""
    return [
        (
            name,
            load.sessions,
            f"{load.seconds:.0f}",
            load.calls,
            load.lost,
            load.crossed,
            load.failed,
            *(f"{ms:.0f}" for ms in (load.p50_ms, load.p95_ms, load.p99_ms)),
            f"{load.memory_growth:+.1%}",
        )
        for name, load in loads
    ]


def _verdict(passed: bool) -> str:
    return "passed" if passed else "FAILED"


def _subject(validation: Validation) -> str:
    if not validation.timings and validation.chaos is not None:
        return f"mcp-dynaload {__version__}. {chaos_text(validation)}"
    servers = "the embedded demo servers" if validation.is_demo else f"{validation.servers} servers"
    return f"mcp-dynaload {__version__} on {servers}, {validation.tools} tools."


def _markdown_table(head: Sequence[str], rows: Iterable[Row]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
    return "\n".join(lines)


def _html_table(head: Sequence[str], rows: Iterable[Row]) -> str:
    lines = [f"<tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in head)}</tr>"]
    lines += [f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows]
    return f"<table>{''.join(lines)}</table>"


def _cell(value: object) -> str:
    text = html.escape(str(value))
    if text in ("passed", "FAILED"):
        return f'<td class="{text.lower()}">{text}</td>'
    is_number = text.replace(".", "").replace(",", "").rstrip("%").isdigit()
    return f'<td class="number">{text}</td>' if is_number else f"<td>{text}</td>"


def _histogram(timing: Timing) -> str:
    """Return a plot of how many operations took how long, and of the target."""
    widest = max(*timing.values_ms, timing.target_ms) or 1.0
    counts = [0] * BARS
    for value in timing.values_ms:
        counts[min(BARS - 1, int(value / widest * BARS))] += 1
    bar, most = PLOT_WIDTH / BARS, max(counts)
    bars = "".join(
        f'<rect x="{index * bar:.1f}" y="{PLOT_HEIGHT * (1 - count / most):.1f}" width="{bar - 1:.1f}" '
        f'height="{PLOT_HEIGHT * count / most:.1f}"><title>{count}</title></rect>'
        for index, count in enumerate(counts)
    )
    at = timing.target_ms / widest * PLOT_WIDTH
    target = f'<line class="target" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{PLOT_HEIGHT}"/>'
    return _plot(f"{timing.name}, 0 to {widest:.0f} ms; the dashed line is the target", bars + target)


def _memory(name: str, load: Load) -> str:
    """Return a plot of the service's memory over time."""
    last, most = load.memory_mb[-1][0] or 1.0, max(size for _, size in load.memory_mb) * 1.1
    points = " ".join(
        f"{seconds / last * PLOT_WIDTH:.1f},{PLOT_HEIGHT * (1 - size / most):.1f}" for seconds, size in load.memory_mb
    )
    return _plot(f"{name}: memory over {last:.0f} s, 0 to {most:.0f} MB", f'<polyline points="{points}"/>')


def _plot(title: str, content: str) -> str:
    label = html.escape(title)
    return (
        f'<figure><svg viewBox="0 0 {PLOT_WIDTH} {PLOT_HEIGHT}" role="img" aria-label="{label}">{content}</svg>'
        f"<figcaption>{label}</figcaption></figure>"
    )
