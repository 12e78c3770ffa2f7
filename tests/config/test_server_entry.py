"""Entries of a servers file: mistakes, and entries that would start ourselves."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.servers_file import UpstreamOptions
from tests.servers_files import json_values, places_in, problems_of, read, read_entry, servers, write


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return places_in(tmp_path)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("npx", 'mcpServers.one is a string; it must be an object: {"command": …} or {"url": …}'),
        (
            {},
            'mcpServers.one has neither command nor url; give "command" to start a program or "url" to connect to one',
        ),
        (
            {"command": "x", "url": "http://x"},
            'mcpServers.one has both command and url; say which by "type": "stdio" or "http"',
        ),
        ({"command": ""}, "mcpServers.one.command is missing or empty; name the program to start"),
        (
            {"command": "https://x/mcp"},
            'mcpServers.one.command is an address, and no program; put it whole under "url"',
        ),
        ({"type": "stdio", "url": "http://x"}, "mcpServers.one.command is missing or empty; name the program to start"),
        ({"type": "sse", "command": "x"}, "mcpServers.one.url is missing or empty; give the server's address"),
        ({"url": "x.example"}, "mcpServers.one.url is not an http:// or https:// address; give the whole address"),
        (
            {"type": "ws", "url": "ws://x"},
            "mcpServers.one.type has a value that is not allowed; "
            "it must be 'stdio', 'sse', 'http' or 'streamable-http'",
        ),
        ({"command": "x", "args": "y"}, "mcpServers.one.args is a string; it must be a valid array"),
        ({"command": "x", "args": ["y", 1]}, "mcpServers.one.args[1] is a number; it must be a valid string"),
        ({"command": "x", "env": {"PORT": 1}}, "mcpServers.one.env.PORT is a number; it must be a valid string"),
        ({"command": "x", "env": {"a.b": None}}, 'mcpServers.one.env["a.b"] is null; it must be a valid string'),
        ({"command": ["x"]}, "mcpServers.one.command is an array; it must be a valid string"),
        ({"command": "x", "dynaload": []}, "mcpServers.one.dynaload is an array; it must be an object"),
        (
            {"command": "x", "dynaload": {"pins": ["a"]}},
            "mcpServers.one.dynaload.pins is not an option; did you mean 'pin'?",
        ),
        (
            {"command": "x", "dynaload": {"pin": "a"}},
            "mcpServers.one.dynaload.pin is a string; it must be a valid array",
        ),
        (
            {"command": "x", "dynaload": {"eager": "yes"}},
            "mcpServers.one.dynaload.eager is a string; it must be a valid boolean",
        ),
        (
            {"command": "x", "dynaload": {"idle_seconds": -1}},
            "mcpServers.one.dynaload.idle_seconds has a value that is not allowed; "
            "it must be greater than or equal to 0",
        ),
        (
            {"command": "x", "dynaload": {"deny": "delete_*"}},
            "mcpServers.one.dynaload.deny is a string; it must be a valid array",
        ),
        (
            {"command": "x", "dynaload": {"allow": ["read_*", ""]}},
            "mcpServers.one.dynaload.allow[1] has a value that is not allowed; it must not be empty",
        ),
        (
            {"command": "x", "dynaload": {"read_only": "yes"}},
            "mcpServers.one.dynaload.read_only is a string; it must be a valid boolean",
        ),
        (
            {"command": "x", "dynaload": {"readOnly": True}},
            "mcpServers.one.dynaload.readOnly is not an option; did you mean 'read_only'?",
        ),
        (
            {"command": "x", "dynaload": {"sandbox": {"netwrok": True}}},
            "mcpServers.one.dynaload.sandbox.netwrok is not known; did you mean 'network'?",
        ),
        (
            {"command": "x", "dynaload": {"sandbox": {"read": "~/a"}}},
            "mcpServers.one.dynaload.sandbox.read is a string; it must be a valid array",
        ),
        (
            {"command": "x", "dynaload": {"sandbox": True}},
            "mcpServers.one.dynaload.sandbox is true or false; it must be an object",
        ),
        (
            {"url": "https://x.example", "dynaload": {"sandbox": {}}},
            "mcpServers.one.dynaload.sandbox has no meaning for a remote server; "
            "take it out: only a program that is started here can be contained",
        ),
        (
            {"command": "x", "args": ["y", "a\0b"]},
            "mcpServers.one.args[1] has a character of no width (NUL), at which a text ends for a program; take it out",
        ),
        (
            {"command": "x", "env": {"A=B": "c"}},
            "mcpServers.one.env[\"A=B\"] is no name of a variable; write what is behind '=' as its value",
        ),
        (
            {"url": "http://x", "headers": {"A B": "c"}},
            "mcpServers.one.headers[\"A B\"] is no name of a header; it may have letters, digits and '-'",
        ),
        (
            {"url": "http://x", "headers": {"A": "b\nC: d"}},
            "mcpServers.one.headers.A has a character that no header can have, as a line break; take it out",
        ),
        (
            {"url": "http://x:99999/"},
            "mcpServers.one.url is not an http:// or https:// address; give the whole address",
        ),
        ({"url": "http://x:y/"}, "mcpServers.one.url is not an http:// or https:// address; give the whole address"),
        ({"url": "http://[::1/"}, "mcpServers.one.url is not an http:// or https:// address; give the whole address"),
        ({"url": "http://x/\1"}, "mcpServers.one.url is not an http:// or https:// address; give the whole address"),
        (
            {"command": "x", "dynaload": {"prefix": "a b"}},
            "mcpServers.one.dynaload.prefix has a value that is not allowed; "
            "it may have up to 32 letters, digits, '_' and '-'",
        ),
    ],
)
def test_a_mistake_is_told_with_its_key_and_what_would_be_right(places: Locations, entry: Any, said: str) -> None:
    assert problems_of(places, servers(one=entry)) == [f"1: {said}"]


@pytest.mark.proves("least-privilege")
def test_an_option_beside_ours_is_told_so_that_nobody_relies_on_a_rule_that_does_not_count(places: Locations) -> None:
    result = read(places, write(places.user_servers_file, servers(one={"command": "x", "deny": ["delete_*"]})))

    assert [str(warning).partition(": ")[2] for warning in result.warnings] == [
        'mcpServers.one.deny is ignored here; put it under "dynaload" of the entry'
    ]


def test_an_unknown_option_with_nothing_near_lists_all(places: Locations) -> None:
    said = problems_of(places, servers(one={"command": "x", "dynaload": {"zzz": 1}}))[0]

    assert all(option.name in said for option in fields(UpstreamOptions))


def test_the_line_is_that_of_the_key(places: Locations) -> None:
    text = json.dumps(servers(args={"command": "x", "args": []}, two={"command": "x", "args": ["a", 1]}), indent=2)

    said = problems_of(places, text)

    assert said == ["9: mcpServers.two.args[1] is a number; it must be a valid string"]
    assert '"args": [' in text.splitlines()[8]


def test_all_mistakes_of_all_entries_are_told_and_the_right_ones_are_used(places: Locations) -> None:
    said = problems_of(
        places,
        servers(a={"command": 1, "dynaload": {"pin": 1, "egaer": 1}}, b={"command": "x"}, c={}),
    )

    assert [line.split(" ")[1] for line in said] == [
        "mcpServers.a.command",
        "mcpServers.a.dynaload.egaer",
        "mcpServers.a.dynaload.pin",
        "mcpServers.c",
    ]
    assert [upstream.name for upstream in read(places).upstreams] == ["b"]


@pytest.mark.proves("client-settings")
def test_a_missing_variable_is_left_as_it_is_like_in_the_client_and_told(places: Locations) -> None:
    entry = {
        "command": "${RUNNER}",
        "args": ["--dir", "${DIR}/x"],
        "env": {"A": "${TOKEN}", "B": "${SET}", "C": "${OTHER:-default}"},
    }
    write(places.user_servers_file, servers(a=entry, b={"url": "https://x.example", "headers": {"H": "Bearer ${T}"}}))

    result = read(places, environ={"SET": "1"})

    program, remote = result.upstreams
    assert (program.command, program.args) == ("${RUNNER}", ("--dir", "${DIR}/x"))
    assert program.env == {"A": "${TOKEN}", "B": "1", "C": "default"}
    assert remote.headers == {"H": "Bearer ${T}"}
    assert result.problems == ()
    assert [str(warning).rpartition("mcpServers.")[2] for warning in result.warnings][-1] == (
        "b.headers.H uses the variable 'T', which is not set, so that its name stands there; "
        "set T where the client is started, or write ${T:-default}"
    )
    assert [warning.key for warning in result.warnings] == [
        "mcpServers.a.command",
        "mcpServers.a.args[1]",
        "mcpServers.a.env.A",
        "mcpServers.b.headers.H",
    ]


@pytest.mark.proves("client-settings")
def test_an_address_that_needs_a_missing_variable_is_a_problem_of_its_entry_only(places: Locations) -> None:
    said = problems_of(places, servers(a={"url": "${URL}"}, b={"command": "x"}))

    assert [line.split(" ")[1:4] for line in said] == [
        ["mcpServers.a.url", "is", "not"],
        ["mcpServers.a.url", "uses", "the"],
    ]
    assert [upstream.name for upstream in read(places).upstreams] == ["b"]


@pytest.mark.proves("client-settings")
@pytest.mark.parametrize(
    ("entry", "options", "environ", "seconds"),
    [
        ({}, {}, {}, 600.0),
        ({}, {}, {"MCP_TOOL_TIMEOUT": "90000"}, 90.0),
        ({"timeout": 5_000}, {}, {"MCP_TOOL_TIMEOUT": "90000"}, 5.0),
        ({"timeout": 5_000}, {"call_timeout_seconds": 7}, {"MCP_TOOL_TIMEOUT": "90000"}, 7.0),
        ({"timeout": 999}, {}, {"MCP_TOOL_TIMEOUT": "90000"}, 90.0),
        ({"timeout": "5000"}, {}, {}, 600.0),
        ({"timeout": True}, {}, {}, 600.0),
        ({}, {}, {"MCP_TOOL_TIMEOUT": "soon"}, 600.0),
        ({}, {}, {"MCP_TOOL_TIMEOUT": "0"}, 600.0),
        ({}, {}, {"MCP_TOOL_TIMEOUT": "1"}, 1.0),
        ({}, {}, {"MCP_TOOL_TIMEOUT": "\u0661"}, 600.0),
    ],
)
def test_a_call_may_take_what_our_option_says_then_the_entry_then_the_variable(
    places: Locations, entry: dict[str, object], options: dict[str, object], environ: dict[str, str], seconds: float
) -> None:
    upstream = read_entry(places, {"command": "x", **entry, "dynaload": options}, environ)

    assert upstream.options.call_timeout_seconds == seconds
    assert bool(upstream.warnings) is (entry.get("timeout") not in (None, 5_000))


@pytest.mark.proves("client-settings")
def test_a_start_may_take_what_our_option_says_then_the_variable(places: Locations) -> None:
    environ, option = {"MCP_TIMEOUT": "45000"}, {"connect_timeout_seconds": 3}

    assert read_entry(places, {"command": "x"}, environ).options.connect_timeout_seconds == 45.0
    assert read_entry(places, {"command": "x", "dynaload": option}, environ).options.connect_timeout_seconds == 3.0


@pytest.mark.proves("client-settings")
@pytest.mark.parametrize("switch", [{"disabled": True}, {"enabled": False}])
def test_a_disabled_entry_is_not_used_also_where_it_covers_one_that_is(
    places: Locations, switch: dict[str, bool]
) -> None:
    write(places.user_servers_file, servers(both={"command": "x"}, on={"command": "x", "disabled": False}))
    write(places.project_servers_file, servers(both={"command": 1, **switch}))

    result = read(places, trust_all=True)

    assert [upstream.name for upstream in result.upstreams] == ["on"]
    assert result.problems == ()
    assert [file.disabled for file in result.files] == [(), ("both",)]


@pytest.mark.proves("client-settings")
def test_what_does_not_change_a_servers_lists_does_not_change_its_fingerprint(places: Locations) -> None:
    plain = read_entry(places, {"command": "x"})
    told = read_entry(places, {"command": "x", "timeout": 5_000, "alwaysLoad": True, "disabled": False})

    assert plain.fingerprint(places.project_dir) == told.fingerprint(places.project_dir)
    assert (plain.always_load, told.always_load) == (False, True)


def test_no_mistake_shows_a_value(places: Locations) -> None:
    broken = {
        "type": "secret",
        "args": {"secret": "secret"},
        "env": ["secret"],
        "headers": "secret",
        "dynaload": {"prefix": "secret!", "eager": "secret"},
    }

    assert len(said := problems_of(places, servers(a=broken, b={"url": "secret://${S}"}), {"S": "secret"})) == 7
    assert "secret" not in "".join(said)


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "mcp-dynaload", "args": ["serve"]},
        {"command": "/opt/venv/bin/mcp-dynaload", "args": ["serve", "--config", "x"]},
        {"command": "C:\\venv\\Scripts\\mcp-dynaload.exe", "args": ["serve"]},
        {"command": ".venv/bin/python", "args": ["-m", "mcp_dynaload", "serve"]},
        {"command": "uvx", "args": ["mcp-dynaload@latest", "serve"]},
        {"command": "pipx", "args": ["run", "mcp-dynaload[http]==1.0", "serve"]},
    ],
)
def test_an_entry_that_would_start_us_is_left_out(places: Locations, entry: object) -> None:
    assert problems_of(places, servers(one=entry)) == [
        "1: mcpServers.one would start mcp-dynaload behind itself; remove it here; only the client's file has it"
    ]


def test_an_entry_with_our_name_is_left_out(places: Locations) -> None:
    assert "would start mcp-dynaload behind itself" in problems_of(places, servers(dynaload={"command": "x"}))[0]


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "uvx", "args": ["mcp-server-git", "--repository", "/src/mcp-dynaload"]},
        {"command": "npx", "args": ["server", "serve", "mcp-dynaload"]},
        {"command": "python", "args": ["-m", "other", "serve"]},
    ],
)
def test_an_entry_that_only_mentions_us_is_not_us(places: Locations, entry: object) -> None:
    assert problems_of(places, servers(one=entry)) == []


entries = json_values | st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["stdio", "http", "sse", 1]),
        "command": st.text() | st.just("${"),
        "args": st.lists(st.text()),
        "url": st.text(),
        "dynaload": st.dictionaries(st.sampled_from([option.name for option in fields(UpstreamOptions)]), json_values),
    },
)


@given(name=st.text(), entry=entries)
def test_any_entry_is_either_an_upstream_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, name: str, entry: object
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    file = write(folder / "servers.json", servers(**{name: entry}))

    result = read(Locations(folder, folder, folder), file)

    assert len(result.upstreams) == (0 if result.problems else 1)
    assert all(str(problem).startswith(str(file)) for problem in result.problems)
