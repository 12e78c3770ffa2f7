from typing import Any

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.server_policy import read_policy

ENVIRON = {"HOME": "/home/p", "HOST": "mcp.example.com"}
STDIO: Json = {"command": "npx", "args": ["-y", "approved"]}
OTHER: Json = {"command": "node", "args": ["server.js"]}
HTTP: Json = {"type": "http", "url": "https://mcp.example.com/api"}


def is_allowed(settings: Json, entry: Json, name: str = "github") -> bool:
    return read_policy([settings], [], ENVIRON).objection(name, entry) is None


def allowed(**rule: Any) -> Json:
    return {"allowedMcpServers": [rule]}


def test_without_lists_every_server_is_allowed() -> None:
    assert is_allowed({}, STDIO)
    assert is_allowed({"deniedMcpServers": []}, STDIO)


def test_an_empty_list_allows_no_server() -> None:
    assert not is_allowed({"allowedMcpServers": []}, STDIO)


def test_a_name_allows_servers_of_both_kinds() -> None:
    assert is_allowed(allowed(serverName="github"), STDIO)
    assert is_allowed(allowed(serverName="github"), HTTP)
    assert not is_allowed(allowed(serverName="github"), HTTP, "other")


def test_a_command_must_match_whole() -> None:
    assert is_allowed(allowed(serverCommand=["npx", "-y", "approved"]), STDIO)
    assert not is_allowed(allowed(serverCommand=["npx", "approved"]), STDIO)
    assert not is_allowed(allowed(serverCommand=["npx", "-y", "approved"]), HTTP)


def test_a_name_no_longer_counts_beside_a_stricter_entry_of_the_same_kind() -> None:
    mixed = {"allowedMcpServers": [{"serverName": "github"}, {"serverCommand": ["npx", "-y", "approved"]}]}

    assert is_allowed(mixed, STDIO, "anything")
    assert not is_allowed(mixed, OTHER)
    assert is_allowed(mixed, HTTP)


@pytest.mark.parametrize(
    ("pattern", "url", "is_match"),
    [
        ("https://mcp.example.com/*", "https://mcp.example.com/api", True),
        ("https://mcp.example.com", "https://mcp.example.com/api", True),
        ("https://Mcp.Example.com./*", "https://mcp.example.com/api", True),
        ("https://mcp.example.com/Api", "https://mcp.example.com/api", False),
        ("https://*.example.com/*", "https://mcp.example.com/api", True),
        ("https://*.example.com/*", "https://example.org/api", False),
        ("http://localhost:*/*", "http://localhost:8080/mcp", True),
        ("*://mcp.example.com/*", "https://mcp.example.com", True),
        ("https://${HOST}/*", "https://mcp.example.com/x?k=v", True),
    ],
)
def test_url_patterns(pattern: str, url: str, is_match: bool) -> None:
    assert is_allowed(allowed(serverUrl=pattern), {"url": url}) is is_match


def test_variables_mean_their_values_on_both_sides() -> None:
    assert is_allowed(allowed(serverCommand=["${HOME}/bin/s"]), {"command": "/home/p/bin/s"})
    assert is_allowed(allowed(serverCommand=["/home/p/s"]), {"command": "${HOME}/s"})
    assert is_allowed(allowed(serverCommand=["x-${NONE:-y}"]), {"command": "x-y"})


def test_a_denial_has_the_last_word() -> None:
    denial = {
        "allowedMcpServers": [{"serverName": "github"}],
        "deniedMcpServers": [{"serverCommand": ["npx", "-y", "approved"]}],
    }

    assert not is_allowed(denial, STDIO)
    assert is_allowed(denial, HTTP)


def test_lists_of_all_files_count_together_unless_the_administrators_list_is_the_only_one() -> None:
    mine = allowed(serverName="github")
    managed = allowed(serverName="time")

    assert read_policy([mine], [managed], {}).objection("github", STDIO) is None
    strict = read_policy([mine], [{**managed, "allowManagedMcpServersOnly": True}], {})
    assert strict.objection("github", STDIO) == "`allowedMcpServers` does not name it"
    assert strict.objection("time", STDIO) is None
