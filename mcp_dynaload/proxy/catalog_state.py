"""The catalog of all that the upstreams list now, its costs and categories, and word of its changes."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.catalog.catalog import Catalog, build_catalog, with_unique_names
from mcp_dynaload.catalog.categories import Named, categories_of
from mcp_dynaload.catalog.cost import Count, native_deferral
from mcp_dynaload.catalog.deny_rules import DenyRule
from mcp_dynaload.catalog.names import CommandName, Registration
from mcp_dynaload.config.servers_watch import ServersChange
from mcp_dynaload.config.unused_servers import UnusedServers
from mcp_dynaload.config.upstream_config import UpstreamConfig, prefixes_of
from mcp_dynaload.proxy.aggregate import Aggregate, aggregate_listings
from mcp_dynaload.proxy.catalog_index import CatalogIndex
from mcp_dynaload.proxy.definition_repair import Oddities
from mcp_dynaload.proxy.held_definitions import Held
from mcp_dynaload.proxy.known_listings import KnownListings
from mcp_dynaload.proxy.known_tools import KnownTools
from mcp_dynaload.proxy.renames import renamed
from mcp_dynaload.ranking.subjects import Subjects, subjects_of
from mcp_dynaload.upstream.listing import Listing

log = structlog.get_logger()

Changed = Callable[[str, Listing, Listing], Awaitable[None]]
"""Called with upstream, listing before and listing after."""

OddChanged = Callable[[str, Oddities], None]
"""Called with upstream and what is odd in its listing now."""


HeldChanged = Callable[[str, Held], None]
"""Called with upstream and what of it is held back now."""

APPROVED_SECONDS = 1.0
"""How often the store is asked for the user's answers, while something is held back."""


@dataclass(slots=True)
class CatalogState:
    """The listings of all upstreams, the catalog and the rankers made of them; one per process.

    Made by `open_catalog_state`.
    """

    listings: KnownListings
    index: CatalogIndex
    count: Count
    own_texts: Mapping[str, str]
    """Our own tools and instructions as they reach the model, by name; no upstream tool gets such a name."""

    named_categories: Named = field(default_factory=dict[str, tuple[str, ...]])
    """Groups of tools from the categories files."""

    registration: Registration = field(default_factory=Registration)
    """How the client has us registered."""

    problems: tuple[str, ...] = ()
    """The mistakes in the servers files as they are now; what cannot be used is as it was."""

    client_rules: tuple[DenyRule, ...] = ()
    """The rules by which Claude Code denies tools, as its settings have them now."""

    unused: UnusedServers = field(default_factory=UnusedServers)
    """The servers that the files name now and that are not used."""

    gone: dict[str, str] = field(default_factory=dict[str, str])
    """Tools that a session may still have in its list, with their server: it was removed, or has other names now."""

    oddities: dict[str, Oddities] = field(default_factory=dict[str, Oddities])
    """The elements repaired, left out or renamed, of the listings that have such."""

    overhead_tokens: int = 0
    """The tokens of our own tools and instructions."""

    native_tokens: int = 0
    """The tokens of the client's own deferral before any tool is found: all names, all instructions."""

    _observers: list[Changed] = field(default_factory=list[Changed])
    _odd_observers: list[OddChanged] = field(default_factory=list[OddChanged])
    _held_observers: list[HeldChanged] = field(default_factory=list[HeldChanged])
    _held: dict[str, Held] = field(default_factory=dict[str, Held])
    """Those that were held back when that was told last."""

    _accepting: anyio.Lock = field(default_factory=anyio.Lock)
    _approving: anyio.Lock = field(default_factory=anyio.Lock)
    _building: anyio.Lock = field(default_factory=anyio.Lock)
    _keeping: anyio.Lock = field(default_factory=anyio.Lock)
    _known: KnownTools = field(init=False)
    _aggregate: tuple[Mapping[str, UpstreamConfig] | None, dict[str, Listing], Aggregate] = (None, {}, Aggregate())
    """The entries and listings that it is of, and the aggregate."""

    _categories: tuple[Catalog | None, dict[str, tuple[str, ...]]] = (None, {})
    """The catalog that they are of, and the categories."""

    _subjects: tuple[Catalog | None, Subjects] = (None, Subjects())
    """The catalog that they are of, and the subjects."""

    def __post_init__(self) -> None:
        self._know_anew()
        self.index.catalog = self._build(self.listings.by_name)
        self.oddities = self._all_oddities()
        self._held = self.listings.quarantine.held

    @property
    def catalog(self) -> Catalog:
        """All tools by name."""
        return self.index.catalog

    def aggregate(self) -> Aggregate:
        """Return the prompts, resources and templates by now: found once for what is listed.

        None of theirs gets the name of a prompt of ours.
        """
        configs, listings = self.listings.configs, dict(self.listings.by_name)
        before, known, found = self._aggregate
        if before is not configs or known != listings:
            reserved = frozenset(CommandName) if self.own_texts else frozenset[str]()
            found = aggregate_listings(configs, listings, reserved, self.registration.room)
            self._aggregate = configs, listings, found
        return found

    def categories(self) -> dict[str, tuple[str, ...]]:
        """Return the tools of each category: found once for a catalog, in tens of milliseconds if it is large."""
        catalog, found = self._categories
        if catalog is not self.catalog:
            catalog = self.catalog
            found = categories_of(catalog, self.named_categories)
            self._categories = catalog, found
        return found

    def subjects(self) -> Subjects:
        """Return what each upstream is about, by its entry and its definitions: found once for a catalog."""
        catalog, found = self._subjects
        if catalog is not self.catalog:
            catalog = self.catalog
            configs = self.listings.configs
            found = subjects_of(catalog, {name: _telling_texts(config) for name, config in configs.items()})
            self._subjects = catalog, found
        return found

    def observe(self, changed: Changed) -> None:
        """Call `changed` after each listing that differs from the one before."""
        self._observers.append(changed)

    def forget(self, changed: Changed) -> None:
        """Undo `observe`."""
        self._observers.remove(changed)

    def observe_oddities(self, changed: OddChanged) -> None:
        """Call `changed` after each listing whose odd elements are others than those of the one before."""
        self._odd_observers.append(changed)

    def observe_held(self, changed: HeldChanged) -> None:
        """Call `changed` after each listing of which something else is held back than before."""
        self._held_observers.append(changed)

    async def keep_index(self) -> None:
        """Keep the rankers in step with the catalog, in threads, for ever; of many sessions one does it."""
        async with self._keeping:
            if not self.index.ready.is_set():
                await self.index.read_words()
                await anyio.to_thread.run_sync(self._count_around)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.index.keep_ahead)
                await self.index.keep_meanings()

    def index_now(self) -> None:
        """Build the rankers of the catalog, for commands that open no session; blocks."""
        self._count_around()
        self.index.build_now()

    async def reconfigure(self, configs: Mapping[str, UpstreamConfig], change: ServersChange) -> tuple[str, ...]:
        """Take over other entries; returns the upstreams of which no listing is stored for their entries.

        Until those are listed, what is known of them by an earlier entry holds.
        """
        async with self._building:
            before, listings = self.catalog, self.listings
            anew = (*change.added, *change.restarted)
            async with self._accepting:
                listings.configure(configs)
                listings.passes_all = not self.own_texts and len(configs) == 1
                stored = await anyio.to_thread.run_sync(listings.read, anew)
                if change.adjusted:
                    await anyio.to_thread.run_sync(listings.read_again, change.adjusted)
                for name in change.adjusted:
                    self._tell_held(name)
            await anyio.to_thread.run_sync(self._know_anew)
            await self._rebuild(listings.by_name)
            lost = [tool for tool in before.tools if self.catalog.get(tool.name) is None]
            self.gone = {
                name: server
                for name, server in (self.gone | {tool.name: tool.upstream for tool in lost}).items()
                if self.catalog.get(name) is None and listings.quarantine.access.denied_tool(name) is None
            }
        await self._tell_oddities()
        return tuple(name for name in anew if name not in stored)

    async def until_taken_over(self) -> None:
        """Wait until the catalog has what is being taken over now, of changed entries or of new listings."""
        async with self._building:
            pass

    def forget_listings(self, upstreams: Iterable[str]) -> None:
        """Have upstreams listed by the next session, which lists what was never listed in this project."""
        for upstream in set(upstreams).difference(self.listings.borrowed):
            self.listings.by_name.pop(upstream, None)

    async def update(self, upstream: str, listing: Listing) -> None:
        """Take over a new listing, store it, and tell the observers if it differs."""
        fingerprint = self.listings.fingerprint(upstream)
        if fingerprint is None:  # it was removed while it was listed
            return
        await anyio.to_thread.run_sync(self.listings.keep, upstream, fingerprint, listing)
        if self.listings.fingerprint(upstream) == fingerprint:
            self.listings.failures.pop(upstream, None)
            await self._take(upstream, listing, fingerprint)

    async def keep_approved(self) -> None:
        """Have the user's answers take effect that another process writes, for ever; of many sessions one does it."""
        async with self._approving:
            while True:
                await anyio.sleep(APPROVED_SECONDS)
                for upstream in await anyio.to_thread.run_sync(self.listings.quarantine.outdated):
                    await self._take_again(upstream)

    async def readmit(self) -> None:
        """Have the user's answers take effect that this process has written."""
        for upstream in await anyio.to_thread.run_sync(self.listings.quarantine.forget_answers):
            await self._take_again(upstream)

    async def _take_again(self, upstream: str) -> None:
        if (listing := self.listings.quarantine.offered(upstream)) is not None:
            await self._take(upstream, listing, self.listings.fingerprint(upstream))

    async def _take(self, upstream: str, listing: Listing, fingerprint: str | None) -> None:
        """Take over what an upstream has listed by the entry of this fingerprint.

        Once that has changed, or is gone, nothing is: the upstream is listed anew.
        """
        async with self._accepting:  # one at a time: what is odd or held back is compared with what was before
            if self.listings.fingerprint(upstream) != fingerprint:
                return
            options = self.listings.configs[upstream].options
            listing, is_news = await anyio.to_thread.run_sync(self.listings.accept, upstream, listing)
            self._tell_held(upstream)
        before = self.listings.by_name.get(upstream)
        if before == listing and not is_news:
            return
        async with self._building:
            before = self.listings.by_name.get(upstream)
            if self.listings.fingerprint(upstream) != fingerprint:
                return
            if self.listings.configs[upstream].options != options:
                return  # it was judged by what its entry said before, and has been taken over by what that says now
            if before is None or before.tools != listing.tools:
                await self._rebuild({**self.listings.by_name, upstream: listing})
            else:
                self.listings.by_name[upstream] = listing
        await self._tell_oddities()
        if before == listing:
            return
        log.info("upstream_listed", upstream=upstream, tools=len(listing.tools), changed=before is not None)
        for changed in list(self._observers):
            await changed(upstream, before or Listing(), listing)

    def _tell_held(self, upstream: str) -> None:
        """Tell if something else of an upstream is held back than before."""
        before, held = self._held.get(upstream, Held()), self.listings.quarantine.held.get(upstream, Held())
        if held.identity == before.identity and held.is_unknown == before.is_unknown:
            return
        self._held[upstream] = held
        log.warning("definitions_held", upstream=upstream, definitions=held.counts, in_use=held.is_in_use)
        for changed in list(self._held_observers):
            changed(upstream, held)

    def _all_oddities(self) -> dict[str, Oddities]:
        """Return what was repaired, left out or renamed now, of the upstreams that have such elements."""
        listings = self.listings
        if listings.passes_all:
            return {}
        names = renamed(listings.configs, self.catalog.tools, self.aggregate(), self.registration.room)
        known = [(name, listings.repaired.get(name, Oddities())) for name in list(listings.by_name)]
        every = {name: oddities.with_renamed(names.get(name, ())) for name, oddities in known}
        return {name: oddities for name, oddities in every.items() if oddities}

    async def _tell_oddities(self) -> None:
        """Tell of the upstreams that have others than before: a new name of one may be another's old one."""
        async with self._building:
            known, self.oddities = self.oddities, await anyio.to_thread.run_sync(self._all_oddities)
        for upstream in self.listings.by_name:
            oddities = self.oddities.get(upstream, Oddities())
            if oddities == known.get(upstream, Oddities()):
                continue
            log.warning("listing_mended", upstream=upstream, outcome=str(oddities), elements=oddities.sentences)
            for changed in list(self._odd_observers):
                changed(upstream, oddities)

    async def _rebuild(self, listings: dict[str, Listing]) -> None:
        """Make the catalog of these listings; with `_building` held.

        They count as known when the catalog has their tools, not before: it may take a while, and may be cut off.
        """
        catalog = await anyio.to_thread.run_sync(self._build, listings)
        words = await anyio.to_thread.run_sync(self.index.words_of, catalog)
        # Without a pause between: a step never sees one without the other.
        self.listings.by_name = listings
        self.index.exchange(catalog, words)
        await anyio.to_thread.run_sync(self._count_around)

    def _know_anew(self) -> None:
        """Make what is known of the upstreams' tools anew: their names follow the entries."""
        prefixes = prefixes_of(self.listings.configs.values(), self.registration.room)
        self._known = KnownTools(self.listings.records, lambda text: self.count(text), prefixes, self.registration)

    def _build(self, listings: Mapping[str, Listing]) -> Catalog:
        configs = self.listings.configs
        tools = with_unique_names(
            [tool for name, listing in listings.items() for tool in self._known.tools_of(configs[name], listing)],
            reserved=frozenset(self.own_texts),
            room=self.registration.room,
        )
        return build_catalog(tools, self._known.costs_of(tools))

    def _count_around(self) -> None:
        """Count what is paid beside the tools' definitions, by us and by the client's own deferral."""
        self.overhead_tokens = sum(self._known.counted(self.own_texts).values())
        names = [tool.name for tool in self.catalog.tools]
        listings = list(self.listings.by_name.values())  # in a thread: another may be added meanwhile
        self.categories()  # here, in a thread, so that no prompt waits for it
        instructions = (one.instructions for one in listings)
        self.native_tokens = native_deferral(names, instructions, (), self._one, self.registration.prefix)

    def _one(self, text: str) -> int:
        return self._known.counted({"": text})[""]


def _telling_texts(config: UpstreamConfig) -> list[str]:
    """Return what of an entry may name the service behind it: its program, its arguments, its addresses."""
    return [config.command, *config.args, config.url, *(value for value in config.env.values() if "://" in value)]
