"""The shape of the code: direction of imports, size of modules, length of functions."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mcp_dynaload"
MAX_MODULE_LINES = 500
MAX_MEDIAN_FUNCTION_LINES = 10


def test_imports_point_downwards_and_the_core_does_no_io() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_longer_than_an_afternoon_allows() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path: length for path, length in lengths.items() if length > MAX_MODULE_LINES} == {}


def test_the_median_function_is_short() -> None:
    lengths = [length for path in PACKAGE.rglob("*.py") for length in _function_lengths(path)]
    assert statistics.median(lengths) < MAX_MEDIAN_FUNCTION_LINES


def _function_lengths(path: Path) -> Iterator[int]:
    """Lines of each function's body, its docstring left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 1
