"""The cost of ranking for a process at its start."""

import re
from pathlib import Path

import pytest

from mcp_dynaload.research.start_up import main, report
from tests.measure.quality.builders import write_catalog


def test_each_step_is_told_with_its_time_and_at_last_the_memory(tmp_path: Path) -> None:
    said: list[str] = []

    report(write_catalog(tmp_path / "catalog.json"), said.append)

    first, *steps, last = said
    assert first.startswith("4 tools, index ")
    assert all(re.fullmatch(r".+: \d+ ms, \d+ ms of processors", step) for step in steps)
    assert [step.split(":")[0] for step in steps][:3] == ["index from its bytes", "ranker by words", "encoder"]
    assert re.fullmatch(r"memory beyond the ranking by words: -?\d+ MB", last)


def test_one_catalog_has_to_be_named() -> None:
    with pytest.raises(SystemExit, match="name one catalog file"):
        main([])
