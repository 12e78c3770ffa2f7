"""Every promise has a test that names it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.requirements import REQUIREMENTS

TESTS = Path(__file__).parent


def test_every_requirement_is_proved_by_a_test() -> None:
    assert sorted(set(REQUIREMENTS) - set(_proved())) == []


def test_tests_prove_requirements_that_exist() -> None:
    assert sorted(set(_proved()) - set(REQUIREMENTS)) == []


def _proved() -> Iterator[str]:
    """Yield the ids in all `proves(...)` marks."""
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "proves":
                yield from (str(mark.value) for mark in node.args if isinstance(mark, ast.Constant))
