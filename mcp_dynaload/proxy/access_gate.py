"""The tools that the entries of a servers file deny: neither listed, nor called, nor named as missing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mcp_dynaload.catalog.access import Denial, by_name
from mcp_dynaload.catalog.ownership import Prefixes
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.config.upstream_config import UpstreamConfig


class AccessGate:
    """Says of each tool whether its server's entry denies it, by the lists of the servers whose tools are limited."""

    def __init__(self) -> None:
        self._configs: Mapping[str, UpstreamConfig] = {}
        self._prefixes = Prefixes()
        self._listed: dict[str, Mapping[str, Sequence[Json]]] = {}
        """The tools by name that such servers listed last, over whatever connection."""

    def configure(self, configs: Iterable[UpstreamConfig], prefixes: Prefixes) -> None:
        """Go by these entries from now on; of a server whose entry differs, no list is known any more."""
        before, self._configs = self._configs, {config.name: config for config in configs}
        self._prefixes = prefixes
        for name in [name for name, config in before.items() if self._configs.get(name) != config]:
            self._listed.pop(name, None)

    def is_limited(self, upstream: str) -> bool:
        """Return whether a server's entry denies tools, or may."""
        config = self._configs.get(upstream)
        return config is not None and config.options.access.is_limited

    def note(self, upstream: str, tools: Sequence[Json]) -> None:
        """Note the tools that a server has listed."""
        if self.is_limited(upstream):
            self._listed[upstream] = by_name(tools)

    def denied_of(self, upstream: str) -> Mapping[str, str]:
        """Return the tools of a server's last list that its entry denies, by its own names, with the rule of each."""
        config, listed = self._configs.get(upstream), self._listed.get(upstream, {})
        if config is None:
            return {}
        return config.options.access.denied(one for same in listed.values() for one in same)

    @property
    def denied(self) -> dict[str, Mapping[str, str]]:
        """The same of all servers that have such tools."""
        found = {name: self.denied_of(name) for name in sorted(self._configs)}
        return {name: denied for name, denied in found.items() if denied}

    def is_denied(self, tool: Tool) -> bool:
        """Return whether a tool must not be shown that somebody still has from an earlier list."""
        config = self._configs.get(tool.upstream)
        if config is None or not config.options.access.is_limited:
            return False
        return bool(config.options.access.rule_against(tool.original_name, [tool.definition]))

    def denied_tool(self, name: str) -> Denial | None:
        """Return why a tool is not there that is asked for by our name; None if that is not because it is denied."""
        for upstream, denied in self.denied.items():
            prefix = self._configs[upstream].prefix
            for original, rule in denied.items():
                if self._prefixes.name(upstream, prefix, original) == name:
                    return Denial(upstream, original, rule)
        return None

    def denial(self, upstream: str, method: str, params: Mapping[str, Any]) -> Denial | None:
        """Return why the servers file lets a request not be sent; None if it does."""
        name = params.get("name")
        if method != "tools/call" or not self.is_limited(upstream) or not isinstance(name, str):
            return None
        access = self._configs[upstream].options.access
        rule = access.rule_against(name, self._listed.get(upstream, {}).get(name, ()))
        return Denial(upstream, name, rule) if rule else None
