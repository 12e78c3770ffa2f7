"""Named groups of tools: by server, by configuration, and by a built-in taxonomy of what tools are about."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool

TAXONOMY: Mapping[str, str] = {
    "calendar": "calendar calendars event events meeting meetings appointment appointments attendee attendees schedule",
    "ci": "ci pipeline pipelines build builds workflow workflows job jobs deploy deployment deployments jenkins",
    "communication": "mail mails email emails message messages slack chat channel inbox gmail telegram discord",
    "containers": "container containers docker kubernetes kubectl k8s pod pods image images helm compose",
    "databases": "database databases sql sqlite postgres postgresql mysql mongodb redis table tables query schema",
    "files": "file files filesystem directory directories folder folders path",
    "git": "git commit commits branch branches repository repositories repo diff rebase stash",
    "issues": "issue issues ticket tickets bug bugs jira milestone milestones backlog sprint",
    "knowledge": "knowledge wiki note notes document documents memory graph entity entities notion confluence",
    "monitoring": "monitoring metric metrics alert alerts logs trace traces dashboard dashboards prometheus grafana",
    "security": "security vulnerability vulnerabilities cve secret secrets scan audit advisory advisories threat sast",
    "testing": "test tests testing coverage assertion assertions pytest fixture fixtures e2e",
    "time": "time timezone timezones clock date",
    "web": "web browser browse page pages url urls http fetch website html crawl scrape navigate",
}
"""The subject of a category, in words."""

MIN_DESCRIBED = 2
"""Different words of a description that put a tool in a category; of a name one is enough."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[a-z][a-z0-9]*")

Named = Mapping[str, tuple[str, ...]]
"""Categories of a categories file: globs of advertised tool names."""


def categories_of(catalog: Catalog, named: Named) -> dict[str, tuple[str, ...]]:
    """Return the tools of each category that has any, both in name order.

    One that the configuration names takes the place of the taxonomy's of the same name, and so does a server that is
    called like it.
    """
    by_server = _grouped((tool.upstream.lower(), tool.name) for tool in catalog.tools)
    by_entry = _grouped((name.lower(), tool.name) for tool in catalog.tools for name in tool.categories)
    by_file = _grouped(
        (name.lower(), tool.name) for name, globs in named.items() for tool in catalog.tools if _fits(tool, globs)
    )
    built_in = _grouped((name, tool.name) for tool in catalog.tools for name in taxonomy_of(tool))
    configured = {name: by_entry.get(name, set()) | by_file.get(name, set()) for name in (*by_entry, *by_file)}
    groups = built_in | by_server | configured
    return {name: tuple(sorted(groups[name])) for name in sorted(groups)}


def taxonomy_of(tool: Tool) -> tuple[str, ...]:
    """Return the built-in categories of a tool, in name order, told by words of its names or its description."""
    named = _words(f"{tool.upstream} {tool.original_name}")
    described = _words(tool.description)
    return tuple(
        category
        for category, words in _vocabulary().items()
        if named & words or len(described & words) >= MIN_DESCRIBED
    )


@cache  # asked for each tool of a catalog
def _vocabulary() -> dict[str, frozenset[str]]:
    return {category: frozenset(words.split()) for category, words in TAXONOMY.items()}


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_CAMEL.sub(" ", text).lower()))


def _fits(tool: Tool, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(tool.name, glob) for glob in globs)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for category, name in pairs:
        groups.setdefault(category, set()).add(name)
    return groups
