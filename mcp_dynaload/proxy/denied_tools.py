"""How commands tell of tools that a servers file or the client denies, and of globs that no tool fits."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

from mcp_dynaload.catalog.access import idle_globs
from mcp_dynaload.catalog.deny_rules import DenyRule
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.proxy.commands.layout import counted
from mcp_dynaload.proxy.known_listings import KnownListings

MAX_NAMED = 12
"""Tools of one server that are named in a line."""


def denied_in_words(server: str, denied: Mapping[str, str]) -> str:
    """Return which tools of a server are denied, by which rule each."""
    by_rule: dict[str, list[str]] = {}
    for name, rule in denied.items():
        by_rule.setdefault(rule, []).append(name)
    parts = [f"{rule}: {_named(names)}" for rule, names in by_rule.items()]
    return f"server {server}: denied by the servers file, {'; '.join(parts)}"


def denied_there(denied: Mapping[str, DenyRule]) -> str:
    """Return how many tools Claude Code denies, and by which rules; empty where it denies none."""
    rules = dict.fromkeys(map(str, denied.values()))
    return f"{counted(len(denied), 'tool')}, by Claude Code's rules: {'; '.join(rules)}" if denied else ""


def idle_glob_notes(listings: KnownListings) -> Iterator[tuple[str, str]]:
    """Yield for each glob that fits no tool of its server which it is, and what may be meant; of listed servers."""
    for name, config in listings.configs.items():
        listing = listings.quarantine.offered(name) or listings.by_name.get(name)
        if listing is None:
            continue
        names = sorted({str(tool["name"]) for tool in listing.tools})
        many = counted(len(names), "tool")
        for option, glob in idle_globs(config.options.globs, names):
            yield (
                f'server {name}: {option} "{glob}" fits none of its {many}',
                _meant(config, glob, names),
            )


def _meant(config: UpstreamConfig, glob: str, names: Sequence[str]) -> str:
    bare = glob.rpartition(config.prefix)[2] if config.prefix else glob
    if bare != glob:
        return f'globs go by the server\'s own names: write "{bare}", without the prefix'
    near = difflib.get_close_matches(glob, names, n=3, cutoff=0.5) or names[:3]
    hint = f": {', '.join(near)}{' …' if len(names) > len(near) else ''}" if near else ""
    return f"globs go by the server's own names{hint}; correct it in the servers file, or take it out"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{', '.join(names[:MAX_NAMED])}{more}"
