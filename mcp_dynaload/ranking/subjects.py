"""The subjects of each connected server: names of the service behind it, and of the hosts that serve it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.programs import PLAIN_LABELS, PLAIN_NAMES, SERVICES

SHARE_OF_TOOLS = 0.5
"""A name that so many of a server's definitions say is what the server is about, whatever it is called."""

_WORDS = re.compile(r"[a-z][a-z0-9]+")
_HOST = re.compile(r"\b([a-z][a-z0-9+.-]*)://(?:[^\s/@\"']*@)?([\w.-]+)", re.IGNORECASE)
_PACKAGE = re.compile(r"(?:@[\w.-]+/)?[\w./-]*?([A-Za-z][\w.-]*?)(?:[@=:][\w.-]*)?")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LOOPBACK = re.compile(r"localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|host\.docker|[^.]*$")

KNOWN_SERVICES = frozenset(word for service in SERVICES.values() for word in service.words)

ABOUT_PAGES = frozenset({"docs", "documentation", "knowledge", "learn", "reference"})
"""A server that is called so tells about a service and does nothing with it."""

WEB = ("http", "https", "ws", "wss", "file")
"""Schemes that say nothing of whose the address is."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects of each upstream: the names that it goes by, and the hosts that stand in its entry."""

    names: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    said: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """The names that most of its definitions say: of services that are known to be ones."""

    hosts: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    def named(self, words: Iterable[str]) -> frozenset[str]:
        """Return the upstreams that go by any of these names."""
        wanted = frozenset(words)
        return frozenset(upstream for upstream in self.names if self.all_names(upstream) & wanted)

    def all_names(self, upstream: str) -> frozenset[str]:
        """Return all names that an upstream goes by."""
        return self.names.get(upstream, frozenset()) | self.said.get(upstream, frozenset())

    def called(self, upstreams: Iterable[str], names: Iterable[str]) -> tuple[str, str]:
        """Return those of some names that upstreams go by, and all that they go by, as texts."""
        known = sorted({name for upstream in upstreams for name in self.all_names(upstream)})
        return " ".join(name for name in names if name in known), " ".join(known)

    def serving(self, host: str) -> frozenset[str]:
        """Return the upstreams in whose entries this host stands, or one above it."""
        if not host:
            return frozenset()
        ways = {host, *(host.split(".", place)[-1] for place in range(1, max(1, host.count("."))))}
        return frozenset(upstream for upstream, hosts in self.hosts.items() if hosts & ways)


def subjects_of(catalog: Catalog, entries: Mapping[str, Iterable[str]]) -> Subjects:
    """Return what the catalog's upstreams are about; `entries` has the texts of each one's entry that tell programs,
    packages and addresses."""
    names, hosts = dict[str, frozenset[str]](), dict[str, frozenset[str]]()
    for upstream in {tool.upstream for tool in catalog.tools}:
        own = _own_names(upstream)
        if own & ABOUT_PAGES:
            continue
        texts = list(entries.get(upstream, ()))
        found = [(scheme.lower(), host.lower()) for text in texts for scheme, host in _HOST.findall(text)]
        hosts[upstream] = frozenset(host for _, host in found if not is_near(host))
        schemes = {scheme.partition("+")[0] for scheme, _ in found}.difference(WEB)
        labels = {label for host in hosts[upstream] for label in labels_of(host)}
        packages = {word for text in texts for word in _package_names(text)}
        names[upstream] = frozenset(own | schemes | labels | packages)
    return Subjects(names, _said_names(catalog), hosts)


def labels_of(host: str) -> list[str]:
    """Return the parts of a host's name that tell whose it is."""
    *labels, _ = host.lower().split(".")
    return [label for label in labels if label not in PLAIN_LABELS]


def is_near(host: str) -> bool:
    """Return whether a host is this machine or one beside it."""
    return bool(_LOOPBACK.match(host.lower()))


def _own_names(upstream: str) -> set[str]:
    words = _WORDS.findall(_HUMPS.sub(" ", upstream).lower())
    return {*[word for word in words if word not in PLAIN_NAMES], "".join(words)}


def _package_names(text: str) -> list[str]:
    """Return the names in what looks like a program or a package: not in options, paths with blanks, secrets."""
    found = None if "://" in text or text.startswith("-") or len(text) > 80 else _PACKAGE.fullmatch(text)
    words = _WORDS.findall(found[1].lower()) if found else []
    return [word for word in words if word not in PLAIN_NAMES and len(word) > 2] if "mcp" in text.lower() else []


def _said_names(catalog: Catalog) -> dict[str, frozenset[str]]:
    """Return the names of known services that most definitions of an upstream say."""
    tools = Counter(tool.upstream for tool in catalog.tools)
    counts: dict[str, Counter[str]] = {upstream: Counter() for upstream in tools}
    for tool in catalog.tools:
        said = {*_WORDS.findall(f"{tool.original_name} {tool.description}".lower())}
        counts[tool.upstream].update(said & KNOWN_SERVICES)
    return {
        upstream: frozenset(word for word, count in said.items() if 1 < count >= SHARE_OF_TOOLS * tools[upstream])
        for upstream, said in counts.items()
    }
