"""The Python examples of the pages run as they stand."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.pages import PAGES, ROOT
from tests.programs import TEXT
from tests.waiting import HANG_SECONDS

EXAMPLES = [
    pytest.param(example, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, example in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    )
]


@pytest.mark.proves("python-api")
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs_and_prints_what_it_promises(example: str, tmp_path: Path) -> None:
    done = subprocess.run(
        TEXT, input=example, cwd=tmp_path, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "__" in done.stdout
    assert len(done.stdout.splitlines()) == example.count("print(")


def test_the_api_has_examples() -> None:
    assert len(EXAMPLES) >= 2
