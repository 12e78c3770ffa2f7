"""The requests of clients that every surface answers alike, and the functions that answer them."""

from collections.abc import Mapping

from mcp_dynaload.proxy import passthrough
from mcp_dynaload.proxy.commands import menu
from mcp_dynaload.proxy.passthrough import Method

PASSED: Mapping[str, Method] = {
    "resources/list": passthrough.list_resources,
    "resources/templates/list": passthrough.list_templates,
    "resources/read": passthrough.read_resource,
    "resources/subscribe": passthrough.subscribe,
    "resources/unsubscribe": passthrough.unsubscribe,
    "logging/setLevel": passthrough.set_log_level,
}
"""Answered for the upstreams."""

WITH_COMMANDS: Mapping[str, Method] = {
    **PASSED,
    "prompts/list": menu.list_prompts,
    "prompts/get": menu.get_prompt,
    "completion/complete": menu.complete,
}
"""The same with our slash commands among the upstreams' prompts."""
