"""The chart of growth: a line for each subject, both axes logarithmic, as an SVG for light and dark pages."""

import math
from collections.abc import Callable, Mapping
from html import escape

from mcp_dynaload.measure.peers.growth import Curve, Growth, curves
from mcp_dynaload.measure.peers.subjects import COMPRESSOR, DIRECT, DYNAMIC_MCP, OURS, PEER

WIDTH, HEIGHT = 980, 330
LEFT, TOP, PANEL, GAP, BOTTOM = 52, 70, 250, 58, 54
RADIUS = 3

COLORS: Mapping[str, str] = {
    DIRECT: "direct",
    OURS: "ours",
    PEER: "fastmcp",
    DYNAMIC_MCP: "dynamic",
    COMPRESSOR: "compressor",
}
"""The style of each subject's line."""

STYLE = """\
    svg { --paper: #ffffff; --text: #1b2430; --soft: #4d5b6e; --line: #c3ccd8;
      --ours: #1d5fd1; --direct: #7a8798; --fastmcp: #c2410c; --dynamic: #6d28d9; --compressor: #0f766e; }
    @media (prefers-color-scheme: dark) {
      svg { --paper: #10151d; --text: #eef3fa; --soft: #b3c0d2; --line: #3a475a;
        --ours: #7db1ff; --direct: #97a5b8; --fastmcp: #fb923c; --dynamic: #c4a5ff; --compressor: #5eead4; }
    }
    text { font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--soft); }
    .head { font-weight: 600; font-size: 13px; fill: var(--text); }
    .middle { text-anchor: middle; }
    .end { text-anchor: end; }
    .axis { stroke: var(--line); fill: none; }
    .curve { fill: none; stroke-width: 2; }
"""


def growth_chart(found: Growth, caption: str) -> str:
    """Return the chart."""
    names = [name for name in COLORS if name in found.per_second]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'role="img" aria-labelledby="title">',
        f'  <title id="title">{escape(_told(found))}</title>',
        f"  <style>\n{STYLE}  </style>",
        f'  <rect x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="12" '
        'style="fill: var(--paper); stroke: var(--line)"/>',
    ]
    for place, name in enumerate(names):
        x = 24 + place * 130
        lines.append(
            f'  <path class="curve" style="stroke: var(--{COLORS[name]})" d="M{x} 24h22"/>'
            f'<text x="{x + 28}" y="28">{escape(name)}</text>'
        )
    for place, (title, by_name, shown) in enumerate(curves(found)):
        lines += _panel(LEFT + place * (PANEL + GAP), title, by_name, shown)
    lines.append(f'  <text x="24" y="{HEIGHT - 12}">{escape(caption)}; both axes are logarithmic</text>')
    return "\n".join([*lines, "</svg>", ""])


def _panel(left: int, title: str, by_name: Mapping[str, Curve], shown: Callable[[float], str]) -> list[str]:
    places = sorted({place for curve in by_name.values() for place in curve})
    values = [value for curve in by_name.values() for value in curve.values()]
    low, high = min(values), max(values)
    floor = HEIGHT - BOTTOM

    def x_of(place: int) -> float:
        return left + PANEL * _share(place, places[0], places[-1])

    def y_of(value: float) -> float:
        return floor - (floor - TOP) * _share(value, low, high)

    lines = [
        f'  <text class="head" x="{left}" y="{TOP - 16}">{escape(title)}</text>',
        f'  <path class="axis" d="M{left} {TOP}V{floor}H{left + PANEL}"/>',
        *(
            f'  <text class="end" x="{left - 6}" y="{y_of(value) + 4:.0f}">{shown(value)}</text>'
            for value in (low, high)
        ),
        *(f'  <text class="middle" x="{x_of(place):.0f}" y="{floor + 16}">{place:,}</text>' for place in places),
    ]
    for name, curve in by_name.items():
        points = [(x_of(place), y_of(value)) for place, value in curve.items()]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        color = f"var(--{COLORS[name]})"
        lines.append(f'  <path class="curve" style="stroke: {color}" d="M{path}"/>')
        lines += [f'  <circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}" style="fill: {color}"/>' for x, y in points]
    return lines


def _share(value: float, low: float, high: float) -> float:
    """Return how far along a value is between two others, by its logarithm."""
    return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low) or 1.0)


def _told(found: Growth) -> str:
    """Return the chart in words, for who cannot see it."""
    parts: list[str] = []
    for title, by_name, shown in curves(found):
        of_each = (f"{name} {', '.join(shown(value) for value in curve.values())}" for name, curve in by_name.items())
        parts.append(f"{title}: {'; '.join(of_each)}")
    return ". ".join(parts)
