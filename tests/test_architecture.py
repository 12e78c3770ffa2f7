"""The shape of the code: direction of imports, size of modules and functions, names and docstrings."""

import ast
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mcp_dynaload"
MAX_MODULE_LINES = 500
MAX_MEDIAN_FUNCTION_LINES = 8
MAX_FUNCTION_LINES = 60

NO_VERBS = frozenset(
    """
    a an the all any both each every everything no nobody none nothing one two some several another
    this that these those it its our ours their we they how what whatever when where whether which while who whose why
    there then so as at by for from in of on once only to with within without like if
    names tokens seconds milliseconds numbers lines values texts servers tools prompts
    """.split()  # noqa: SIM905 - a list of so many quoted words would fill a screen
)
"""First words of a docstring that says what a function gives instead of what it does."""

DEMO_SERVERS = PACKAGE / "demo" / "servers"
"""There docstrings are the descriptions of tools, written as the servers of others write theirs."""

SURFACE_SETTING = ("config/settings", "cli/doctor", "configuration", "proxy/process_context", "proxy/server")
"""Modules that read it: `configuration` and `process_context` make what all sessions share, before any handshake."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_imports_point_downwards_and_the_core_does_no_io() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_import_is_excepted_from_its_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts if contract.get("ignore_imports")] == []


def test_no_module_is_longer_than_an_afternoon_allows() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path: length for path, length in lengths.items() if length > MAX_MODULE_LINES} == {}


def test_the_median_function_is_short_and_none_is_long() -> None:
    lengths = {
        f"{_place(path)} {node.name}": _length(node)
        for path, tree in _modules(PACKAGE)
        for node in ast.walk(tree)
        if isinstance(node, Function)
    }
    assert statistics.median(lengths.values()) <= MAX_MEDIAN_FUNCTION_LINES
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def test_whether_tools_are_loaded_is_asked_only_where_a_surface_is_chosen() -> None:
    """Find no flag of a mode in any other module: they ask the surface, which is an object for each mode."""
    asking = {_place(path) for path in PACKAGE.rglob("*.py") if "dynamic_loading_enabled" in path.read_text("utf-8")}
    assert asking == {f"mcp_dynaload/{path}.py" for path in SURFACE_SETTING}


def test_no_class_name_stands_twice_in_the_package() -> None:
    names = Counter(
        node.name for _, tree in _modules(PACKAGE) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_no_docstring_starts_with_what() -> None:
    assert [place for place, _, text in _docstrings() if text.split()[0] == "What"] == []


def test_the_text_of_a_field_or_constant_names_its_subject() -> None:
    begun = {place: text for place, text in _field_texts() if text.split()[0] in ("What", "Of")}
    assert begun == {}


def _field_texts() -> Iterator[tuple[str, str]]:
    """Yield place and text of each string that stands below an assignment."""
    for path, tree in [*_modules(PACKAGE), *_modules(ROOT / "tests")]:
        for holder in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))):
            for assigned, below in pairwise(holder.body):
                match assigned, below:
                    case ast.Assign() | ast.AnnAssign(), ast.Expr(value=ast.Constant(value=str() as text)):
                        yield f"{_place(path)}:{below.lineno}", text
                    case _:
                        pass


def test_the_docstring_of_a_function_starts_with_a_verb() -> None:
    functions = {place: text for place, node, text in _docstrings() if isinstance(node, Function)}
    assert {place: text for place, text in functions.items() if not _starts_with_a_verb(text)} == {}


def _starts_with_a_verb(text: str) -> bool:
    """Guess it: the first word is plain and capitalised, and no article, pronoun, question word or number."""
    word = text.split()[0].rstrip(",;:.")
    return word.replace("-", "").isalpha() and word[0].isupper() and word[1:].islower() and word.lower() not in NO_VERBS


@cache
def _docstrings() -> list[tuple[str, ast.AST, str]]:
    """Return place, node and text of each docstring in the package and its tests; a property's says a value."""
    return list(_found_docstrings())


def _found_docstrings() -> Iterator[tuple[str, ast.AST, str]]:
    for path, tree in [*_modules(PACKAGE), *_modules(ROOT / "tests")]:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Module | ast.ClassDef | Function) or _is_property(node):
                continue
            is_of_tool = DEMO_SERVERS in path.parents and isinstance(node, Function)
            if not is_of_tool and (text := ast.get_docstring(node)) is not None:
                yield f"{_place(path)} {getattr(node, 'name', '')}", node, text


def _is_property(node: ast.AST) -> bool:
    decorators = node.decorator_list if isinstance(node, Function) else []
    return any(ast.unparse(decorator).endswith("property") for decorator in decorators)


@cache
def _modules(folder: Path) -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(folder.rglob("*.py"))]


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _length(node: Function) -> int:
    """Count the lines of a function's body, its docstring left out."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 1
