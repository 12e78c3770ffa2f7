"""Which protocol era an upstream speaks, and what each request must carry in it.

The handshake era (`initialize`, revisions to 2025-11-25) comes first: its servers can ask the client and announce
changes. A server that refuses it is tried with `server/discover` (revision 2026-07-28).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from mcp.shared.dispatcher import CallOptions, Outbound
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    encode_header_value,
    mcp_param_headers,
    x_mcp_header_map,
)
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    CONNECTION_CLOSED,
    LOG_LEVEL_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION

from mcp_dynaload.catalog.shapes import shown
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import UpstreamAnswerError

DISCOVER_SECONDS = 10.0

_UNCANCELLED: CallOptions = {"cancel_on_abandon": False}
"""The protocol forbids cancelling the handshake."""

HANDSHAKE_VERSIONS = frozenset({*HANDSHAKE_PROTOCOL_VERSIONS, "2024-10-07"})
"""The first revision, too, which Claude Code speaks and the SDK does not."""

_ALL_LISTS = ("tools", "prompts", "resources")
_MODERN_ONLY = ("resultType", "ttlMs", "cacheScope", "inputRequests", "requestState")


@dataclass(slots=True)
class Era:
    """The agreed revision, what the server said of itself, and how requests are stamped."""

    version: str
    server_info: Json
    capabilities: Json
    instructions: str
    is_modern: bool = False
    client_meta: Json = field(default_factory=dict[str, Any])
    header_maps: dict[str, Mapping[tuple[str, ...], str]] = field(
        default_factory=dict[str, Mapping[tuple[str, ...], str]]
    )
    """Tool name → argument paths that the tool wants mirrored in HTTP headers (`x-mcp-header`)."""

    def stamped(self, method: str, params: Json) -> tuple[Json, CallOptions]:
        """Return the params and options with which a request goes out."""
        if not isinstance(params.get("_meta", {}), dict):  # the SDK adds to it
            params = {name: value for name, value in params.items() if name != "_meta"}
        if not self.is_modern:
            return params, self.options(method, params)
        return {**params, "_meta": {**params.get("_meta", {}), **self.client_meta}}, self.options(method, params)

    def options(self, method: str, params: Json) -> CallOptions:
        """Return the HTTP headers that the revision asks for; stdio ignores them."""
        headers = {MCP_PROTOCOL_VERSION_HEADER: self.version}
        if self.is_modern:
            headers[MCP_METHOD_HEADER] = method
            if isinstance(name := params.get(NAME_BEARING_METHODS.get(method, "")), str):
                headers[MCP_NAME_HEADER] = encode_header_value(name)
            if method == "tools/call":
                header_map = self.header_maps.get(str(params.get("name")), {})
                headers |= mcp_param_headers(header_map, params.get("arguments") or {})
        return {"headers": headers}

    def ask_for_logs(self, level: str) -> None:
        """Have every request ask for the log messages that belong to it, from this level on."""
        self.client_meta = {**self.client_meta, LOG_LEVEL_META_KEY: level}

    def remember_headers(self, tools: list[Json]) -> None:
        """Note which arguments of which tools travel in headers too."""
        if self.is_modern:
            self.header_maps = {str(tool.get("name")): x_mcp_header_map(tool.get("inputSchema")) for tool in tools}

    def plain_result(self, result: Json) -> Json:
        """Return the result as a handshake client knows it: without the modern envelope."""
        if not self.is_modern:
            return result
        plain = {key: value for key, value in result.items() if key not in _MODERN_ONLY}
        meta = json_object(plain.pop("_meta", None))
        meta = {key: value for key, value in meta.items() if key != SERVER_INFO_META_KEY}
        return {**plain, "_meta": meta} if meta else plain


async def negotiate(outbound: Outbound, client_info: Json, capabilities: Json) -> Era:
    """Shake hands in the era that the server speaks.

    Raises:
        MCPError: It refused both; the error is the one of the handshake era.
    """
    try:
        return await _initialize(outbound, client_info, capabilities)
    except MCPError as refusal:
        if refusal.error.code == CONNECTION_CLOSED or _is_final(refusal):
            raise
        try:
            return await _discover(outbound, client_info, capabilities)
        except MCPError:
            raise refusal from None


def _is_final(refusal: MCPError) -> bool:
    """Return whether it is no answer of the server's protocol at all."""
    return isinstance(failure := refusal.error.data, UpstreamAnswerError) and failure.is_final


async def _initialize(outbound: Outbound, client_info: Json, capabilities: Json) -> Era:
    params = {"protocolVersion": LATEST_HANDSHAKE_VERSION, "capabilities": capabilities, "clientInfo": client_info}
    result = await outbound.send_raw_request("initialize", params, _UNCANCELLED)
    version = result.get("protocolVersion")
    if not isinstance(version, str) or version not in HANDSHAKE_VERSIONS:
        raise MCPError(
            code=CONNECTION_CLOSED, message=f"it answered with the unknown protocol version {shown(version)}"
        )
    era = Era(version, json_object(result.get("serverInfo")), _capabilities(result), _text(result))
    await outbound.notify("notifications/initialized", None, era.options("notifications/initialized", {}))
    return era


async def _discover(outbound: Outbound, client_info: Json, capabilities: Json) -> Era:
    meta: Json = {
        PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
        CLIENT_INFO_META_KEY: client_info,
        CLIENT_CAPABILITIES_META_KEY: capabilities,
    }
    era = Era(LATEST_MODERN_VERSION, {}, {}, "", is_modern=True, client_meta=meta)
    params, options = era.stamped("server/discover", {})
    options |= {"timeout": DISCOVER_SECONDS, **_UNCANCELLED}
    result = await outbound.send_raw_request("server/discover", params, options)
    era.capabilities = _capabilities(result)
    era.server_info = json_object(json_object(result.get("_meta")).get(SERVER_INFO_META_KEY))
    era.instructions = _text(result)
    return era


def _capabilities(result: Json) -> Json:
    """Return what a server says that it can do; of one that says it in no such form it is seen when it is asked.

    A server without any of them has nothing for us, so that is meant by nobody who wrote something else there.
    """
    said = result.get("capabilities")
    if not isinstance(said, dict):
        return {capability: {} for capability in _ALL_LISTS}
    return {name: json_object(item) for name, item in cast(Json, said).items()}


def _text(result: Json) -> str:
    said = result.get("instructions")
    return said if isinstance(said, str) else ""
