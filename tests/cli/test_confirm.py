"""Commands that ask: a no is the same in all of them."""

import io
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mcp_dynaload.cli.app import app
from mcp_dynaload.cli.common import confirm
from mcp_dynaload.errors import ConfigError
from tests.cli.conftest import Shell
from tests.installed import ROOT

SERVERS = '{"mcpServers": {"db": {"command": "db"}}}'


@pytest.fixture
def terminal(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name, value in shell.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    return shell


@pytest.mark.parametrize("command", [["trust", "servers.json"], ["stats", "--forget"]])
@pytest.mark.parametrize(("answer", "status"), [("n\n", 1), ("y\n", 0), ("", 1)])
def test_a_no_is_told_and_exit_status_1_and_so_is_the_end_of_the_input(
    terminal: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], answer: str, status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("servers.json").write_text(SERVERS, encoding="utf-8")

    done = CliRunner().invoke(app, command, input=answer, catch_exceptions=False)

    assert done.exit_code == status
    assert ("Nothing was changed." in done.output) == (answer == "n\n")
    assert ("Trusted: " in done.output or "Forgotten: " in done.output) == (status == 0)


def test_every_command_that_asks_does_it_in_one_way() -> None:
    modules = (ROOT / "mcp_dynaload" / "cli").glob("*.py")

    assert {module.name for module in modules if re.search(r"\b(confirm|is_agreed)\(", module.read_text("utf-8"))} == {
        "common.py",
        "init.py",
        "quarantine.py",
        "stats.py",
        "trust.py",
    }
    sources = (ROOT / "mcp_dynaload").rglob("*.py")
    assert [path.name for path in sources if re.search(r"typer\.confirm\b", path.read_text("utf-8"))] == ["common.py"]


@pytest.mark.parametrize("stdin", [None, io.StringIO("y\n")])
def test_where_nobody_can_be_asked_that_is_told(monkeypatch: pytest.MonkeyPatch, stdin: object) -> None:
    monkeypatch.setattr("sys.stdin", stdin)

    with pytest.raises(ConfigError, match=r"nobody can be asked here \(no terminal\); add --yes"):
        confirm("Do it?", "add --yes")
