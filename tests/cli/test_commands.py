import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mcp_dynaload.catalog.catalog import build_tools
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.cli.app import app as cli
from mcp_dynaload.cli.refresh import list_unseen
from mcp_dynaload.cli.tool_details import detail_lines
from mcp_dynaload.configuration import read_configuration
from tests.cli.conftest import Shell
from tests.programs import PYTHON
from tests.waiting import HANG_SECONDS

_NOT_FOUND = "the program 'no-such-program-here' was not found: install it, or give its full path."
MISSING: dict[str, Any] = {"broken": {"command": "no-such-program-here"}}


def test_help_names_every_command(shell: Shell) -> None:
    done = shell.run("--help")
    assert done.returncode == 0
    commands = (
        "demo",
        "eval",
        "dashboard",
        "serve",
        "init",
        "uninstall",
        "doctor",
        "refresh",
        "tools",
        "stats",
        "audit",
        "logs",
        "trust",
    )
    assert [name for name in commands if f"\n│ {name} " not in done.stdout] == []


def test_every_command_has_an_example_in_its_help_and_tells_wrong_use(shell: Shell) -> None:
    told = shell.run("--help").stdout
    commands = re.findall(r"^│ ([a-z]+) ", told, re.MULTILINE)
    helps = {name: shell.run(name, "--help").stdout for name in commands}
    wrong = {name: shell.run(name, "--no-such-option") for name in commands}

    assert len(commands) >= 15
    assert [name for name, text in helps.items() if "Example" not in text and "Commands" not in text] == []
    assert [name for name, text in helps.items() if re.search(r"<bool>|--[a-z-]+ +<list", text)] == []
    assert [name for name, done in wrong.items() if done.returncode != 2] == []
    assert [name for name, done in wrong.items() if "--no-such-option" not in done.stderr] == []


def test_help_breaks_lines_only_where_they_end_and_a_wrong_value_is_told_in_plain_words() -> None:
    told = CliRunner().invoke(cli, ["init", "--help"], env={"COLUMNS": "80"}).output
    wrong = CliRunner().invoke(cli, ["init", "--scope", "x"], env={"COLUMNS": "200"}).output

    lines = [line.strip() for line in told.splitlines()]
    assert "project uses. With `--yes` that is not done unless `--learn` says so: your" in lines
    assert "'x' is not one of 'user', 'project', 'local'" in wrong
    assert "Value error" not in wrong


def test_version_is_the_package_s(shell: Shell) -> None:
    from mcp_dynaload import __version__

    assert shell.run("--version").stdout == f"{__version__}\n"


def test_refresh_fills_the_cache_that_tools_reads(shell: Shell, notes_server: dict[str, Any]) -> None:
    shell.write_servers(notes_server)
    refreshed = shell.run("refresh", "--json")
    told = shell.run("tools", "--json")
    after = json.loads(told.stdout)
    assert told.stderr == ""
    assert json.loads(refreshed.stdout) == {"tools": {"knowledge": 12}, "errors": {}}
    assert len(after["tools"]) == 12
    assert after["not_listed_yet"] == []
    assert after["total_tokens"] == sum(row["tokens"] for row in after["tools"]) > 0


@pytest.mark.proves("fresh-machine")
@pytest.mark.parametrize(
    ("arguments", "stdin", "key", "expected"),
    [
        (("tools", "--json"), None, "tools", "knowledge__search_notes"),
        (("optimize", "search the notes", "--json"), None, "added", "knowledge__search_notes"),
        (("interactive", "--json"), "search the notes", "added", "knowledge__search_notes"),
        (("stats", "--json"), None, "tools", "[]"),
    ],
    ids=["tools", "optimize", "interactive", "stats"],
)
def test_on_a_fresh_machine_what_was_never_listed_is_listed_and_the_command_goes_on(
    shell: Shell, notes_server: dict[str, Any], arguments: tuple[str, ...], stdin: str | None, key: str, expected: str
) -> None:
    shell.write_servers({**MISSING, **notes_server})

    done = shell.run(*arguments, stdin=stdin, seconds=240)

    assert done.returncode == 0, done.stderr
    assert expected in json.dumps(json.loads(done.stdout)[key])
    if arguments[0] != "stats":  # it tells of the past, for which no server is needed
        lines = done.stderr.splitlines()
        assert sorted(line.split(": ")[2] for line in lines[:2]) == ["broken", "knowledge"]
        assert [line.partition(" of 2")[0] for line in lines[:2]] == ["listing servers: 1", "listing servers: 2"]
        assert lines[2:] == ["MCP server 'broken' did not start: " + _NOT_FOUND]


@pytest.mark.proves("fresh-machine", "trust")
@pytest.mark.parametrize("arguments", [("tools",), ("optimize", "search the notes"), ("interactive",)])
def test_on_a_fresh_machine_an_untrusted_server_is_not_started_and_is_told(
    shell: Shell, notes_server: dict[str, Any], arguments: tuple[str, ...]
) -> None:
    path = shell.project / ".mcp-dynaload" / "servers.json"
    shell.write_servers(notes_server, path)

    done = shell.run(*arguments, stdin="", seconds=240)

    assert f"mcp-dynaload trust {path}" in done.stderr
    assert "listing servers" not in done.stderr
    assert not (shell.state_dir / "logs" / "knowledge.log").exists()


def test_tools_ranks_for_a_query(shell: Shell, notes_server: dict[str, Any]) -> None:
    shell.write_servers(notes_server)
    shell.run("refresh")
    best = json.loads(shell.run("tools", "search the notes", "--json", "--limit", "1").stdout)["tools"]
    assert [row["name"] for row in best] == ["knowledge__search_notes"]
    assert "knowledge__search_notes" in shell.run("tools", "search the notes").stdout
    nothing = shell.run("tools", "zzqqy").stdout
    assert nothing.startswith("No tool fits 'zzqqy': try other words")
    assert "description" not in nothing


def test_tools_are_shown_of_one_server_some_or_one_by_name_and_whole(
    shell: Shell, notes_server: dict[str, Any]
) -> None:
    shell.write_servers({**notes_server, "other": notes_server["knowledge"]})
    shell.run("refresh")

    def names(*arguments: str) -> list[str]:
        return [row["name"] for row in json.loads(shell.run("tools", "--json", *arguments).stdout)["tools"]]

    assert len(names("--limit", "3")) == 3
    assert {name.partition("__")[0] for name in names("search the notes", "--server", "other")} == {"other"}
    assert names("other__search_notes") == ["other__search_notes"]
    whole = shell.run("tools", "other__search_notes", "--details").stdout.splitlines()
    assert whole[0].endswith(" tokens, of server other")
    assert any(line.startswith("    query (string, required)") for line in whole)
    wrong = shell.run("tools", "--server", "nope")
    assert wrong.returncode == 2
    assert "no server is called 'nope'; configured are: knowledge, other" in wrong.stderr


def test_the_details_of_a_tool_are_its_parameters_and_what_its_server_says_of_it() -> None:
    definition: Json = {
        "name": "forecast",
        "description": "Tell the weather.\n\nOf any city.",
        "inputSchema": {
            "properties": {
                "city": {"type": "string", "description": "Its  name."},
                "unit": {"enum": ["C", "F"]},
                "odd": 5,
            },
            "required": ["city"],
        },
        "annotations": {"readOnlyHint": True, "destructiveHint": "yes", "openWorldHint": False},
    }
    [tool] = build_tools("sky", [definition])

    assert [*detail_lines(tool, 1200)] == [
        "sky__forecast  1,200 tokens, of server sky",
        "    Tell the weather.",
        "",
        "    Of any city.",
        "    city (string, required): Its name.",
        "    unit (string: C, F)",
        "    odd",
        "    says of itself: changes nothing, stays within its own data",
    ]


def test_refresh_names_what_failed_and_lists_the_others(shell: Shell, notes_server: dict[str, Any]) -> None:
    shell.write_servers({**MISSING, **notes_server})
    done = shell.run("refresh", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert answer["tools"] == {"knowledge": 12}
    assert "'no-such-program-here' was not found" in answer["errors"]["broken"]


def test_doctor_says_what_to_do(shell: Shell, notes_server: dict[str, Any]) -> None:
    shell.write_servers({**MISSING, **notes_server})
    done = shell.run("doctor")
    assert done.returncode == 1
    assert str(shell.servers_file) in done.stdout
    assert "server knowledge: 12 tools" in done.stdout
    assert "'no-such-program-here' was not found" in done.stdout
    assert "run `mcp-dynaload init`" in done.stdout
    assert "DYNAMIC_LOADING_ENABLED=false" in done.stdout


@pytest.mark.proves("client-settings")
def test_doctor_tells_of_disabled_entries_and_missing_variables_and_the_demo_stays_away(
    shell: Shell, notes_server: dict[str, Any]
) -> None:
    entry = notes_server["knowledge"]
    wants = {**entry, "env": {**entry.get("env", {}), "NOTES_TOKEN": "${NO_SUCH_VARIABLE}"}}
    shell.write_servers({"knowledge": wants, "off": {"command": "no-such-program", "disabled": True}})

    findings = json.loads(shell.run("doctor", "--json").stdout)

    notes = [finding["what"] for finding in findings if finding["level"] == "note"]
    assert any(what.startswith("disabled in ") and what.endswith(": off") for what in notes)
    assert any("uses the variable 'NO_SUCH_VARIABLE'" in what for what in notes)
    assert any(finding["what"].startswith("server ") and finding["level"] == "ok" for finding in findings)
    assert not any("no-such-program" in finding["what"] for finding in findings)


def test_without_a_server_doctor_says_that_the_demo_stands_in_and_starts_nothing(shell: Shell) -> None:
    done = shell.run("doctor")

    assert "the embedded demo servers stand in, which need no check" in done.stdout
    assert "tools, protocol" not in done.stdout
    assert done.stderr == "", "no server was listed"


def test_what_shows_demo_tools_says_so_also_when_they_were_listed_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    configuration = read_configuration({"HOME": str(tmp_path), "CLAUDE_PROJECT_DIR": str(tmp_path)})
    monkeypatch.setattr("mcp_dynaload.configuration.embedded_configs", tuple)  # as if all had been listed

    assert configuration.is_demo
    assert list_unseen(configuration) == ()
    assert capsys.readouterr().err.startswith("no server is configured: the embedded demo servers stand in;")


def test_doctor_is_content_after_init(shell: Shell, notes_server: dict[str, Any]) -> None:
    state = shell.folder / "home" / ".claude.json"
    state.write_text(json.dumps({"mcpServers": notes_server}), encoding="utf-8")
    assert shell.run("init", "--yes").returncode == 0
    findings = json.loads(shell.run("doctor", "--json").stdout)
    assert [finding for finding in findings if finding["level"] == "wrong"] == []


@pytest.mark.proves("trust")
def test_a_project_s_servers_start_only_after_trust(shell: Shell, notes_server: dict[str, Any]) -> None:
    path = shell.project / ".mcp-dynaload" / "servers.json"
    shell.write_servers(notes_server, path)
    distrusted = shell.run("refresh", "--json")
    unasked = shell.run("trust", str(path), stdin="")
    trusted = shell.run("trust", str(path), "--yes")
    listed = shell.run("refresh", "--json")
    forgotten = shell.run("trust", str(path), "--forget")
    again = shell.run("refresh", "--json")
    assert (distrusted.returncode, listed.returncode, again.returncode) == (1, 0, 1)
    assert json.loads(distrusted.stdout)["tools"] == {}
    assert (unasked.returncode, "add --yes" in unasked.stderr) == (2, True)
    assert f"  knowledge: runs {PYTHON!r} '-P' '-E' '-m' 'mcp_dynaload.demo.serve'" in trusted.stdout
    assert trusted.stdout.splitlines()[-1].startswith(f"Trusted: {path}")
    assert json.loads(listed.stdout)["tools"] == {"knowledge": 12}
    assert forgotten.stdout == f"{path} is not trusted any more.\n"


def test_the_trust_option_is_for_headless_use(shell: Shell, notes_server: dict[str, Any]) -> None:
    shell.write_servers(notes_server, shell.project / ".mcp-dynaload" / "servers.json")
    assert json.loads(shell.run("refresh", "--trust", "--json").stdout)["tools"] == {"knowledge": 12}


def test_logs_shows_what_a_server_printed(shell: Shell) -> None:
    script = "import sys; print('cannot reach the database', file=sys.stderr)"
    shell.write_servers({"chatty": {"command": sys.executable, "args": ["-c", script]}})
    shell.run("refresh")
    assert shell.run("logs", "chatty").stdout == "cannot reach the database\n"
    assert "upstream_failed" in shell.run("logs").stdout


def test_logs_of_a_server_that_has_written_nothing_says_so(shell: Shell) -> None:
    shell.write_servers({"quiet": {"command": "quiet"}, "far": {"url": "https://far.example/mcp", "disabled": True}})

    for name in ("quiet", "far"):
        done = shell.run("logs", name)
        assert (done.returncode, done.stdout) == (0, "")
        assert f"{name} has written nothing so far" in done.stderr


def test_logs_of_an_unknown_server_names_those_that_exist(shell: Shell) -> None:
    done = shell.run("logs", "nobody")
    assert done.returncode == 2
    assert "logs exist for: nothing yet" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [("DEFAULT_LOADING_STRATEGY", "greedy", "conservative"), ("LOADING_TIMEOUT_MS", "soon", "LOADING_TIMEOUT_MS")],
)
@pytest.mark.proves("bad-config")
def test_a_wrong_setting_is_one_readable_line(shell: Shell, variable: str, value: str, told: str) -> None:
    done = shell.run("tools", stdin=None, seconds=HANG_SECONDS, **{variable: value})
    assert done.returncode == 2
    assert done.stderr.startswith("mcp-dynaload: ")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_on_the_command_line_wins_over_the_environment(shell: Shell, notes_server: dict[str, Any]) -> None:
    shell.write_servers(notes_server)
    arguments = ("doctor", "--set", "dynamic_loading_enabled=true", "--set", "dynamic_loading_enabled=false", "--json")
    findings = json.loads(shell.run(*arguments, DYNAMIC_LOADING_ENABLED="true").stdout)
    assert [finding["what"] for finding in findings if "DYNAMIC_LOADING_ENABLED is false" in finding["what"]]


@pytest.mark.parametrize("command", ["serve", "doctor", "refresh", "tools"])
@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("log_level=loud", "mcp-dynaload: --set log_level is 'loud'; it must be 'debug'"),
        ("log_level", "mcp-dynaload: --set log_level has no value; write --set log_level=VALUE"),
    ],
)
def test_a_wrong_setting_on_the_command_line_is_one_line(shell: Shell, command: str, setting: str, told: str) -> None:
    done = shell.run(command, "--set", setting)
    assert done.returncode == 2
    assert done.stderr.startswith(told)


def test_a_project_s_settings_stop_nothing_and_doctor_tells(shell: Shell, notes_server: dict[str, Any]) -> None:
    shell.write_servers(notes_server)
    path = shell.project / ".mcp-dynaload" / "dynaload.toml"
    path.parent.mkdir()
    path.write_text("detailed_logging_enabled = true\nno_such_setting = 1\n")
    tools = shell.run("tools", "--json")
    findings = json.loads(shell.run("doctor", "--json").stdout)
    wrong = [finding["what"] for finding in findings if str(path) in finding["what"] and finding["level"] == "wrong"]
    assert tools.returncode == 0
    assert [text.split(" is not ")[0] for text in wrong] == [
        f"{path}:2: no_such_setting",
        f"{path}:1: detailed_logging_enabled",
    ]
