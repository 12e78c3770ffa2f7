"""Entries of a servers file: what they mean."""

from pathlib import Path

import pytest

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.servers_file import UpstreamConfig, UpstreamOptions
from tests.servers_files import places_in, read_entry


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return places_in(tmp_path)


def test_a_stdio_entry(places: Locations) -> None:
    entry = {"type": "stdio", "command": "npx", "args": ["-y", "x"], "env": {"A": "1"}}

    assert read_entry(places, entry) == UpstreamConfig(
        name="one",
        transport="stdio",
        command="npx",
        args=("-y", "x"),
        env={"A": "1"},
        source=places.user_servers_file,
        entry=entry,
    )


@pytest.mark.parametrize(("written", "transport"), [("http", "http"), ("streamable-http", "http"), ("sse", "sse")])
def test_an_entry_with_a_url(places: Locations, written: str, transport: str) -> None:
    upstream = read_entry(places, {"type": written, "url": "https://x.example/mcp", "headers": {"A": "b"}})

    assert (upstream.transport, upstream.url, upstream.headers) == (transport, "https://x.example/mcp", {"A": "b"})


def test_without_a_type_a_command_means_stdio_and_a_url_means_http(places: Locations) -> None:
    assert read_entry(places, {"command": "x"}).transport == "stdio"
    assert read_entry(places, {"url": "http://127.0.0.1:8000/mcp"}).transport == "http"


def test_keys_that_claude_may_know_are_kept_and_ignored(places: Locations) -> None:
    entry = {"command": "x", "timeout": 5, "oauth": {"clientId": "c"}}

    assert read_entry(places, entry).entry == entry


def test_without_options_the_defaults_count(places: Locations) -> None:
    assert read_entry(places, {"command": "x"}).options == UpstreamOptions()


def test_options_are_read(places: Locations) -> None:
    options = {
        "prefix": "",
        "include": ["a*"],
        "exclude": ["ab"],
        "pin": ["ac"],
        "categories": ["git"],
        "eager": True,
        "idle_seconds": 0,
        "connect_timeout_seconds": 1.5,
        "call_timeout_seconds": 2,
        "inherit_env": True,
        "cwd": "tools",
    }

    assert read_entry(places, {"command": "x", "dynaload": options}).options == UpstreamOptions(
        prefix="",
        include=("a*",),
        exclude=("ab",),
        pin=("ac",),
        categories=("git",),
        eager=True,
        idle_seconds=0,
        connect_timeout_seconds=1.5,
        call_timeout_seconds=2,
        inherit_env=True,
        cwd="tools",
    )


def test_the_folder_of_a_program_is_absolute_the_users_or_in_the_project(places: Locations) -> None:
    folders = [
        read_entry(places, {"command": "x", "dynaload": options}).folder(places.project_dir)
        for options in ({}, {"cwd": "a/b"}, {"cwd": "/c"}, {"cwd": "~/d"}, {"cwd": "~nobody/e"})
    ]

    project = places.project_dir
    assert folders == [project, project / "a/b", Path("/c"), Path.home() / "d", project / "~nobody/e"]


def test_variables_are_put_in_wherever_claude_does(places: Locations) -> None:
    stdio = read_entry(
        places, {"command": "${A}/x", "args": ["--${A}", "${A}${B}"], "env": {"K": "${A}"}}, {"A": "1", "B": "2"}
    )
    http = read_entry(places, {"url": "https://${A}.example", "headers": {"K": "Bearer ${A}"}}, {"A": "1"})

    assert (stdio.command, stdio.args, stdio.env) == ("1/x", ("--1", "12"), {"K": "1"})
    assert (http.url, http.headers) == ("https://1.example", {"K": "Bearer 1"})


def test_a_default_stands_in_for_an_unset_variable_only(places: Locations) -> None:
    entry = {"command": "x", "args": ["${A:-a}", "${B:-b:-c}", "${C:-}"]}

    assert read_entry(places, entry, {"A": ""}).args == ("", "b:-c", "")


def test_values_that_were_put_in_are_not_expanded_again(places: Locations) -> None:
    assert read_entry(places, {"command": "x", "args": ["${A}"]}, {"A": "${B}"}).args == ("${B}",)


def test_a_dollar_without_braces_stays(places: Locations) -> None:
    assert read_entry(places, {"command": "x", "args": ["$A", "$", "{A}"]}, {"A": "1"}).args == ("$A", "$", "{A}")


def test_the_project_folder_is_known_when_the_client_did_not_set_it(places: Locations) -> None:
    entry = {"command": "x", "args": ["${CLAUDE_PROJECT_DIR}"]}

    assert read_entry(places, entry).args == (str(places.project_dir),)
    assert read_entry(places, entry, {"CLAUDE_PROJECT_DIR": "/p"}).args == ("/p",)


def test_the_entry_stays_as_written_and_the_text_form_shows_no_value(places: Locations) -> None:
    entry = {"command": "x", "args": ["${A}"], "env": {"T": "literal-secret"}, "headers": {"H": "${A}"}}

    upstream = read_entry(places, entry, {"A": "variable-secret"})

    assert upstream.entry == entry
    assert "secret" not in repr(upstream)


def test_the_fingerprint_is_of_the_entry_as_written(places: Locations) -> None:
    entry = {"command": "x", "env": {"T": "${A}"}}

    one, other = (read_entry(places, entry, {"A": value}) for value in ("1", "2"))

    assert one.env != other.env
    assert one.fingerprint(places.project_dir) == other.fingerprint(places.project_dir)


def test_the_fingerprint_changes_with_the_entry_and_the_project(places: Locations) -> None:
    prints = {
        read_entry(places, {"command": "x"}).fingerprint(places.project_dir),
        read_entry(places, {"command": "x"}).fingerprint(places.state_dir),
        read_entry(places, {"command": "y"}).fingerprint(places.project_dir),
        read_entry(places, {"command": "x", "dynaload": {"inherit_env": True}}).fingerprint(places.project_dir),
        read_entry(places, {"command": "x", "dynaload": {"cwd": "tools"}}).fingerprint(places.project_dir),
    }

    assert len(prints) == 5


def test_the_fingerprint_ignores_order_and_the_options_that_are_about_us(places: Locations) -> None:
    one = read_entry(places, {"command": "x", "args": []})
    other = read_entry(places, {"args": [], "dynaload": {"pin": ["*"], "prefix": "p_"}, "command": "x"})

    assert one.fingerprint(places.project_dir) == other.fingerprint(places.project_dir)
