"""Servers files as JSON: what is said when they are broken."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.config.json_file import JsonFile, parse_json
from mcp_dynaload.config.paths import Locations
from tests.servers_files import json_values, places_in, problems_of, read, servers, write


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return places_in(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: is not valid JSON at column 1: Expecting value; the file is empty: write"),
        ('{"mcpServers": {\n  "a": {},\n}}', "remove the comma before '}'"),
        ('{"mcpServers": {"a": {"args": [1,]}}}', "remove the comma before ']'"),
        ('{\n  # mine\n  "mcpServers": {}}', "2: is not valid JSON at column 3"),
        ('{\n  # mine\n  "mcpServers": {}}', "begin a comment with //"),
        ('{\n  // mine\n  "mcpServers": {} /* x }', "3: is not valid JSON at column 20"),
        ('{\n  // mine\n  "mcpServers": {} /* x }', "end the comment: */"),
        ("{'mcpServers': {}}", 'write strings in double quotes: "…"'),
        ('{"mcpServers": {"a": 1 "b": 2}}', "put a comma between the two values"),
        ('{"mcpServers": {"a": {', "the text ends too early"),
        ('{"mcpServers": }', "correct it there or just before"),
        ("[" * 100_000, "is nested too deeply"),
        ("[]", "1: holds an array, not an object"),
    ],
)
def test_broken_json_is_told_with_line_column_and_a_hint(places: Locations, text: str, said: str) -> None:
    assert said in problems_of(places, text)[0]


def test_a_byte_order_mark_does_no_harm(places: Locations) -> None:
    assert problems_of(places, "\ufeff" + json.dumps(servers(a={"command": "x"}))) == []


def test_text_in_another_encoding_is_told(places: Locations) -> None:
    write(places.user_servers_file, "")
    places.user_servers_file.write_bytes(b'{"a": "\xff"}')

    assert "is not UTF-8 text (byte 7); save it as UTF-8" in str(read(places).problems[0])


def test_a_file_that_cannot_be_read_is_told(places: Locations) -> None:
    places.user_servers_file.mkdir(parents=True)

    result = read(places)

    assert result.files[0].state == "broken"
    assert "cannot be read (Is a directory)" in str(result.problems[0])


def test_a_file_without_servers_says_where_they_go(places: Locations) -> None:
    said = problems_of(places, {"github": {"command": "x"}})

    assert said == [
        'mcpServers is missing; put the servers under "mcpServers": {"mcpServers": {"name": {"command": …}}}'
    ]


def test_a_file_of_another_editor_is_recognised(places: Locations) -> None:
    said = problems_of(places, {"servers": {"a": {"command": "x"}}})

    assert said == ['mcpServers is missing; rename "servers", as other editors call it, to "mcpServers"']


def test_servers_that_are_no_object_are_told(places: Locations) -> None:
    assert problems_of(places, {"mcpServers": []}) == [
        "1: mcpServers is an array; it must be an object of servers by name"
    ]


def test_a_name_that_comes_twice_is_told_and_the_last_counts(places: Locations) -> None:
    text = '{"mcpServers": {\n"a": {"command": "x"},\n"a": {"command": "y"}}}'

    assert problems_of(places, text) == ["3: mcpServers.a stands here twice; only the last counts, remove the other"]
    assert [upstream.command for upstream in read(places).upstreams] == ["y"]


@given(st.dictionaries(st.text(), json_values, max_size=4), st.sampled_from([None, 1]))
def test_every_key_of_any_object_has_the_line_it_stands_on(content: dict[str, object], indent: int | None) -> None:
    text = json.dumps(content, indent=indent)

    file = parse_json(Path("x"), text.encode())

    assert isinstance(file, JsonFile)
    assert file.repeated_keys == ()
    for key, line in file.key_lines.items():
        assert json.dumps(key[-1]) in text.split("\n")[line - 1]
    assert sum(1 for key in file.key_lines if len(key) == 1) == len(content)
