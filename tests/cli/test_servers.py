"""`add`, `remove` and their like: what a copied line of `claude mcp` does, and what it leaves alone."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.cli.app import app
from mcp_dynaload.cli.completion import complete_server
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.servers_edit import edit_servers
from mcp_dynaload.config.trust import is_trusted, trust_file
from mcp_dynaload.errors import ConfigError, DynaloadError
from tests.cli.conftest import Shell
from tests.programs import PYTHON
from tests.servers_files import places_in, read, write

COMMENTED = """\
{
  // mine
  "mcpServers": {
    "z": {"command": "z"}, // last in the alphabet, first here
    "a": {"command": "a"}
  }
}
"""


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locations:
    places = places_in(tmp_path)
    places.project_dir.mkdir()
    monkeypatch.setenv("MCP_DYNALOAD_CONFIG_DIR", str(places.config_dir))
    monkeypatch.setenv("MCP_DYNALOAD_STATE_DIR", str(places.state_dir))
    monkeypatch.chdir(places.project_dir)
    return places


def run(*line: str, stdin: str | None = None) -> str:
    """Run a command that is to work; what it says."""
    done = CliRunner().invoke(app, line, input=stdin)
    assert (done.exception, done.exit_code) == (None, 0), done.output
    return done.output


def refused(*line: str) -> str:
    """Run a command that is to fail; why it does."""
    done = CliRunner().invoke(app, line)
    assert done.exit_code != 0
    return str(done.exception) if isinstance(done.exception, DynaloadError) else done.output


def entries(path: Path) -> Json:
    return json.loads(path.read_text("utf-8"))["mcpServers"]


OURS = {"dynaload": {"inherit_env": True}}


@pytest.mark.proves("wiring")
@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (
            ["it", "-e", "A=b", "-e", "C=d", "--", "node", "x.js", "--flag"],
            {"command": "node", "args": ["x.js", "--flag"], "env": {"A": "b", "C": "d"}, **OURS},
        ),
        (["-e", "A=b", "C=d", "-t", "stdio", "it", "node", "x.js"], {"env": {"A": "b", "C": "d"}, "args": ["x.js"]}),
        (["-e", "A=b", "--", "it", "node", "-e", "x"], {"args": ["-e", "x"], "env": {"A": "b"}}),
        (["it", "--", "cmd", "--", "more"], {"command": "cmd", "args": ["--", "more"]}),
        (["--env=A=b=c", "it", "node"], {"env": {"A": "b=c"}}),
        (
            ["--transport", "http", "it", "https://x.example/mcp", "-H", "Auth: Bearer x", "X-Y: z:1"],
            {"type": "http", "url": "https://x.example/mcp", "headers": {"Auth": "Bearer x", "X-Y": "z:1"}},
        ),
        (["-H", "A: b", "it", "https://x.example/mcp"], {"type": "http", "headers": {"A": "b"}}),
        (
            ["it", "https://x.example/mcp", "--deny", "a*", "--deny", "b", "--allow", "c", "--read-only"],
            {"dynaload": {"allow": ["c"], "deny": ["a*", "b"], "read_only": True}},
        ),
        (["--deny", "a*", "it", "--", "node"], {"dynaload": {"inherit_env": True, "deny": ["a*"]}}),
        (["--sandbox", "none", "it", "--", "node"], {"dynaload": {"inherit_env": True, "sandbox": {}}}),
        (
            ["--sandbox", "network", "--sandbox", "read=~/a", "--sandbox", "write=b", "it", "--", "node"],
            {"dynaload": {"inherit_env": True, "sandbox": {"network": True, "read": ["~/a"], "write": ["b"]}}},
        ),
        (["it", "https://x.example/mcp"], {"type": "http", "url": "https://x.example/mcp"}),
        (["-t", "streamable-http", "it", "https://x.example/mcp"], {"type": "http"}),
        (
            ["it", "https://x.example/sse", "-t", "sse", "--client-id", "abc", "--callback-port", "8080"],
            {"type": "sse", "oauth": {"clientId": "abc", "callbackPort": 8080}},
        ),
    ],
)
def test_a_copied_line_makes_the_entry_that_the_client_would(places: Locations, line: list[str], entry: Json) -> None:
    run("add", "--no-list", *line)

    written = entries(places.user_servers_file)["it"]
    assert {key: written.get(key) for key in entry} == entry
    assert read(places).problems == ()


@pytest.mark.proves("wiring")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["it", "npx", "-y", "pkg"], "put `--` before the server's command"),
        (["it", "-e", "A", "--", "x"], "write -e NAME=VALUE"),
        (["it", "https://x.example", "-H", "A"], "write -H 'Name: value'"),
        (["it", "https://x.example", "-e", "A=b"], "--env: not for a http server"),
        (["it", "-H", "A: b", "--", "x"], "--header: not for a stdio server"),
        (
            ["it", "--sandbox", "netwrok", "--", "x"],
            "--sandbox 'netwrok': write none, network, read=PATH or write=PATH",
        ),
        (["it", "https://x.example", "--sandbox", "none"], "--sandbox: not for a http server"),
        (["a b", "--", "x"], "'a b' cannot be a server's name"),
        (["it", "-t", "http", "nowhere"], "mcpServers.it.url is not an http:// or https:// address"),
        (["it", "ftp://x/mcp"], "mcpServers.it.url is not an http:// or https:// address"),
        (["it", "http://x y/mcp"], "mcpServers.it.url is not an http:// or https:// address"),
        (["it", "http://x\u200b.example/mcp"], "mcpServers.it.url is not an http:// or https:// address"),
        (["z", "--", "x"], "has a server 'z': `mcp-dynaload remove z` first"),
        (["dynaload", "--", "x"], "would start mcp-dynaload behind itself"),
        (["it", "--", "mcp-dynaload", "serve"], "would start mcp-dynaload behind itself"),
    ],
)
def test_a_line_that_makes_no_server_is_refused_in_words_and_changes_nothing(
    places: Locations, line: list[str], said: str
) -> None:
    file = write(places.user_servers_file, COMMENTED)

    told = " ".join(refused("add", "--no-list", *line).replace("│", " ").split())

    assert said in told
    assert file.read_text("utf-8") == COMMENTED


@pytest.mark.proves("wiring")
def test_comments_and_order_stay_whatever_is_done_to_one_server(places: Locations) -> None:
    file = write(places.user_servers_file, COMMENTED)

    run("add", "--no-list", "m", "--", "m")
    run("disable", "z")
    disabled = read(places)
    run("enable", "z")
    run("remove", "m")

    assert [config.name for config in disabled.upstreams] == ["a", "m"]
    text = file.read_text("utf-8")
    assert "// mine\n" in text
    assert ", // last in the alphabet, first here\n" in text
    assert text.index('"z"') < text.index('"a"')
    assert [config.name for config in read(places).upstreams] == ["z", "a"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{", "is not valid JSON"),
        ('{"a":' * 100_000, "is not valid JSON"),
        ("[]", "must be an object"),
        ('{"foo": 1}', "mcpServers.it has neither command nor url"),
        ('{"command": "x", "dynaload": {"pim": []}}', "did you mean 'pin'?"),
    ],
)
def test_a_wrong_entry_in_json_is_told_with_its_key(places: Locations, entry: str, said: str) -> None:
    assert said in refused("add-json", "it", entry)
    assert not places.user_servers_file.exists()


def test_an_entry_in_json_is_kept_as_it_is(places: Locations) -> None:
    run("add-json", "it", "-", "--no-list", stdin='{"command": "x", "timeout": 5000, "later": {"key": 1}}')

    assert entries(places.user_servers_file) == {"it": {"command": "x", "timeout": 5000, "later": {"key": 1}}}


@pytest.mark.proves("trust")
@pytest.mark.parametrize(
    "pasted",
    [
        {"mcpServers": {"notes": {"command": "n"}}},
        {"mcpServers": {"other": {"command": "n"}}},
        {"mcpServers": {"other": {"command": "o"}, "notes": {"command": "n"}}},
        {"notes": {"command": "n"}},
    ],
)
def test_an_entry_is_found_in_what_pages_show_for_pasting(places: Locations, pasted: Json) -> None:
    run("add-json", "--no-list", "notes", json.dumps(pasted))

    assert entries(places.user_servers_file) == {"notes": {"command": "n"}}


def test_of_several_pasted_entries_none_is_guessed(places: Locations) -> None:
    pasted = {"mcpServers": {"a": {"command": "a"}, "b": {"command": "b"}}}

    assert "has entries of a, b under mcpServers; give its own entry alone" in refused(
        "add-json", "--no-list", "notes", json.dumps(pasted)
    )


def test_a_project_file_that_the_user_makes_is_trusted_and_one_that_came_along_is_not(places: Locations) -> None:
    run("add", "--no-list", "--scope", "project", "one", "--", "x")
    own = is_trusted(places.project_servers_file, places.state_dir)
    write(places.project_servers_file, COMMENTED)

    told = run("add", "--no-list", "-s", "project", "two", "--", "x")

    assert own
    assert not is_trusted(places.project_servers_file, places.state_dir)
    assert f"is not trusted, so nothing in it is started; run: mcp-dynaload trust {places.project_servers_file}" in told


def test_a_trusted_project_file_stays_trusted_with_what_the_user_puts_in(places: Locations) -> None:
    trust_file(write(places.project_servers_file, COMMENTED), places.state_dir)

    run("add", "--no-list", "-s", "project", "two", "--", "x")

    assert [config.name for config in read(places).upstreams] == ["z", "a", "two"]


def test_local_is_the_projects_file_kept_out_of_git(places: Locations) -> None:
    in_git(places, "init", "-q", "--template=")

    run("add", "--no-list", "-s", "local", "one", "--", "x")

    assert (places.project_dir / ".git" / "info" / "exclude").read_text("utf-8") == ".mcp-dynaload/\n"
    assert list(entries(places.project_servers_file)) == ["one"]


def test_without_a_git_to_ask_local_is_kept_out_of_one_by_its_file(
    places: Locations, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places.project_dir / ".git" / "info").mkdir(parents=True)
    monkeypatch.setenv("PATH", str(places.state_dir))

    run("add", "--no-list", "-s", "local", "one", "--", "x")

    assert (places.project_dir / ".git" / "info" / "exclude").read_text("utf-8") == ".mcp-dynaload/\n"


def in_git(places: Locations, *arguments: str) -> str:
    line = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(line, cwd=places.project_dir, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.mark.proves("secrets")
@pytest.mark.parametrize(
    ("ignore", "line"),
    [
        ("!.mcp-dynaload/\n!.mcp-dynaload/**\n", "line 2 of .gitignore (`!.mcp-dynaload/**`)"),
        ("!.mcp-dynaload/\n", "a line of a .gitignore that begins with `!`"),
    ],
)
@pytest.mark.parametrize("is_excluded", [False, True])
def test_what_is_private_never_begins_a_file_that_a_gitignore_takes_in(
    places: Locations, ignore: str, line: str, *, is_excluded: bool
) -> None:
    in_git(places, "init", "-q")
    write(places.project_dir / ".gitignore", ignore)
    exclude = places.project_dir / ".git" / "info" / "exclude"
    exclude.write_text(".mcp-dynaload/\n" if is_excluded else "", encoding="utf-8")
    before = exclude.read_text("utf-8")

    told = refused("add", "--no-list", "-s", "local", "mine", "-e", "KEY=abc", "--", "x")

    assert f"end in it: {line} outranks `.mcp-dynaload/` in {exclude}; take it out" in told
    assert not places.project_servers_file.exists()
    assert exclude.read_text("utf-8") == before
    run("add", "--no-list", "-s", "project", "team", "--", "x")
    assert "servers.json" in in_git(places, "add", "-An", ".")
    assert "outranks" in refused("add", "--no-list", "-s", "local", "mine", "-e", "KEY=abc", "--", "x")


@pytest.mark.proves("secrets")
def test_what_is_private_never_takes_the_place_of_a_file_that_git_has(places: Locations) -> None:
    in_git(places, "init", "-q")
    run("add", "--no-list", "-s", "project", "team", "--", "x")
    in_git(places, "add", ".mcp-dynaload")
    places.project_servers_file.unlink()

    assert "git tracks it" in refused("add", "--no-list", "-s", "local", "mine", "--", "x")


def test_an_add_that_is_refused_changes_nothing_in_the_repository(places: Locations) -> None:
    in_git(places, "init", "-q", "--template=")
    write(places.project_dir / ".gitignore", ".mcp-dynaload/\n")
    run("add", "--no-list", "-s", "project", "team", "--", "x")

    assert "has a server 'team'" in refused("add", "--no-list", "-s", "local", "team", "--", "x")
    assert not (places.project_dir / ".git" / "info" / "exclude").exists()


@pytest.mark.proves("secrets")
def test_what_is_private_never_joins_a_file_that_git_shares(places: Locations) -> None:
    in_git(places, "init", "-q")
    run("add", "--no-list", "-s", "project", "team", "--", "x")
    file, exclude = places.project_servers_file, places.project_dir / ".git" / "info" / "exclude"
    private = ("add", "--no-list", "-s", "local", "mine", "-e", "KEY=abc", "--", "x")

    assert f"add the line `.mcp-dynaload/` to {exclude}" in refused(*private)
    in_git(places, "add", ".mcp-dynaload")
    exclude.write_text(".mcp-dynaload/\n", encoding="utf-8")  # which does nothing for a file that git tracks

    assert f"or take the file out of the repository first: git rm --cached {file}" in refused(*private)
    assert list(entries(file)) == ["team"]
    in_git(places, "rm", "-q", "--cached", ".mcp-dynaload/servers.json")
    run(*private)
    run("add", "--no-list", "-s", "local", "more", "--", "x")
    assert list(entries(file)) == ["team", "mine", "more"]


@pytest.mark.proves("secrets", "foreign-code")
def test_git_is_asked_of_this_repository_by_a_git_that_is_not_of_it(
    places: Locations, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_git(places, "init", "-q")
    run("add", "--no-list", "-s", "project", "team", "--", "x")
    in_git(places, "add", ".mcp-dynaload")
    (places.project_dir / ".git" / "info" / "exclude").write_text(".mcp-dynaload/\n", encoding="utf-8")
    foreign = write(places.project_servers_file.with_name("git"), "#!/bin/sh\ntouch was-run\nexit 1\n")
    foreign.chmod(0o755)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    monkeypatch.setenv("GIT_DIR", str(places.state_dir))

    assert "git tracks it" in refused("add", "--no-list", "-s", "local", "mine", "--", "x")
    assert not foreign.with_name("was-run").exists()


def test_a_server_for_all_in_a_file_that_git_ignores_is_told(places: Locations) -> None:
    in_git(places, "init", "-q")
    run("add", "--no-list", "-s", "local", "mine", "--", "x")

    told = run("add", "--no-list", "-s", "project", "team", "--", "x")

    assert "so nobody else gets this server: take out line " in told
    assert "of .git/info/exclude (`.mcp-dynaload/`)" in told


@pytest.mark.proves("secrets")
def test_a_file_that_only_gitignore_keeps_out_takes_what_is_private_unless_git_tracks_it(places: Locations) -> None:
    in_git(places, "init", "-q")
    run("add", "--no-list", "-s", "project", "team", "--", "x")
    private = ("add", "--no-list", "-s", "local", "mine", "-e", "KEY=abc", "--", "x")
    ignore = write(places.project_dir / ".gitignore", ".mcp-dynaload/*\n!.mcp-dynaload/servers.json\n")

    assert "may be shared through the repository" in refused(*private)
    ignore.write_text(".mcp-dynaload/\n", encoding="utf-8")
    run(*private)
    assert list(entries(places.project_servers_file)) == ["team", "mine"]
    in_git(places, "add", "-f", ".mcp-dynaload/servers.json")
    assert "git tracks it" in refused("add", "--no-list", "-s", "local", "more", "--", "x")


def test_a_project_server_in_a_repository_that_git_cannot_read_is_told_and_there(places: Locations) -> None:
    (places.project_dir / ".git").mkdir()

    told = run("add", "--no-list", "-s", "project", "team", "--", "x")

    assert "git cannot say whether it shares" in told
    assert list(entries(places.project_servers_file)) == ["team"]


def test_a_project_file_that_leads_out_of_the_project_is_not_written(places: Locations, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside.json", COMMENTED)
    places.project_servers_file.parent.mkdir()
    places.project_servers_file.symlink_to(outside)

    assert "leads out of the project" in refused("add", "--no-list", "-s", "project", "one", "--", "x")
    assert outside.read_text("utf-8") == COMMENTED


def test_a_name_that_two_files_have_asks_which_and_an_unknown_one_tells_the_nearest(places: Locations) -> None:
    write(places.user_servers_file, COMMENTED)
    trust_file(write(places.project_servers_file, COMMENTED), places.state_dir)

    assert "say which by --scope user or --scope project" in refused("remove", "z")
    assert "no server 'zz' in" in refused("remove", "zz")
    run("remove", "z", "--scope", "user")
    assert list(read(places).files[0].servers) == ["a"]


def test_a_list_of_files_in_which_something_is_wrong_is_exit_status_1(places: Locations) -> None:
    write(places.user_servers_file, '{"mcpServers": {"a": {"command": 5}, "b": {"command": "b"}}}')

    assert "mcpServers.a.command" in refused("list")
    write(places.user_servers_file, '{"mcpServers": {"b": {"command": "b"}}}')
    run("list")


def test_a_broken_file_is_told_with_its_line_and_not_touched(places: Locations) -> None:
    file = write(places.user_servers_file, '{\n  "mcpServers": {"a": {},}\n}')

    assert f"{file}:2: is not valid JSON" in refused("add", "--no-list", "b", "--", "x")
    assert file.read_text("utf-8") == '{\n  "mcpServers": {"a": {},}\n}'


def test_a_link_to_the_users_file_stays_a_link(places: Locations, tmp_path: Path) -> None:
    real = write(tmp_path / "dotfiles" / "servers.json", COMMENTED)
    places.config_dir.mkdir()
    places.user_servers_file.symlink_to(real)

    run("add", "--no-list", "one", "--", "x")

    assert places.user_servers_file.is_symlink()
    assert "one" in real.read_text("utf-8")


@pytest.mark.proves("wiring")
def test_of_two_writers_at_once_neither_loses_its_server(shell: Shell) -> None:
    lines = [[PYTHON, "-m", "mcp_dynaload", "add", "--no-list", f"s{number}", "--", "x"] for number in range(4)]
    running = [subprocess.Popen(line, cwd=shell.project, env=shell.environ, stdout=subprocess.PIPE) for line in lines]
    for process in running:
        process.communicate()

    assert sorted(entries(shell.servers_file)) == ["s0", "s1", "s2", "s3"]


def test_an_edit_that_raises_leaves_the_file_alone(places: Locations) -> None:
    def fail(servers: Json) -> Json:
        raise ConfigError("no")

    file = write(places.user_servers_file, COMMENTED)
    with pytest.raises(ConfigError):
        edit_servers(places, file, fail)

    assert file.read_text("utf-8") == COMMENTED


@pytest.mark.proves("wiring")
def test_a_new_server_is_listed_at_once_and_one_that_fails_is_told_and_kept(
    shell: Shell, notes_server: dict[str, Any]
) -> None:
    added = shell.run("add-json", "knowledge", json.dumps(notes_server["knowledge"]))
    failed = shell.run("add", "broken", "--", "no-such-program-here")
    listed = json.loads(shell.run("list", "--json").stdout)

    assert "Listed: 12 tools." in added.stdout
    assert "the program 'no-such-program-here' was not found" in failed.stderr
    assert "The entry stays: `mcp-dynaload refresh` tries again" in failed.stderr
    assert failed.returncode == 0
    assert [(row["name"], row["scope"], row["state"], row["tools"]) for row in listed["servers"]] == [
        ("knowledge", "user", "used", 12),
        ("broken", "user", "used", None),
    ]


@pytest.mark.proves("least-privilege")
def test_the_commands_show_what_the_servers_file_denies_and_globs_that_fit_nothing(
    shell: Shell, notes_server: dict[str, Any]
) -> None:
    rules = {"deny": ["delete_*", "nothing_like_it"]}
    shell.run("add-json", "knowledge", json.dumps({**notes_server["knowledge"], "dynaload": rules}))

    row = json.loads(shell.run("list", "--json").stdout)["servers"][0]
    shown = shell.run("get", "knowledge").stdout
    known = json.loads(shell.run("tools", "--json").stdout)
    doctor = shell.run("doctor").stdout

    costs = {tool["name"]: tool["tokens"] for tool in known["tools"]}
    assert all(f"    {name}  {cost:,}\n" in shown for name, cost in costs.items())
    assert row["tokens"] == sum(costs.values()) > 0
    denied = dict.fromkeys(row["denied"], 'deny "delete_*"')
    assert denied
    assert (row["tools"], row["denied"], known["denied"]) == (12 - len(denied), denied, {"knowledge": denied})
    assert [tool["name"] for tool in known["tools"] if "delete" in tool["name"]] == []
    assert all(f'denied: {name}, by deny "delete_*"' in shown for name in denied)
    assert json.dumps(rules["deny"][1]) in shown
    assert 'server knowledge: denied by the servers file, deny "delete_*": ' in " ".join(doctor.split())
    assert 'server knowledge: deny "nothing_like_it" fits none of its 12 tools' in " ".join(doctor.split())


def test_a_server_that_is_not_used_is_shown_with_the_reason_and_without_tools(shell: Shell) -> None:
    off: Json = {"command": "a", "disabled": True}
    shell.write_servers({"bad": {"command": 7}, "bad2": {"command": 8}, "off": off})

    listed, bad = shell.run("list").stdout, shell.run("get", "bad").stdout

    assert "not listed yet" not in listed
    assert f"{shell.servers_file}:1: mcpServers.bad.command is a number; it must be a valid string\n" in bad
    assert "bad2" not in bad
    assert "tools:" not in bad


def test_a_file_that_cannot_be_read_is_not_said_to_have_no_server(shell: Shell) -> None:
    shell.servers_file.mkdir(parents=True)

    listed = shell.run("list").stdout

    assert "No server is configured" not in listed
    assert f"{shell.servers_file}: cannot be read (Is a directory)" in listed


def test_what_cannot_be_written_is_named(places: Locations) -> None:
    places.config_dir.write_text("")
    of_folder = refused("add", "--no-list", "a", "b")
    places.config_dir.unlink()
    places.user_servers_file.mkdir(parents=True)
    of_file = refused("add", "--no-list", "a", "b")

    assert of_folder.endswith(f"make {places.config_dir} a folder in which you may write")
    assert of_file.endswith("make it a plain file that you may read and write")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"mcpServers": {', "is not valid JSON"),
        ('{"servers": {}}', 'rename "servers"'),
    ],
)
def test_a_file_that_cannot_be_trusted_is_told_without_a_heading(
    places: Locations, tmp_path: Path, content: str, told: str
) -> None:
    file = tmp_path / "servers.json"
    file.write_text(content, "utf-8")

    done = CliRunner().invoke(app, ["trust", str(file), "--yes"])

    assert told in str(done.exception)
    assert done.output == ""
    assert not is_trusted(file, places.state_dir)


def test_what_would_not_be_started_is_told_before_a_file_is_trusted(places: Locations, tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    write(file, {"mcpServers": {"a": {}, "b": {"command": "b", "args": "x"}}})

    shown = run("trust", str(file), "--yes")

    assert "a: is not used as it is: it has neither command nor url" in shown
    assert "b: is not used as it is: args is a string" in shown
    assert "None" not in shown


@pytest.mark.proves("secrets")
def test_what_is_shown_of_a_server_holds_no_value_of_a_variable_or_header(shell: Shell) -> None:
    secret = "not-a-real-" + "token-" + 3 * "0123456789"
    shell.run("add", "--no-list", "it", "https://x.example/mcp?key=" + secret, "-H", f"Authorization: Bearer {secret}")

    shown = [shell.run("list").stdout, shell.run("get", "it").stdout, shell.run("get", "it", "--json").stdout]

    assert [text for text in shown if secret in text] == []
    assert all("x.example" in text for text in shown)


def test_the_shell_offers_the_names_of_the_servers(places: Locations) -> None:
    write(places.user_servers_file, COMMENTED)
    write(places.project_servers_file, '{"mcpServers": ')

    assert (complete_server(""), complete_server("z"), complete_server("x")) == (["a", "z"], ["z"], [])
