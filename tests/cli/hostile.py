"""A project whose Python files tell when they are imported."""

from importlib.metadata import packages_distributions
from pathlib import Path

from tests.cli.conftest import Shell

FIRST_IMPORTED = ("mcp_dynaload", "json", "logging", "sqlite3", "asyncio", "sitecustomize", "usercustomize")
"""Our own package, and modules of Python itself, which all that we start imports."""


def hostile_shell(folder: Path) -> Shell:
    """Make a project with a module of every name that we import; importing one leaves its name in a file."""
    shell = Shell(folder)
    (folder / "home").mkdir(exist_ok=True)
    (shell.project / ".mcp-dynaload").mkdir(parents=True)
    code = f"with open({str(_notes(shell))!r}, 'a') as file:\n    file.write(__name__ + '\\n')\n"
    for name in {*packages_distributions(), *FIRST_IMPORTED} - {"__pycache__"}:
        package = shell.project / name
        if not name.isidentifier():
            continue
        package.mkdir()
        (package / "__init__.py").write_text(code)
        (package / "__main__.py").write_text(code)
    return shell


def imported(shell: Shell) -> str:
    """Return the names of the modules that were imported from there."""
    file = _notes(shell)
    return file.read_text() if file.exists() else ""


def _notes(shell: Shell) -> Path:
    return shell.folder / "imported"
