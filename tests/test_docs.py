"""The pages: what they name is there, what the code knows is in them exactly once, and their examples are right."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from mcp_dynaload.catalog.names import SERVER_NAME
from mcp_dynaload.cli.app import app as cli
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.settings import Settings, read_project_settings, read_settings, variable_name
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.proxy.commands.table import COMMANDS
from tests.installed import ROOT
from tests.pages import DOCS, PAGES, README, Fence, anchors, fences, rows
from tests.servers_files import places_in, read

MAX_README_BYTES = 8_000
MAX_REPEATED = 60
"""Characters of a paragraph that may stand in a page again, as a short command may."""

PACKAGE = ROOT / "mcp_dynaload"
OURS = re.compile(r"`((?:mcp_dynaload|tests|config|docs|\.ci)/[\w./-]+)(?:::(\w+))?`")
LINK = re.compile(r"\]\(((?!https?:)[^)\s]+)\)")
by_name = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@by_name
def test_every_file_and_every_function_that_a_page_names_is_there(page: Path) -> None:
    named = OURS.findall(page.read_text("utf-8"))

    assert [name for name, _ in named if not (ROOT / name).exists()] == []
    assert [pair for pair in named if pair[1] and not _defines(ROOT / pair[0], pair[1])] == []


def _defines(file: Path, name: str) -> bool:
    """Return whether a function, class or table of that name begins a line of the file, or a method in it."""
    return bool(
        re.search(rf"^\s*(?:async )?(?:def|class) {name}\b|^{name}\b.* =", file.read_text("utf-8"), re.MULTILINE)
    )


@by_name
def test_every_file_that_a_command_of_a_page_names_is_there(page: Path) -> None:
    named = re.findall(
        r"(?<![\w/.])((?:mcp_dynaload|tests|config|docs|plugins)/[\w./-]+\.\w+)", page.read_text("utf-8")
    )

    assert [name for name in named if not (ROOT / name).exists()] == []


@by_name
def test_every_file_and_heading_that_a_page_links_to_is_there(page: Path) -> None:
    broken: list[str] = []
    for target in LINK.findall(page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert broken == []


@by_name
def test_no_page_says_the_same_twice(page: Path) -> None:
    paragraphs = Counter(text.strip() for text in page.read_text("utf-8").split("\n\n"))

    assert [text for text, times in paragraphs.items() if times > 1 and len(text) > MAX_REPEATED] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, left = {README}, [README]
    while left:
        page = left.pop()
        linked = {(page.parent / target.split("#")[0]).resolve() for target in LINK.findall(page.read_text("utf-8"))}
        new = linked.intersection(PAGES) - reached
        reached |= new
        left += new

    assert set(PAGES) - reached == set()


def test_the_readme_is_short() -> None:
    assert len(README.read_bytes()) <= MAX_README_BYTES


@pytest.mark.proves("described")
def test_the_generated_parts_are_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, DOCS / "generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def _commands(group: Any, before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        found |= _commands(command, f"{name} ") if hasattr(command, "commands") else {before + name: command}
    return found


ALL_COMMANDS = _commands(typer.main.get_command(cli))


@pytest.mark.proves("described")
def test_every_setting_is_described_exactly_once() -> None:
    described = Counter((row[0], row[2]) for row in rows() if len(row) > 2)

    for name in Settings.model_fields:
        assert described[f"`{name}`", f"`{variable_name(name)}`"] == 1, name


@pytest.mark.proves("described")
def test_every_option_of_an_entry_and_every_slash_command_is_described_exactly_once() -> None:
    variables = {f"`{variable_name(name)}`" for name in Settings.model_fields}
    others = [row for row in rows() if len(row) < 3 or row[2] not in variables]  # a setting may have an option's name
    described = Counter(row[0].strip("`").split(" ")[0] for row in others if row[0].startswith("`"))

    for name in (
        *(option.name for option in fields(UpstreamOptions)),
        *(f"/{SERVER_NAME}:{name}" for name in COMMANDS),
    ):
        assert described[name] == 1, name


@pytest.mark.proves("described")
def test_every_command_is_described_exactly_once_with_each_of_its_options() -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    told = dict(re.findall(r"^### ([\w -]+)\n(.*?)(?=^### |\Z|^<!-- end)", text, re.MULTILINE | re.DOTALL))
    wrong: list[tuple[str, str]] = []
    for name, command in ALL_COMMANDS.items():
        for parameter in command.params:
            word = parameter.opts[0] if parameter.param_type_name == "option" else parameter.name.upper()
            described = re.findall(rf"^(?:\| |Also .*)`{word}[`, ]", told.get(name, ""), re.MULTILINE)
            if not parameter.hidden and len(described) != 1:
                wrong.append((name, word))
    headings = Counter(
        heading for page in PAGES for heading in re.findall(r"^### (.+)$", page.read_text("utf-8"), re.M)
    )

    assert wrong == []
    assert {name: headings[name] for name in ALL_COMMANDS if headings[name] != 1} == {}
    assert set(told) == set(ALL_COMMANDS)


def test_an_option_that_is_told_for_several_commands_is_the_same_in_all_of_them() -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    rows = re.findall(r"^\| `(--[\w-]+)[^`]*` \| [^|]*\| (.*) \|$", text.partition("### ")[0], re.MULTILINE)
    told = {flag: help_text.replace("\\|", "|") for flag, help_text in rows}
    wrong: list[tuple[str, str]] = []
    for name, also in re.findall(r"^### ([\w -]+)\n(?:(?!### ).*\n)*?Also (.*)\.$", text, re.MULTILINE):
        helps = {parameter.opts[0]: parameter.help for parameter in ALL_COMMANDS[name].params}
        wrong += [(name, flag) for flag in re.findall(r"--[\w-]+", also) if helps[flag] != told[flag]]

    assert len(told) > 6
    assert wrong == []


def test_every_option_says_what_it_does() -> None:
    silent = [
        (name, parameter.opts[0])
        for name, command in ALL_COMMANDS.items()
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.help
    ]

    assert silent == []


def test_the_folders_of_our_files_are_told_for_each_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    text = (DOCS / "settings.md").read_text("utf-8").partition("## Where our files are")[2]
    for kind, place in ((Unix, ""), (MacOS, "macOS: ")):
        folders = kind("mcp-dynaload", False)
        for folder in (folders.user_config_path, folders.user_state_path):
            assert f"{place}`~/{folder.relative_to(Path.home())}`" in text


def test_every_folder_of_tests_is_told_to_whoever_changes_what_it_tests() -> None:
    told = (ROOT / "tests" / "README.md").read_text("utf-8")
    folders = {file.parent for file in (ROOT / "tests").glob("*/test_*.py")}

    assert sorted(folder.name for folder in folders if f"`tests/{folder.name}`" not in told) == []


def test_every_variable_of_ours_that_a_page_names_is_one() -> None:
    known = {*map(variable_name, Settings.model_fields), "MCP_DYNALOAD_CONFIG_DIR", "MCP_DYNALOAD_STATE_DIR"}
    named = {name for page in PAGES for name in re.findall(r"`(MCP_DYNALOAD_\w+)[`=]", page.read_text("utf-8"))}

    assert named - known == set()


def test_every_command_of_ours_that_a_page_names_is_one() -> None:
    wrong: list[str] = []
    for page in PAGES:
        text = page.read_text("utf-8")
        inline = re.findall(r"`(mcp-dynaload [^`]+)`", text)
        lines = [line for fence in fences("sh") if fence.page == page for line in fence.text.splitlines()]
        for line in [*inline, *(line for line in lines if line.startswith("mcp-dynaload "))]:
            wrong += [f"{page.name}: {line}"] if not _is_ours(line) else []

    assert wrong == []


def _is_ours(line: str) -> bool:
    words = line.partition(" -- ")[0].split()[1:]  # what follows is another program's
    if len(words) == 1 and words[0] in {option for one in typer.main.get_command(cli).params for option in one.opts}:
        return True
    name = " ".join(words[:2]) if " ".join(words[:2]) in ALL_COMMANDS else words[0]
    options = {option for one in getattr(ALL_COMMANDS.get(name), "params", ()) for option in one.opts}
    return name in ALL_COMMANDS and {word.split("=")[0] for word in words if word.startswith("--")} <= options


def test_every_line_of_a_shell_example_is_of_a_kind_that_a_test_holds() -> None:
    """Let each be one that some test runs: `curl` in tests/http, `claude` in tests/e2e, ours in their own tests."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    wrong: list[str] = []
    for fence in fences("sh"):
        for line in fence.text.splitlines():
            match shlex.split(line):
                case ["make", target, *_] if target in targets:
                    pass
                case ["python3", "-m", "venv", folder, "&&", ".", activated] if activated == f"{folder}/bin/activate":
                    pass
                case ["pip", "install", what] if what == "." or what.removeprefix(".[").removesuffix("]") in extras:
                    pass
                case ["curl" | "claude" | "mcp-dynaload", *_]:
                    pass
                case [program, *_] if program.startswith(".venv/bin/"):
                    pass
                case _:
                    wrong.append(line)

    assert wrong == []


def test_every_module_that_a_page_has_run_is_there() -> None:
    named = {
        name
        for page in PAGES
        for name in re.findall(r"python -m ((?:mcp_dynaload|tests)[\w.]*)", page.read_text("utf-8"))
    }
    files = {name: ROOT / name.replace(".", "/") for name in named}

    assert [
        name
        for name, file in files.items()
        if not (file.with_suffix(".py").exists() or (file / "__main__.py").exists())
    ] == []


@pytest.mark.parametrize("fence", list(fences("json")), ids=lambda fence: fence.page.name)
def test_every_json_example_is_json_and_every_servers_file_of_them_is_right(fence: Fence, tmp_path: Path) -> None:
    content = json.loads(fence.text)
    if "mcpServers" not in content:
        return
    places = places_in(tmp_path)
    places.user_servers_file.parent.mkdir(parents=True)
    places.user_servers_file.write_text(fence.text)

    result = read(places, environ={"TOKEN": "x"})

    assert result.problems == ()
    assert {server.name for server in result.upstreams} == set(content["mcpServers"])


@pytest.mark.parametrize("fence", list(fences("toml")), ids=lambda fence: fence.page.name)
def test_every_toml_example_is_right(fence: Fence, tmp_path: Path) -> None:
    if fence.page.name == "servers.md":
        assert all(isinstance(globs, list) for globs in tomllib.loads(fence.text).values())
        return
    places = Locations(tmp_path / "config", tmp_path / "state", tmp_path / "project")
    places.user_settings_file.parent.mkdir(parents=True)
    places.user_settings_file.write_text(fence.text)

    read_settings(places, {}, {}, read_project_settings(places.project_settings_file, lambda path, content: True))


def test_every_status_with_which_a_request_is_refused_is_in_the_table_of_errors() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "mcp_dynaload" / "http").glob("*.py"))
    refused = {*re.findall(r"(?:refused|UnfitBodyError|_told|_unauthorised)\((4\d\d|5\d\d)", code), "422"}
    page = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:\d{3}(?:, )?)+) \|", page, re.MULTILINE)

    assert len(refused) > 9
    assert refused - {status for row in rows for status in row.split(", ")} == set()


def test_every_message_that_troubleshooting_quotes_is_ours() -> None:
    page = (DOCS / "troubleshooting.md").read_text("utf-8")
    quoted = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    sources = "".join(_joined(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py"))
    pieces = [piece.strip(" ;:?") for message in quoted for piece in message.split("…")]

    assert len(quoted) > 20
    assert [piece for piece in pieces if piece and piece not in sources] == []


def _joined(source: str) -> str:
    """Return a module's text with strings that go on in the next line put together."""
    return re.sub(r"[\"']\n\s*f?[\"']", "", source)
