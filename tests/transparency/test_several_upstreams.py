"""Upstreams that offer the same names and URIs are kept apart."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from mcp_types import METHOD_NOT_FOUND

from tests.transparency.outspoken import build_server
from tests.transparency.peer import Peer, connected
from tests.transparency.serving import joined, proxied, served


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncGenerator[Peer]:
    """Yield a client in front of three servers that offer the same; two have names of their own, one too many."""
    async with (
        served(build_server("first").streamable_http_app()) as first,
        served(build_server("second").streamable_http_app()) as second,
        served(build_server("third").streamable_http_app()) as third,
    ):
        entries = {
            "first": {"type": "http", "url": f"{first}/mcp", "dynaload": {"prefix": ""}},
            "second": {"type": "http", "url": f"{second}/mcp", "dynaload": {"prefix": ""}},
            "third": {"type": "http", "url": f"{third}/mcp"},
        }
        async with proxied(tmp_path, entries) as proxy, connected(joined(proxy)) as peer:
            yield peer


async def names(peer: Peer, kind: str, key: str = "name") -> list[str]:
    return [item[key] for item in await peer.list_all(f"{kind}/list", kind.split("/")[-1])]


async def test_each_tool_is_called_on_its_own_server(peer: Peer) -> None:
    tools = [name for name in await names(peer, "tools") if "identify" in name]

    answers = [(await peer.call(name))["structuredContent"]["server"] for name in tools]

    assert len(set(tools)) == 3
    assert dict(zip(answers, tools, strict=True)).keys() == {"first", "second", "third"}
    assert "identify" in tools
    assert "third__identify" in tools


async def test_each_prompt_is_fetched_from_its_own_server(peer: Peer) -> None:
    prompts = [name for name in await names(peer, "prompts") if "greet" in name]

    answers = [await peer.request("prompts/get", {"name": name}) for name in prompts]

    assert len(set(prompts)) == 3
    assert {answer["xServer"] for answer in answers} == {"first", "second", "third"}
    assert {answer["xPrompt"][0]["name"] for answer in answers} == {"greet"}


async def test_each_resource_is_read_from_its_own_server(peer: Peer) -> None:
    uris = [uri for uri in await names(peer, "resources", "uri") if uri.endswith("note://one")]

    answers = {uri: await peer.request("resources/read", {"uri": uri}) for uri in uris}

    assert {uri: answer["xServer"] for uri, answer in answers.items()} == {
        "note://one": "first",
        "dynaload-second+note://one": "second",
        "dynaload-third+note://one": "third",
    }
    assert {uri: answer["contents"][0]["uri"] for uri, answer in answers.items()} == {uri: uri for uri in uris}


async def test_each_template_is_filled_by_its_own_server(peer: Peer) -> None:
    listed = await peer.request("resources/templates/list")
    templates = [item["uriTemplate"] for item in listed["resourceTemplates"] if "song" in item["uriTemplate"]]
    uris = [template.replace("{title}", "hope") for template in templates]

    answers = [await peer.request("resources/read", {"uri": uri}) for uri in uris]
    reference = {"type": "ref/resource", "uri": templates[0]}
    completed = await peer.request(
        "completion/complete", {"ref": reference, "argument": {"name": "title", "value": ""}}
    )

    assert len(uris) == 3
    assert {answer["xServer"] for answer in answers} == {"first", "second", "third"}
    assert completed["xAsked"]["ref"]["uri"] == "song://{title}"


@pytest.mark.parametrize(
    ("uri", "touch"),
    [
        ("note://one", "touch"),
        ("dynaload-third+note://one", "third__touch"),
        ("dynaload-third+song://hope", "third__touch"),
    ],
)
async def test_an_update_comes_under_the_uri_that_was_subscribed(peer: Peer, uri: str, touch: str) -> None:
    await peer.request("resources/list")
    await peer.request("resources/subscribe", {"uri": uri})

    await peer.call(touch)

    updates = await peer.heard.wait_for("notifications/resources/updated")
    assert [update["uri"] for update in updates] == [uri]


async def test_what_is_asked_for_before_the_first_listing_is_waited_for(peer: Peer) -> None:
    prompt = await peer.request("prompts/get", {"name": "third__greet"})

    assert prompt["xServer"] == "third"


async def test_a_resource_that_nobody_lists_is_refused_in_words_that_name_it(peer: Peer) -> None:
    await peer.request("resources/list")

    refusal = await peer.request("resources/read", {"uri": "film://unknown"})

    assert refusal["error"]["data"] == {"uri": "film://unknown"}


async def test_questions_of_two_servers_go_to_one_client_and_back_to_the_one_that_asked(peer: Peer) -> None:
    question = {"method": "roots/list"}
    await peer.request("tools/list")

    answers = [await peer.call(name, question) for name in await names(peer, "tools") if name.endswith("ask")]

    roots = {"roots": [{"uri": "file:///home/ada", "name": "home"}]}
    assert [answer["structuredContent"] for answer in answers] == [{"answer": roots}] * len(answers)


async def test_tasks_are_none_of_ours_where_nobody_could_tell_whose_they_are(peer: Peer) -> None:
    sent = {"name": "third__echo", "arguments": {"a": 1}, "task": {"ttl": 60_000}}
    called = await peer.request("tools/call", sent)
    assert called["structuredContent"] == {"name": "echo", "arguments": {"a": 1}}

    for method in ("tasks/get", "tasks/result", "tasks/cancel", "tasks/list"):
        error = (await peer.request(method, {"taskId": "1"}))["error"]
        assert error["code"] == METHOD_NOT_FOUND
        assert f"'{method}': this server declares no 'tasks'" in error["message"]
    assert "which of the MCP servers" in (await peer.request("acme/fly"))["error"]["message"]
