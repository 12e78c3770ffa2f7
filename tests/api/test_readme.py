"""The README's Python examples run as they stand."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.programs import TEXT
from tests.waiting import HANG_SECONDS

README = Path(__file__).parents[2] / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.proves("python-api")
@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs_and_prints_what_it_promises(example: str, tmp_path: Path) -> None:
    done = subprocess.run(
        TEXT, input=example, cwd=tmp_path, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "__" in done.stdout
    assert len(done.stdout.splitlines()) == example.count("print(")
