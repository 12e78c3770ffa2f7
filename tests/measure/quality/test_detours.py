from pathlib import Path

import pytest

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.detours import Detours, detours, read_steps
from mcp_dynaload.measure.quality.labelled import NamedCatalog
from mcp_dynaload.ranking.lexical import build_ranker
from tests.selection.test_missed import the_catalog

pytestmark = pytest.mark.proves("between-steps")

STEPS = """
{"calls": [["Bash", "gh issue list"]], "tools": ["github/list_issues"]}
{"calls": [["Bash", "gh issue list"]], "tools": ["github/*"]}
{"calls": [["Bash", "gh issue list"]], "tools": ["slack/*"]}
{"calls": [["Bash", "gh issue list"]], "tools": []}
{"calls": [["Bash", "git status"]], "tools": []}
{"said": "I have read it.", "tools": []}
"""


def test_what_is_loaded_in_time_and_in_vain_is_told(tmp_path: Path) -> None:
    file, catalog = tmp_path / "steps.jsonl", the_catalog()
    file.write_text(STEPS)

    found = detours(build_ranker(catalog), NamedCatalog(catalog, {}), read_steps(file))

    assert found == Detours(
        steps=3,
        in_time=2 / 3,
        tools=1.0,
        tokens=100.0,
        others=3,
        in_vain=1 / 3,
        wrong=("gh issue list", "gh issue list"),
    )


def test_a_line_that_is_no_step_is_told(tmp_path: Path) -> None:
    file = tmp_path / "steps.jsonl"
    file.write_text('{"calls": [["Bash"]], "tools": []}')

    with pytest.raises(ConfigError, match="is no step of a model"):
        read_steps(file)
