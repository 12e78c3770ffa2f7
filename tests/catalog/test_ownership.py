"""A name belongs to the server whose prefix it carries; nobody else's tool gets it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.catalog.catalog import build_tools, with_unique_names
from mcp_dynaload.catalog.names import MAX_NAME_LENGTH, legal_name
from mcp_dynaload.catalog.ownership import Prefixes
from mcp_dynaload.catalog.tool import Tool

pytestmark = pytest.mark.proves("attribution")


def tools_of(servers: dict[str, tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return names by server and own name of the tool, from each server's prefix and its tools, with blanks."""
    prefixes = Prefixes({server: prefix for server, (prefix, _) in servers.items()})
    tools: list[Tool] = []
    for server, (prefix, names) in servers.items():
        definitions = [{"name": name} for name in names.split(" ")]
        tools += build_tools(server, definitions, prefix=prefix, prefixes=prefixes)
    return {(tool.upstream, tool.original_name): tool.name for tool in with_unique_names(tools)}


@pytest.mark.parametrize("order", [("a", "a__b"), ("a__b", "a")])
def test_a_tool_whose_name_carries_another_servers_prefix_is_renamed_right_after_its_own(
    order: tuple[str, str],
) -> None:
    servers = {"a": ("a__", "b__c b"), "a__b": ("a__b__", "c")}

    names = tools_of({server: servers[server] for server in order})

    assert names["a__b", "c"] == "a__b__c"
    assert names["a", "b"] == "a__b"
    assert re.fullmatch("a__[0-9a-f]{8}_b__c", names["a", "b__c"])


def test_the_owner_need_not_have_such_a_tool_or_be_listed() -> None:
    prefixes = Prefixes({"bare": "", "git": "git__", "gh": "gh-"})

    names = [prefixes.name("bare", "", name) for name in ("git__push", "gh-list", "git_push", "git..push", "push")]

    assert [name for name in names if name and name.startswith(("git__", "gh-"))] == []
    assert names[2] == "git_push"
    assert names[4] == "push"
    assert names[3] != "git..push"  # the client would write it as git__push


def test_a_server_alone_or_without_longer_prefixes_beside_it_keeps_its_names() -> None:
    assert tools_of({"bare": ("", "git__push a.b a_b")}) == {
        ("bare", "git__push"): "git__push",
        ("bare", "a.b"): "a.b",
        ("bare", "a_b"): "a_b",
    }
    assert tools_of({"a": ("a__", "b__c"), "b": ("b__", "c")})["a", "b__c"] == "a__b__c"


def test_names_that_the_client_would_write_alike_are_kept_apart_between_servers() -> None:
    names = tools_of({"one": ("", "a_b"), "two": ("", "a.b")})

    assert names["one", "a_b"] == "a_b"
    assert re.fullmatch("a_b_[0-9a-f]{8}", names["two", "a.b"])


def test_where_every_name_would_be_anothers_the_tool_is_left_out() -> None:
    everything = {f"p{letter}": letter for letter in "0123456789abcdefg"}

    assert Prefixes({"bare": "", **everything}).name("bare", "", "go") is None


def test_prefixes_that_cannot_be_told_apart_are_said() -> None:
    assert list(Prefixes({"a b": "a_b__", "a_b": "a_b__", "a": "a__", "bare": ""}).clashes()) == [
        "servers 'a b' and 'a_b' have the same prefix 'a_b__': a rule for one means both"
    ]
    assert list(Prefixes({"a__b": "a__b__", "a": "a__"}).clashes()) == [
        "the prefix of server 'a' begins that of 'a__b': a rule for a__* means both"
    ]


_PREFIXES = st.sampled_from(["", "a__", "a__b__", "a__b__c__", "b__", "ab__", "a_"])


@given(st.dictionaries(st.sampled_from("pqrs"), _PREFIXES, min_size=1), st.text("ab_.", min_size=1, max_size=60))
def test_no_server_gets_a_name_that_carries_a_longer_prefix_of_another(servers: dict[str, str], original: str) -> None:
    prefixes = Prefixes(servers)
    for server, own in servers.items():
        name = prefixes.name(server, own, original)
        assert name is not None
        longer = [other for other in servers.values() if len(other) > len(own)]
        assert not any(legal_name(name).startswith(other) for other in longer)
        assert name.startswith(own)
        assert not own or len(name) <= MAX_NAME_LENGTH
