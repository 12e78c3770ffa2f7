"""`secret set|list|rm`: a value is read from stdin, kept where it says, and shown nowhere."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mcp_dynaload.cli.app import app
from mcp_dynaload.errors import ConfigError

pytestmark = pytest.mark.proves("kept-secrets")

VALUE = "correct-horse-battery"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MCP_DYNALOAD_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("MCP_DYNALOAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*line: str, stdin: str | None = None) -> str:
    done = CliRunner().invoke(app, line, input=stdin)
    assert (done.exception, done.exit_code) == (None, 0), done.output
    return done.output


def refused(*line: str, stdin: str | None = None) -> str:
    done = CliRunner().invoke(app, line, input=stdin)
    assert isinstance(done.exception, ConfigError), done.output
    return str(done.exception)


def test_a_secret_is_set_listed_used_and_forgotten_and_its_value_shown_by_none_of_that(home: Path) -> None:
    said = [
        run("secret", "list"),
        run("secret", "set", "gh", stdin=f"{VALUE}\n"),
        run("secret", "list"),
        run("secret", "list", "--json"),
        run("add", "--no-list", "it", "--", "prog", "--token=${keyring:gh}"),
        run("list"),
        run("get", "it"),
        run("trust", "--yes", str(home / "config" / "servers.json")),
        run("secret", "rm", "gh"),
        CliRunner().invoke(app, ["list"]).output,
    ]
    file = home / "state" / "secrets.json"

    assert [text for text in said if VALUE in text] == []
    assert "There is no secret" in said[0]
    assert f"Kept 'gh' in the file {file}, which only you may read. In a servers file: ${{keyring:gh}}" in said[1]
    assert json.loads(said[3]) == [{"name": "gh", "place": f"the file {file}, which only you may read"}]
    assert "prog --token=${keyring:gh}" in said[4]
    assert "reads, and is given what they hold: 'keyring:gh'" in said[7]
    assert "gets from your environment" not in said[7]
    assert "needs the secret 'gh', which is not set; run: mcp-dynaload secret set gh" in " ".join(said[9].split())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert VALUE not in file.read_text("utf-8")


def test_what_cannot_be_kept_is_refused_in_words() -> None:
    assert "is no name for a secret" in refused("secret", "set", "a b", stdin="x")
    assert "there is no value for 'gh'" in refused("secret", "set", "gh", stdin="\n")
    assert "there is no secret 'gh'" in refused("secret", "rm", "gh")
    assert "needs the secret 'gh'" in refused("add", "--no-list", "it", "--", "prog", "${keyring:gh}")
