"""Which elements have another name with us than their server's prefix gives them, because that is another server's."""

from collections.abc import Iterable, Iterator, Mapping

from mcp_dynaload.catalog.definitions import Kind
from mcp_dynaload.catalog.names import advertised_name
from mcp_dynaload.catalog.shapes import Oddity, shown
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.proxy.aggregate import Aggregate
from mcp_dynaload.proxy.definition_repair import OddElement


def renamed(
    configs: Mapping[str, UpstreamConfig], tools: Iterable[Tool], aggregate: Aggregate, room: int
) -> dict[str, list[OddElement]]:
    """Return them by upstream."""
    found: dict[str, list[OddElement]] = {}
    for kind, upstream, original, wanted, name in _all(configs, tools, aggregate, room):
        if wanted != name:
            why = Oddity(wanted, f"is another's here, so it is offered as {shown(name)}")
            found.setdefault(upstream, []).append(
                OddElement(kind, shown(original), (why,), is_left_out=False, is_renamed=True)
            )
    return found


def _all(
    configs: Mapping[str, UpstreamConfig], tools: Iterable[Tool], aggregate: Aggregate, room: int
) -> Iterator[tuple[Kind, str, str, str, str]]:
    """Yield kind, upstream, its own name, the name that the configuration gives it, and the one that it has."""
    for tool in tools:
        wanted = advertised_name(configs[tool.upstream].prefix, tool.original_name, room)
        yield "tool", tool.upstream, tool.original_name, wanted, tool.name
    for name, origin in aggregate.prompt_origins.items():
        wanted = advertised_name(configs[origin.upstream].prefix, origin.original, room)
        yield "prompt", origin.upstream, origin.original, wanted, name
    for uri, origin in aggregate.resource_origins.items():
        yield "resource", origin.upstream, origin.original, origin.original, uri
    for uri, origin in aggregate.template_origins.items():
        yield "resource template", origin.upstream, origin.original, origin.original, uri
