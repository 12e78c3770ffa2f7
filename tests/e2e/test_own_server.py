"""The plugin of the marketplace, which brings its own server: installed alone, and beside what `init` has put there."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.claude import Claude
from tests.e2e.git_host import git_host
from tests.e2e.model_api import Step, tool_use
from tests.e2e.model_request import Json
from tests.e2e.stage import FROZEN_LIST_MODEL, PROXY_COMMAND, Stage
from tests.e2e.test_every_prompt import CLOCK, HISTORY, MODELS
from tests.e2e.test_subagents import HISTORY_TASK, agent, wait_for_the_last_answer
from tests.e2e.test_wired_by_init import dynaload, servers_of
from tests.e2e.upstreams import COMMITS
from tests.installed import ROOT
from tests.plugin.own_server import BRINGING
from tests.waiting import HANG_SECONDS

pytestmark = [pytest.mark.proves("every-prompt"), pytest.mark.proves("own-server")]

PREFIX = "mcp__plugin_dynaload_dynaload__"
HOOK = f"{PREFIX}dynaload_hook"
GIT_LOG = f"{PREFIX}git__git_log"
CURRENT_TIME = f"{PREFIX}time__get_current_time"
ALLOWED: Json = {"permissions": {"allow": [f"{PREFIX}*"]}}


def program(folder: Path) -> Path:
    """Put the program `mcp-dynaload` into a folder; its start is no subject here."""
    folder.mkdir(exist_ok=True)
    file = folder / "mcp-dynaload"
    file.write_text(f'#!/bin/sh\nexec {shlex.join(PROXY_COMMAND)} "$@"\n')
    file.chmod(0o755)
    return folder


def at_home(
    stage: Stage,
    turns: Mapping[str, Sequence[Step]],
    *,
    model: str = FROZEN_LIST_MODEL,
    settings: Json = ALLOWED,
    path: str | None = None,
    **environment: str,
) -> Claude:
    """Return the client of a user who has the program on the PATH, and our servers file with its servers."""
    claude, programs = stage.claude(turns, model=model, hooks=False), program(stage.folder / "own")
    config, state = stage.folder / "config", stage.folder / "state"
    config.mkdir(exist_ok=True)
    shutil.copy(stage.workplace.servers_file, config / "servers.json")
    own = {
        "MCP_DYNALOAD_CONFIG_DIR": str(config),
        "MCP_DYNALOAD_STATE_DIR": str(state),
        "MCP_TIMEOUT": str(1000 * int(HANG_SECONDS)),  # two start at once, on a machine that may be busy
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}" if path is None else path,
    }
    claude = replace(claude, is_as_at_home=True, extra_environment={**own, **environment})
    claude.write_state()
    (claude.home / ".claude").mkdir(exist_ok=True)
    (claude.home / ".claude" / "settings.json").write_text(json.dumps(settings))
    return claude


def install(claude: Claude, source: str = str(ROOT)) -> None:
    claude.run_plugin("marketplace", "add", source)
    claude.run_plugin("install", "dynaload@mcp-dynaload")


def git_log(stage: Stage, name: str = GIT_LOG) -> Json:
    return tool_use(name, {"repo_path": str(stage.workplace.repository)})


def asking_the_time(name: str = CURRENT_TIME) -> Json:
    return tool_use(name, {"timezone": "Asia/Tokyo"})


@pytest.mark.parametrize("model", MODELS)
def test_installed_alone_it_serves_each_prompt_in_its_first_request_under_the_clients_names(
    stage: Stage, model: str
) -> None:
    claude = at_home(stage, {HISTORY: [git_log(stage)], CLOCK: [asking_the_time()]}, model=model)
    install(claude)

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)

    assert len(claude.api.main()) == 4
    asked, answered = claude.api.main(HISTORY)
    assert GIT_LOG in asked.visible_tools
    assert COMMITS[0] in answered.last_result
    asked, answered = claude.api.main(CLOCK)
    assert CURRENT_TIME in asked.visible_tools
    assert "Asia/Tokyo" in answered.last_result
    assert HOOK not in {*asked.loaded_tools, *asked.deferred_tools}
    assert [name for name in asked.visible_tools if name.startswith("mcp__dynaload__")] == []


def test_from_its_folder_alone_it_serves_too(stage: Stage) -> None:
    claude = at_home(stage, {CLOCK: [asking_the_time()]})
    copy = stage.folder / "plugin"
    shutil.copytree(BRINGING, copy)

    with replace(claude, plugin=copy).print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)

    assert GIT_LOG in claude.api.main(HISTORY)[0].visible_tools
    asked, answered = claude.api.main(CLOCK)
    assert CURRENT_TIME in asked.visible_tools
    assert "Asia/Tokyo" in answered.last_result


def test_its_agents_searches_and_commands_know_the_longer_names(stage: Stage) -> None:
    search = tool_use("ToolSearch", {"query": "current time in a timezone"})
    turns = {
        "Please hand out the job": [[agent(HISTORY_TASK)]],
        HISTORY_TASK: [git_log(stage)],
        "Go on": [search, asking_the_time()],
        "Find it": [tool_use(f"{PREFIX}find_tools", {"query": "list the tables of the database"})],
    }
    claude = at_home(stage, turns)
    install(claude)

    with claude.print_session() as session:
        session.ask("Find it")
        said = session.ask(f"/{PREFIX}help")
        session.ask("Please hand out the job")
        wait_for_the_last_answer(claude.api, HISTORY_TASK)
        session.ask("Go on")

    assert GIT_LOG in claude.api.subagents(HISTORY_TASK)[0].visible_tools
    assert CURRENT_TIME in claude.api.main("Go on")[1].tool_references
    assert "Asia/Tokyo" in claude.api.main("Go on")[-1].last_result
    assert f"select:{PREFIX}sqlite__list_tables" in claude.api.main("Find it")[-1].last_result
    assert f"/{PREFIX}<command>" in str(said["result"])


def test_rules_of_permission_under_the_longer_names_count(stage: Stage) -> None:
    settings = {"permissions": {"allow": [f"{PREFIX}git__*"], "deny": [CURRENT_TIME]}}
    claude = at_home(stage, {HISTORY: [git_log(stage)], CLOCK: [asking_the_time()]}, settings=settings)
    install(claude)

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)

    assert COMMITS[0] in claude.api.main(HISTORY)[-1].last_result
    assert CURRENT_TIME not in claude.api.main(CLOCK)[0].visible_tools
    assert "Asia/Tokyo" not in claude.api.main(CLOCK)[-1].last_result


@pytest.mark.proves("init")
def test_from_ten_servers_to_a_wired_client_by_three_commands_each_taken_back_by_one(stage: Stage) -> None:
    settings: Json = {"permissions": {"allow": ["mcp__git", "mcp__time"]}}
    claude = at_home(stage, {HISTORY: [git_log(stage)], CLOCK: [asking_the_time()]}, settings=settings)
    (stage.folder / "config" / "servers.json").unlink()
    servers = servers_of(stage)
    servers |= {f"other-{name}": servers[name] for name in ("time", "fetch", "git")}
    assert len(servers) == 10
    state, file = claude.home / ".claude.json", claude.home / ".claude" / "settings.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"mcpServers": servers}))

    install(claude)
    dynaload(claude, "init", "--yes")
    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)

    assert json.loads(state.read_text())["mcpServers"] == {}
    asked, answered = claude.api.main(HISTORY)
    assert GIT_LOG in asked.visible_tools
    assert COMMITS[0] in answered.last_result
    asked, answered = claude.api.main(CLOCK)
    assert CURRENT_TIME in asked.visible_tools
    assert "Asia/Tokyo" in answered.last_result
    dynaload(claude, "uninstall")
    claude.run_plugin("uninstall", "dynaload@mcp-dynaload")
    claude.run_plugin("marketplace", "remove", "mcp-dynaload")
    assert json.loads(state.read_text())["mcpServers"] == servers
    assert json.loads(file.read_text())["permissions"] == settings["permissions"]


def test_beside_what_init_has_wired_one_server_serves_and_a_command_runs_once(stage: Stage) -> None:
    own = "mcp__dynaload__"
    turns = {HISTORY: [git_log(stage, f"{own}git__git_log")], CLOCK: [asking_the_time(f"{own}time__get_current_time")]}
    settings = {"permissions": {"allow": [f"{own}*"]}}
    claude = at_home(stage, turns, settings=settings)
    state = claude.home / ".claude.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"mcpServers": servers_of(stage, "git", "time")}))
    dynaload(claude, "init", "--yes")
    install(claude)
    checked = dynaload(claude, "doctor", "--json")

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)
        said = session.ask(f"/{own}session-info")
        session.ask(f"/{own}unload git")

    requests = claude.api.main()
    assert len(requests) == 4
    for request in requests:
        names = {*request.loaded_tools, *request.deferred_tools}
        assert [name for name in names if name.startswith(PREFIX)] == []
    assert f"{own}git__git_log" in claude.api.main(HISTORY)[0].visible_tools
    assert f"{own}time__get_current_time" in claude.api.main(CLOCK)[0].visible_tools
    assert "stands by" in str(said["result"])
    twice = [finding for finding in json.loads(checked) if "dynaload@mcp-dynaload" in finding["what"]]
    assert [finding["level"] for finding in twice] == ["note", "ok"]
    assert "claude plugin uninstall dynaload@mcp-dynaload" in twice[0]["fix"]
    audit = dynaload(claude, "audit", "--json")
    assert audit.count('"command_run"') == 2


def test_without_a_program_the_user_is_told_once_in_one_sentence(stage: Stage) -> None:
    path = os.pathsep.join(["/usr/bin", "/bin"])
    claude = at_home(stage, {}, path=path)
    install(claude)

    with claude.print_session() as session:
        first, second = session.ask(HISTORY), session.ask(CLOCK)

    assert str(first).count("dynaload: its program is not installed") >= 1
    assert "dynaload: its program" not in str(second)
    assert [name for name in claude.api.main(HISTORY)[0].loaded_tools if "dynaload" in name] == []


def repository(folder: Path) -> Path:
    """Make a repository of what the client and `uvx` look for in ours."""
    for name in (".claude-plugin", "plugins"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "All"],
    ):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


@pytest.mark.parametrize("is_url", [False, True], ids=["folder", "URL"])
def test_without_the_program_on_the_path_uvx_brings_it_from_where_the_plugin_came_from(
    stage: Stage, is_url: bool
) -> None:
    programs = stage.folder / "bin"
    programs.mkdir()
    uvx = programs / "uvx"
    own = program(stage.folder / "own") / "mcp-dynaload"
    uvx.write_text(f'#!/bin/sh\necho "$@" >> {stage.folder}/uvx.txt\nshift 3\nexec {own} "$@"\n')
    uvx.chmod(0o755)
    claude = at_home(stage, {CLOCK: [asking_the_time()]}, path=os.pathsep.join([str(programs), "/usr/bin", "/bin"]))
    if is_url:
        repository(stage.folder / "hosted" / "ours")
        with git_host(stage.folder / "hosted") as address:
            install(claude, f"{address}/ours/.git")
        source = claude.home / ".claude" / "plugins" / "marketplaces" / "mcp-dynaload"
    else:
        install(claude)
        source = ROOT

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)

    assert CURRENT_TIME in claude.api.main(CLOCK)[0].visible_tools
    called = (stage.folder / "uvx.txt").read_text().splitlines()
    assert called == [f"--from {source} mcp-dynaload --help", f"--from {source} mcp-dynaload serve"]
