"""A call to a tool of a server that a servers file names and that is not used says which entry is why."""

import json
import re
from pathlib import Path

import pytest
from mcp import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.unused_servers import MAX_PROBLEMS
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import COMMANDS, config, tools
from tests.proxy.clients import connected_to, text_of
from tests.servers_files import places_in, read, write

ENTRIES: dict[str, tuple[Json, str]] = {
    "key": ({"comand": "x"}, r"mcpServers\.key .*"),
    "address": ({"url": "nowhere"}, r"mcpServers\.address\.url .*"),
    "variable": ({"url": "${NOT_SET}/mcp"}, r"mcpServers\.variable\.url .*NOT_SET.*"),
    "option": ({"command": "x", "dynaload": {"prefix": "o_", "pins": []}}, r"mcpServers\.option\.dynaload\.pins .*"),
    "off": ({"command": "x", "disabled": True}, ""),
}


async def test_a_call_to_a_tool_of_an_entry_that_is_not_used_says_which_and_what_to_do(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    text = json.dumps({"mcpServers": {name: entry for name, (entry, _) in ENTRIES.items()}}, indent=1)
    file = write(places.user_servers_file, text)
    project = write(places.project_servers_file, '{"mcpServers": {"theirs": {"command": "x"}}}')
    async with connected_to(tmp_path, config("a"), listings={"a": Listing(tools=tuple(tools(*COMMANDS)))}) as client:
        client.live.unused = read(places).unused
        prefixes = {name: "o_" if name == "option" else f"{name}__" for name in (*ENTRIES, "theirs")}
        said = {name: await client.call(f"{prefix}do") for name, prefix in prefixes.items()}
        with pytest.raises(MCPError, match=r"There is no tool 'a__do'. Did you mean"):
            await client.call("a__do")

    assert all(result.is_error for result in said.values())
    for name, (_, wrong) in ENTRIES.items():
        if wrong:
            words = rf"There is no tool '{prefixes[name]}do'. MCP server '{name}' is not used: its entry is wrong: "
            end = r"; correct the file, then `mcp-dynaload doctor` checks it. The other servers are unaffected."
            assert re.fullmatch(words + re.escape(str(file)) + rf":\d+: {wrong}(; .*)?{end}", text_of(said[name]))
    off = f"it is disabled in {file}; `mcp-dynaload enable off` uses it again."
    assert f"MCP server 'off' is not used: {off}" in text_of(said["off"])
    assert f"MCP server 'theirs' is not used: {project} is not trusted; " in text_of(said["theirs"])
    assert f"mcp-dynaload trust {project}" in text_of(said["theirs"])


def test_of_an_entry_with_many_mistakes_the_first_few_are_told(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    options = {f"odd{number}": 1 for number in range(MAX_PROBLEMS + 2)}
    write(places.user_servers_file, json.dumps({"mcpServers": {"a": {"command": "x", "dynaload": options}}}))

    (unused,) = read(places).unused.servers

    assert str(unused).count(" is not an option") == MAX_PROBLEMS
    assert ", and 2 more; " in str(unused)
