"""The listings of all upstreams: from the cache at start, renewed by each new one."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.proxy.definition_repair import Oddities, RepairCache
from mcp_dynaload.proxy.quarantine import Quarantine, unpinned
from mcp_dynaload.store.catalog_cache import OLD_SECONDS, CatalogCache
from mcp_dynaload.upstream.list_rules import by_todays_rules
from mcp_dynaload.upstream.listing import Listing

log = structlog.get_logger()


_NOT_BORROWED: Json = {"resources": [], "templates": [], "instructions": "", "digest": "", "is_borrowed": True}
"""The rest of another project's listing often speaks of that project's files."""

_OWN_GAPS = [
    f"{kind}: not known of this project before the server was listed in it" for kind in ("resources", "templates")
]

RETRY_SECONDS = 5.0
MAX_RETRY_SECONDS = 900.0
"""After which an upstream that could not be listed is tried again, at first and at most: each time twice as long."""


@dataclass(slots=True)
class _Retry:
    """The attempts to list one upstream that could not be listed."""

    since: float
    pause: float = field(default_factory=lambda: RETRY_SECONDS)

    def is_due(self, now: float) -> bool:
        """Return whether it is to be tried now; then the next time is after twice as long."""
        if now - self.since < self.pause:
            return False
        self.since, self.pause = now, min(2 * self.pause, MAX_RETRY_SECONDS)
        return True


@dataclass(slots=True)
class KnownListings:
    """The last listing of each upstream, as far as it was taken over."""

    configs: Mapping[str, UpstreamConfig]
    records: CatalogCache
    project_dir: Path
    passes_all: bool = False
    """Whether a listing goes through as it came: we stand in for one server, and add nothing to it."""

    quarantine: Quarantine = field(default_factory=unpinned)
    """Leaves out what is not as the user approved it, before anything else looks at a listing."""

    by_name: dict[str, Listing] = field(default_factory=dict[str, Listing])
    failures: dict[str, str] = field(default_factory=dict[str, str])
    """Why an upstream could not be listed when that was last tried."""

    repaired: dict[str, Oddities] = field(default_factory=dict[str, Oddities])
    """The elements repaired or left out of each listing."""

    _last: RepairCache = field(default_factory=RepairCache)
    _tried_at: dict[str, float] = field(default_factory=dict[str, float])
    """When upstreams with an old listing were given out to be listed."""

    _retries: dict[str, "_Retry"] = field(default_factory=dict[str, "_Retry"])
    """When upstreams that could not be listed in this project yet are to be listed once more."""

    _prints: dict[str, str] = field(init=False)
    """The fingerprints by name. What a program lists that was exchanged meanwhile counts as the former one's: the next
    start lists it once more."""

    _entries: dict[str, UpstreamConfig] = field(init=False)
    """The entries by fingerprint, for threads that go by one while the entries change."""

    def __post_init__(self) -> None:
        self.configure(self.configs)

    def configure(self, configs: Mapping[str, UpstreamConfig]) -> None:
        """Know these upstreams from now on; nothing is known any more of those that are not among them."""
        for name in set(self.configs) - set(configs):
            self._forget(name)
        self.configs = configs
        self._prints = {name: config.fingerprint(self.project_dir) for name, config in configs.items()}
        self._entries = {self._prints[name]: config for name, config in configs.items()}
        self.quarantine.configure(configs.values())

    @property
    def unseen(self) -> tuple[str, ...]:
        """The upstreams of which nothing is known yet."""
        return tuple(name for name in self.configs if name not in self.by_name)

    @property
    def borrowed(self) -> tuple[str, ...]:
        """The upstreams of which nothing but another project's tools and prompts are known."""
        return tuple(name for name in self.configs if name in self.by_name and self.by_name[name].is_borrowed)

    @property
    def unlisted(self) -> tuple[str, ...]:
        """The upstreams that were never listed in this project."""
        not_here = {*self.unseen, *self.borrowed}
        return tuple(name for name in self.configs if name in not_here)

    def listed_at(self) -> dict[str, float]:
        """Return when each upstream was listed in this project, in seconds since 1970; blocks."""
        times = self.records.listed_at(self._prints.values())
        return {name: times[fingerprint] for name, fingerprint in self._prints.items() if fingerprint in times}

    def failing(self) -> tuple[str, ...]:
        """Return the upstreams that could not be listed and are to be tried again: each ever more seldom, for ever.

        One that was down when the session began is mostly there some time later.
        """
        now = time.monotonic()
        failed = [name for name in self.unlisted if name in self.failures]
        self._retries = {name: self._retries.get(name) or _Retry(now) for name in failed}
        return tuple(name for name, retry in self._retries.items() if retry.is_due(now))

    def due(self) -> tuple[str, ...]:
        """Return the upstreams whose stored listing is old or was not whole, each once a day; blocks."""
        prints = self._prints
        aged, now = self.records.aged(prints.values()), time.monotonic()
        names = [name for name, fingerprint in prints.items() if fingerprint in aged]
        due = tuple(name for name in names if now - self._tried_at.get(name, float("-inf")) > OLD_SECONDS)
        self._tried_at.update(dict.fromkeys(due, now))
        return due

    def read(self, names: Iterable[str] | None = None) -> frozenset[str]:
        """Take over the stored listings of the configured upstreams, all unless some are named; blocks.

        Returns the upstreams that have one of this project.
        """
        prints = self._prints if names is None else {name: self._prints[name] for name in names}
        stored = self.records.listings(set(prints.values()))
        own = {name: stored[fingerprint] for name, fingerprint in prints.items() if fingerprint in stored}
        for name, listing in self._of_other_projects(name for name in prints if name not in own).items():
            self._take_over(name, listing)
        return frozenset(name for name, listing in own.items() if self._take_over(name, listing))

    def _of_other_projects(self, names: Iterable[str]) -> dict[str, Json]:
        """Return the tools and prompts that upstreams have in another project, until they have listed anew here.

        Definitions that were never seen under the upstream's name are not: what is approved would be a part of it.
        """
        prints = {
            name: anywhere
            for name in names
            if self.quarantine.has_seen(name)
            for anywhere in self._anywhere(self._prints[name])
        }
        stored = self.records.listings(set(prints.values()))
        return {name: _borrowed(stored[key]) for name, key in prints.items() if key in stored}

    def read_again(self, names: Iterable[str]) -> None:
        """Take over anew what servers have offered, by what their entries say of it now; blocks."""
        for name in names:
            if (offered := self.quarantine.offered(name)) is not None:
                self.by_name[name], _ = self.accept(name, offered)

    def fingerprint(self, upstream: str) -> str | None:
        """Return what a listing of the upstream is stored under; None: it is not configured any more."""
        return self._prints.get(upstream)

    def keep(self, upstream: str, fingerprint: str, listing: Listing) -> None:
        """Store a listing for the next start, for which one without anything in it counts as unknown; blocks.

        The fingerprint is that of the entry by which it was listed, which may have changed meanwhile.
        """
        data, is_preliminary = listing.as_json(), listing.is_preliminary
        for kept in (fingerprint, *self._anywhere(fingerprint)):
            if listing.is_empty:
                self.records.forget_listing(kept)
            else:
                self.records.keep_listing(kept, upstream, data, is_preliminary=is_preliminary)

    def _anywhere(self, fingerprint: str) -> tuple[str, ...]:
        """Return what a listing is stored under for other projects; nothing where the entry has changed meanwhile."""
        entry = self._entries.get(fingerprint)
        return () if entry is None else (entry.fingerprint_anywhere(self.project_dir),)

    def _forget(self, upstream: str) -> None:
        for known in (self.by_name, self.failures, self.repaired, self._tried_at):
            known.pop(upstream, None)

    def accept(self, upstream: str, listing: Listing) -> tuple[Listing, bool]:
        """Return what is taken over of a listing, and whether other elements of it are odd than before; blocks."""
        is_early = listing.may_be_early
        listing = self.quarantine.admit(upstream, listing)
        known = self._with_known_tools(upstream, listing) if is_early else None
        return known or self._repaired(upstream, listing)

    def _take_over(self, upstream: str, data: Json) -> bool:
        try:
            self.by_name[upstream], _ = self.accept(upstream, by_todays_rules(Listing.from_json(data)))
        except (TypeError, KeyError) as error:
            log.warning("cached_listing_unreadable", upstream=upstream, error=str(error))
            return False
        return True

    def _repaired(self, upstream: str, listing: Listing) -> tuple[Listing, bool]:
        if self.passes_all:
            return listing, False
        accepted, known = self._last.accept(upstream, listing), self.repaired.get(upstream, Oddities())
        self.repaired[upstream] = accepted.oddities
        return accepted.listing, accepted.oddities != known

    def _with_known_tools(self, upstream: str, listing: Listing) -> tuple[Listing, bool] | None:
        """Return the same with the tools of before, as its server was just started and has yet to register them.

        What is odd in them is as it was. None if its tools are not known.
        """
        known, repaired = self.by_name.get(upstream), self.repaired.get(upstream, Oddities())
        if known is None:
            return None
        accepted, _ = self._repaired(upstream, listing)
        self.repaired[upstream] = repaired
        return replace(accepted, tools=known.tools), False


def _borrowed(listing: Json) -> Json:
    """Return what of another project's listing holds in this one; what was not whole there is not here either."""
    return listing | _NOT_BORROWED | {"gaps": [*listing.get("gaps", ()), *_OWN_GAPS]}
