from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from mcp import MCPError
from mcp.shared.dispatcher import CallOptions
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    CONNECTION_CLOSED,
    METHOD_NOT_FOUND,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
)

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.upstream.era import Era, negotiate

INFO: Json = {"name": "client", "version": "1"}
CAPABILITIES: Json = {"roots": {}}
LACKING = MCPError(code=METHOD_NOT_FOUND, message="Method not found")
GREETING: Json = {
    "protocolVersion": "2025-06-18",
    "serverInfo": {"name": "s"},
    "capabilities": {"tools": {}},
    "instructions": "Hi.",
}
DISCOVERED: Json = {
    "capabilities": {"tools": {}},
    "instructions": "Hi.",
    "_meta": {SERVER_INFO_META_KEY: {"name": "s"}},
}


@dataclass
class Peer:
    """A server that answers each method with one result or error."""

    answers: Mapping[str, Json | MCPError]
    asked: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> Json:
        self.asked.append((method, dict(params or {})))
        answer = self.answers.get(method, LACKING)
        if isinstance(answer, MCPError):
            raise answer
        return answer

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        self.asked.append((method, dict(params or {})))


async def test_a_server_of_the_handshake_era_is_greeted_in_our_clients_name() -> None:
    peer = Peer({"initialize": GREETING})

    era = await negotiate(peer, INFO, CAPABILITIES)

    assert era == Era("2025-06-18", {"name": "s"}, {"tools": {}}, "Hi.")
    assert [method for method, _ in peer.asked] == ["initialize", "notifications/initialized"]
    assert peer.asked[0][1] == {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "clientInfo": INFO}


async def test_a_server_that_refuses_the_handshake_is_discovered() -> None:
    peer = Peer({"server/discover": DISCOVERED})

    era = await negotiate(peer, INFO, CAPABILITIES)

    assert (era.version, era.is_modern, era.server_info, era.capabilities, era.instructions) == (
        "2026-07-28",
        True,
        {"name": "s"},
        {"tools": {}},
        "Hi.",
    )
    assert peer.asked[1][1]["_meta"] == {
        PROTOCOL_VERSION_META_KEY: "2026-07-28",
        CLIENT_INFO_META_KEY: INFO,
        CLIENT_CAPABILITIES_META_KEY: CAPABILITIES,
    }


async def test_a_server_that_refuses_both_is_told_by_its_first_refusal() -> None:
    refusal = MCPError(code=-32001, message="no licence")
    with pytest.raises(MCPError) as caught:
        await negotiate(Peer({"initialize": refusal}), INFO, CAPABILITIES)
    assert caught.value is refusal


async def test_a_server_that_is_gone_is_not_asked_again() -> None:
    peer = Peer({"initialize": MCPError(code=CONNECTION_CLOSED, message="Connection closed")})
    with pytest.raises(MCPError):
        await negotiate(peer, INFO, CAPABILITIES)
    assert len(peer.asked) == 1


async def test_requests_of_the_handshake_era_go_out_as_they_are() -> None:
    era = await negotiate(Peer({"initialize": GREETING}), INFO, CAPABILITIES)
    params: Json = {"name": "x", "_meta": {"progressToken": 1}}

    assert era.stamped("tools/call", params) == (params, {"headers": {"mcp-protocol-version": "2025-06-18"}})
    assert era.plain_result({"resultType": "kept", "_meta": {SERVER_INFO_META_KEY: 1}}) == {
        "resultType": "kept",
        "_meta": {SERVER_INFO_META_KEY: 1},
    }


@pytest.mark.parametrize("greeting", [{"initialize": GREETING}, {"server/discover": GREETING}])
async def test_meta_data_of_a_request_that_is_no_object_is_left_out(greeting: Json) -> None:
    era = await negotiate(Peer(greeting), INFO, CAPABILITIES)

    params, _ = era.stamped("tools/call", {"name": "x", "_meta": [1]})

    assert params.get("_meta", {}) == era.client_meta


async def test_requests_of_the_modern_era_carry_what_it_asks_for_and_results_lose_it() -> None:
    era = await negotiate(Peer({"server/discover": DISCOVERED}), INFO, CAPABILITIES)
    schema = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
    era.remember_headers([{"name": "x", "inputSchema": schema}])

    params, options = era.stamped("tools/call", {"name": "x", "arguments": {"region": "eu"}, "_meta": {"a": 1}})

    assert params["_meta"] == {"a": 1, **era.client_meta}
    headers = {name.lower(): value for name, value in options.get("headers", {}).items()}
    assert headers["mcp-method"] == "tools/call"
    assert headers["mcp-name"] == "x"
    assert "eu" in headers.values()
    answer: Json = {"content": [], "resultType": "complete", "ttlMs": 5, "_meta": {SERVER_INFO_META_KEY: {}, "b": 2}}
    assert era.plain_result(answer) == {"content": [], "_meta": {"b": 2}}
    assert era.plain_result({**answer, "_meta": {SERVER_INFO_META_KEY: {}}}) == {"content": []}


@pytest.mark.proves("eras")
@pytest.mark.parametrize("capabilities", [None, [], ["tools"], "tools", 5, True])
async def test_of_a_server_that_does_not_say_what_it_can_do_all_lists_are_asked_for(capabilities: object) -> None:
    era = await negotiate(Peer({"initialize": {**GREETING, "capabilities": capabilities}}), INFO, CAPABILITIES)
    modern = await negotiate(
        Peer({"server/discover": {**DISCOVERED, "capabilities": capabilities}}), INFO, CAPABILITIES
    )

    assert era.capabilities == modern.capabilities == {"tools": {}, "prompts": {}, "resources": {}}


async def test_what_is_odd_in_a_greeting_counts_as_not_said() -> None:
    capabilities: Json = {"tools": None, "prompts": True, "resources": [], "logging": "yes"}
    odd: Json = {**GREETING, "serverInfo": "me", "capabilities": capabilities, "instructions": ["Hi."]}

    era = await negotiate(Peer({"initialize": odd}), INFO, CAPABILITIES)

    assert (era.server_info, era.instructions) == ({}, "")
    assert era.capabilities == {"tools": {}, "prompts": {}, "resources": {}, "logging": {}}


@pytest.mark.parametrize("version", [None, 20250618, ["2025-06-18"], {}, "2025-06-18 ", ""])
async def test_a_version_that_is_none_is_told(version: object) -> None:
    with pytest.raises(MCPError, match="it answered with the unknown protocol version"):
        await negotiate(Peer({"initialize": {**GREETING, "protocolVersion": version}}), INFO, CAPABILITIES)


async def test_the_first_revision_is_spoken_as_by_the_client() -> None:
    era = await negotiate(Peer({"initialize": {**GREETING, "protocolVersion": "2024-10-07"}}), INFO, CAPABILITIES)

    assert (era.version, era.is_modern) == ("2024-10-07", False)
