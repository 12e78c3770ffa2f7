"""How calls and lists grow, measured on the real peers, and the chart of it."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from mcp_dynaload.measure.peers import growth as measured
from mcp_dynaload.measure.peers import memory
from mcp_dynaload.measure.peers.growth import Effort, Growth, growth
from mcp_dynaload.measure.peers.growth_chart import growth_chart
from mcp_dynaload.measure.peers.subjects import COMPRESSOR, DIRECT, DYNAMIC_MCP, OURS, PEER, Bench
from tests.installed import PEERS

SMALL = Growth(
    per_second={DIRECT: {1: 100.0, 8: 200.0}, OURS: {1: 50.0, 8: 90.0}},
    result_ms={DIRECT: {10: 1.0, 1_000: 2.0}, OURS: {10: 1.5, 1_000: 2.5}},
    list_ms={DIRECT: {50: 1.0, 500: 8.0}, OURS: {50: 1.0, 500: 9.0}},
    effort={OURS: Effort(0.5, 90.0)},
    memory={},
)


@pytest.mark.proves("peers")
async def test_every_peer_that_can_be_installed_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AT_ONCE", (1, 2)),
        ("CALLS", 10),
        ("SIZES", {10_000: 2}),
        ("LISTS", (3,)),
        ("LISTED", 2),
        ("KNOWN", 3),
        ("SETTLING_SECONDS", 0.1),
    ):
        monkeypatch.setattr(measured, name, value)
    monkeypatch.setattr(memory, "SESSIONS", (2,))
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 0.1)
    programs = PEERS / "bin"
    told: list[str] = []
    bench = Bench(tmp_path, str(programs / "python"), str(programs / "dmcp"), str(programs / "mcp-compressor"))

    found = await growth(bench, told.append)

    everyone = {DIRECT, OURS, PEER, DYNAMIC_MCP, COMPRESSOR}
    assert set(found.per_second) == set(found.result_ms) == everyone
    assert set(found.list_ms) == {DIRECT, OURS, PEER}
    assert set(found.effort) == everyone - {DIRECT}
    assert all(set(curve) == {1, 2} for curve in found.per_second.values())
    assert all(ms > 0 for curve in (*found.result_ms.values(), *found.list_ms.values()) for ms in curve.values())
    assert all(one.cpu_seconds >= 0 and one.memory_mb > 1 for one in found.effort.values())
    assert all(40 < one.listed_mb < 400 for by_number in found.memory.values() for one in by_number.values())
    assert all((one.prompted_mb or 0) > one.listed_mb for one in found.memory[OURS].values())
    assert "results of 10,000 bytes: FastMCP" in told


def test_the_chart_has_a_line_and_the_figures_of_each() -> None:
    drawn = growth_chart(SMALL, "a & b")

    root = ElementTree.fromstring(drawn)
    name = "{http://www.w3.org/2000/svg}"
    curves = [path for path in root.iter(f"{name}path") if path.get("class") == "curve"]
    assert len(curves) == 2 + 3 * 2, "one in the legend and one in each panel"
    assert len(list(root.iter(f"{name}circle"))) == 3 * 2 * 2
    title = root.find(f"{name}title")
    assert title is not None
    assert "mcp-dynaload 50, 90" in str(title.text)
    highest, lowest = (float(str(circle.get("cy"))) for circle in list(root.iter(f"{name}circle"))[1:3])
    assert highest < lowest, "200 a second stand above 50"
