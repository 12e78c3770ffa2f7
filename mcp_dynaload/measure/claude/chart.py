"""The chart of a run: requests, cost and definitions of a task in each set-up, as an SVG for light and dark pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean

from mcp_dynaload.measure.claude.record import TaskFigures
from mcp_dynaload.measure.claude.setups import ORDER, OURS
from mcp_dynaload.measure.quality.intervals import Bootstrap

WIDTH, LEFT, GAP = 880, 176, 26
TOP, ROW, BAR = 74, 30, 18
PANELS = 3
LABEL = 52
"""Room for a bar's figure."""

STYLE = """\
    svg { --paper: #ffffff; --ours: #1d5fd1; --bar: #a9b6c8; --line: #5b6b82; --text: #1b2430; --soft: #4d5b6e; }
    @media (prefers-color-scheme: dark) {
      svg { --paper: #10151d; --ours: #7db1ff; --bar: #4a5a70; --line: #8fa1b8; --text: #eef3fa; --soft: #b3c0d2; }
    }
    text { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--text); }
    .head { font-weight: 600; }
    .soft { fill: var(--soft); font-size: 12px; }
    .end { text-anchor: end; }
    .bar { fill: var(--bar); }
    .ours { fill: var(--ours); }
    .range { stroke: var(--line); stroke-width: 1.5; }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure, with a bar for each set-up."""

    title: str
    measure: Callable[[TaskFigures], float]
    shown: Callable[[float], str]


MEASURES = (
    Panel("Model requests a task", lambda task: task.requests, lambda value: f"{value:.1f}"),
    Panel("Cost a task, thousand units", lambda task: task.units / 1e3, lambda value: f"{value:,.0f}"),
    Panel("Definition tokens a request", lambda task: task.definition_tokens, lambda value: f"{value:,.0f}"),
)


def chart(tasks: Sequence[TaskFigures], caption: str) -> str:
    """Return the chart; a bar is the mean over all tasks, its line the 95% interval."""
    names = [name for name in ORDER if any(task.set_up == name for task in tasks)]
    height = TOP + ROW * len(names) + 34
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" aria-labelledby="title">',
        f'  <title id="title">{escape(_told(tasks, names))}</title>',
        f"  <style>\n{STYLE}  </style>",
        f'  <rect x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="12" '
        'style="fill: var(--paper); stroke: var(--line); stroke-opacity: .35"/>',
        f'  <text class="soft" x="24" y="28">{escape(caption)}</text>',
    ]
    for row, name in enumerate(names):
        lines.append(f'  <text class="end" x="{LEFT - 10}" y="{_y(row) + 14}">{escape(name)}</text>')
    for place, panel in enumerate(MEASURES):
        lines += _panel(panel, place, tasks, names)
    lines.append(f'  <text class="soft" x="24" y="{height - 14}">Means of the same tasks; lines: 95% intervals.</text>')
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel, place: int, tasks: Sequence[TaskFigures], names: Sequence[str]) -> list[str]:
    width = (WIDTH - LEFT - 20 - GAP * (PANELS - 1)) / PANELS
    left = LEFT + place * (width + GAP)
    values = {name: [panel.measure(task) for task in tasks if task.set_up == name] for name in names}
    ranges = {name: Bootstrap().interval(some) for name, some in values.items()}
    scale = (width - LABEL) / (max(high for _, high in ranges.values()) or 1.0)
    lines = [f'  <text class="head" x="{left:.0f}" y="{TOP - 18}">{escape(panel.title)}</text>']
    for row, (name, some) in enumerate(values.items()):
        mean, (low, high) = fmean(some), ranges[name]
        y = _y(row)
        kind = "ours" if name in OURS else "bar"
        middle = y + BAR / 2
        lines.append(
            f'  <rect class="{kind}" x="{left:.1f}" y="{y}" width="{mean * scale:.1f}" height="{BAR}" rx="2"/>'
            f'<path class="range" d="M{left + low * scale:.1f} {middle}H{left + high * scale:.1f}"/>'
            f'<text class="soft" x="{left + high * scale + 6:.1f}" y="{y + 14}">{panel.shown(mean)}</text>'
        )
    return lines


def _y(row: int) -> int:
    return TOP + row * ROW


def _told(tasks: Sequence[TaskFigures], names: Sequence[str]) -> str:
    """Return the chart in words, for who cannot see it."""
    parts: list[str] = []
    for name in names:
        some = [task for task in tasks if task.set_up == name]
        shown = (f"{panel.shown(fmean(map(panel.measure, some)))}" for panel in MEASURES)
        parts.append(f"{name}: {', '.join(shown)}")
    return f"{', '.join(panel.title for panel in MEASURES)}. {'; '.join(parts)}."
