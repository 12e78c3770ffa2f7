"""One client session: what it has loaded, and the one path on which that changes."""

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.names import Registration
from mcp_dynaload.catalog.pinning import Key
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.config.profiles import ChosenProfile
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.catalog_view import CatalogView
from mcp_dynaload.proxy.client import Client, ListRefresh
from mcp_dynaload.proxy.client_plugin import ClientPlugin
from mcp_dynaload.proxy.decision_timing import DecisionTiming, TimedRanker
from mcp_dynaload.proxy.events import ListCosts, first_lists, list_changed
from mcp_dynaload.proxy.first_listing import FirstListing
from mcp_dynaload.proxy.history import LoadHistory
from mcp_dynaload.proxy.learning import Learning
from mcp_dynaload.proxy.model_context import ModelContext
from mcp_dynaload.proxy.process_context import ProcessContext
from mcp_dynaload.proxy.repeated_hooks import RepeatedHooks
from mcp_dynaload.proxy.resuming import Recalled, ResumableSession
from mcp_dynaload.proxy.saving import Saving, saving_of
from mcp_dynaload.proxy.serving_role import ServingRole
from mcp_dynaload.proxy.shown_line import ShownLine
from mcp_dynaload.proxy.surfaces.surface import Surface
from mcp_dynaload.proxy.timed_choice import TimedChoice
from mcp_dynaload.proxy.toxic_flow import FlowNotices
from mcp_dynaload.proxy.upstream_bridge import UpstreamBridge
from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.selection.actions import (
    Action,
    AgentPrompted,
    CatalogChanged,
    PinsRead,
    ProfileChosen,
    PromptSubmitted,
    SessionCleared,
    SessionStarted,
    TaskNamed,
    ToolsFound,
    ToolUsed,
    TurnEnded,
)
from mcp_dynaload.selection.state import Context, Decision, SessionState, find
from mcp_dynaload.selection.step import step
from mcp_dynaload.store.usage import KeptSession
from mcp_dynaload.telemetry.events import Event, SessionClosed, SessionOpened, Who
from mcp_dynaload.upstream.listing import Listing
from mcp_dynaload.upstream.pool import Pool

WARM_PROBABILITY = 0.5
"""A server is started ahead when it is more likely than not that a tool of it is needed."""

log = structlog.get_logger()


@dataclass(slots=True)
class Session:
    """Made by `session_lifetime.open_session`; once attached, its loaded tools change by `decide` alone."""

    host: UpstreamBridge
    surface: Surface
    """The side that the client is shown."""

    role: ServingRole
    state: SessionState
    session_id: str | None
    learning: Learning
    status_line: ShownLine
    view: CatalogView
    """The part of the catalog that its tools are chosen from."""

    plugin: ClientPlugin
    resumable: ResumableSession
    model_context: ModelContext = field(default_factory=ModelContext)
    history: LoadHistory = field(default_factory=LoadHistory)
    heard: RepeatedHooks = field(default_factory=RepeatedHooks)
    first_listing: FirstListing = field(init=False)
    announced: list[Tool] = field(default_factory=list[Tool])
    """The tools of the client's list, beside our own, when that was announced last."""

    noted: list[str] = field(default_factory=list[str])
    """The names of the listed tools when that was told the journal and the metrics last."""

    gone: dict[str, Tool] = field(default_factory=dict[str, Tool])
    """Tools in the client's list whose server is behind us no more: till `/clear` they stay, and calls are told why."""

    told_held: dict[str, frozenset[tuple[Key, str]]] = field(default_factory=dict[str, frozenset[tuple[Key, str]]])
    """The definitions that the user was told are held back, by server."""

    flagged: dict[str, None] = field(default_factory=dict[str, None])
    """The lines about scanned calls, and the process's own, that the user has not been told yet, in their order."""

    flows: FlowNotices = field(default_factory=FlowNotices)
    """The combinations of its tools that the user was told of."""

    lacks_pins: bool = False
    """The store has not given yet what the user pinned."""

    _deciding: anyio.Lock = field(default_factory=anyio.Lock)
    _choice: TimedChoice = field(init=False)

    def __post_init__(self) -> None:
        self.first_listing = FirstListing(lambda: self.live.listings.unseen)
        self._choice = TimedChoice(self.live.index, self.settings, self.emit)

    @property
    def client(self) -> Client:
        """The client whose session it is."""
        return self.host.client

    @property
    def list_refresh(self) -> ListRefresh:
        """How far the client has read the list."""
        return self.role.list_refresh

    @property
    def shared(self) -> ProcessContext:
        """The objects that all sessions of the process have in common."""
        return self.host.shared

    @property
    def pool(self) -> Pool:
        """The session's upstreams."""
        return self.host.pool

    @property
    def id(self) -> str:
        """The client's id of the conversation; ours where it has none."""
        return self.learning.session

    @property
    def live(self) -> CatalogState:
        """The process's catalog."""
        return self.shared.live

    @property
    def catalog(self) -> Catalog:
        """The known tools that may be chosen."""
        return self.view.catalog

    @property
    def registration(self) -> Registration:
        """The name under which the client knows us."""
        return self.live.registration

    @property
    def settings(self) -> Settings:
        """The process's settings."""
        return self.shared.settings

    @property
    def masker(self) -> Masker:
        """Hides secrets in whatever is told or noted."""
        return self.shared.masker

    @property
    def costs(self) -> ListCosts:
        """The costs of its lists."""
        return ListCosts(self.live.catalog, self.live.overhead_tokens)

    def emit(self, event: Event) -> None:
        """Tell that something has happened in this session."""
        who = Who(self.learning.session, self.client.user, self.learning.project)
        self.shared.event_bus.emit(replace(event, who=who))

    def listed(self) -> list[Tool]:
        """Return the upstream tools that are in our list now, in name order."""
        return self.surface.listed(self.state, self.catalog)

    def shown(self) -> list[Tool]:
        """Return what the client's list has beside our own tools: those that are listed, and those that are gone."""
        gone = [tool for name, tool in self.gone.items() if self.catalog.get(name) is None]
        return sorted([*self.listed(), *gone], key=lambda tool: tool.name)

    def loaded(self) -> list[Tool]:
        """Return the listed tools that can be called, in name order: not those that the user unloaded."""
        return [tool for tool in self.listed() if tool.name not in self.state.unloaded]

    @property
    def saving(self) -> Saving:
        """The cost of its list beside that of all definitions."""
        return saving_of(self.listed(), self.live.catalog, self.live.overhead_tokens)

    @property
    def cell(self) -> Json:
        """The cell that the plugin's mod shows under the prompt, empty for nothing; `{}` where the user wants none.

        The client puts the plugin's name, which is ours, before it.
        """
        return {"status": self.summary} if self.settings.status_cell else {}

    @property
    def summary(self) -> str:
        """The same where the user looks; empty as long as nothing is chosen."""
        return saving_of(self._chosen(), self.live.catalog, self.live.overhead_tokens).summary

    async def attach(self, pool: Pool) -> None:
        """Take the session's upstreams, and load what the project usually needs or a resumed session had loaded."""
        self.host.attach(pool)
        begin = partial(self.resumable.begin, self.session_id, self.learning, self.flows)
        recalled, pins = await anyio.to_thread.run_sync(begin)
        if recalled is not None:
            self.view.chosen = recalled.profile
        if pins is None:
            self.lacks_pins = True
            log.warning(
                "pins_missing", error="the store cannot be asked now", consequence="they are listed once it can"
            )
        resumed = recalled.resumed if recalled is not None else None
        await self.role.begin()
        core = self.learning.core(self.catalog)
        start = resumed or SessionStarted(core)
        choices = [recalled.choices] if recalled is not None else []
        for action in (*choices, *([PinsRead(pins)] if pins else []), *([start] if resumed or core else [])):
            self.state, decision = step(self.state, action, self.context())
            self.history.note(action, decision, self.state.memory)
        self.model_context.has_begun = recalled is not None
        self.resumable.note(self.session_id, self._to_keep())
        self.announced = self.listed()
        await self.status_line.show(self.session_id, self.summary)
        self._tell_opened()

    async def identify(self, session_id: str, *, goes_on: bool = False) -> None:
        """Note the client's conversation; one that it went back to gets its tools and the user's choices again.

        With `goes_on` one that nothing is known of has the choices made before, as the user has begun it here.
        """
        if not session_id or session_id == self.session_id:
            return
        before, self.session_id = self.session_id, session_id
        self.emit(SessionClosed())
        await self.learning.begin(session_id, self.state.loaded)
        self._tell_opened()
        if (recalled := await anyio.to_thread.run_sync(self.resumable.recall, session_id)) is not None:
            self.model_context.start_over()
            self.model_context.has_begun = True
            await self._take_up(recalled)
        elif before and not goes_on:
            await self._take_up(self.resumable.unchosen())
        await self.status_line.show(self.session_id, self.summary)

    async def read_pins(self) -> None:
        """List what the user pinned before, if the store gives it by now; what they have said meanwhile holds."""
        read = partial(self.shared.memory.pins, self.learning.project, is_vital=False)
        pins = await anyio.to_thread.run_sync(read, limiter=self.shared.pin_readers)
        if pins is not None:
            await self.decide(PinsRead(pins))
            self.lacks_pins = False
            log.info("pins_read", pins=len(pins))

    async def _take_up(self, recalled: Recalled) -> None:
        if recalled.profile != self.view.chosen:
            await self.choose_profile(recalled.profile)
        await self.decide(recalled.choices)
        if recalled.resumed is not None:
            await self.decide(recalled.resumed)

    async def decide(self, action: Action, watch: DecisionTiming | None = None) -> Decision:
        """Take the step for an event, announce the new list if it differs, and store it."""
        decision, state = self.surface.constant_decision, self.state
        if decision is None:
            among_agents = self.list_refresh.deciding() if isinstance(action, AgentPrompted) else nullcontext()
            with among_agents:
                async with self._deciding:
                    state = self.state
                    self.state, decision = await self._step(action, watch or DecisionTiming())
                    self.history.note(action, decision, self.state.memory)
        if isinstance(action, PromptSubmitted) and decision.ranked:
            self.live.index.anticipate(self.state.memory)
        if isinstance(action, ToolsFound | ToolUsed):
            self.learning.note_search(decision.added)
        now, is_other = self.shown(), self.noted != [tool.name for tool in self.listed()]
        if now != self.announced or is_other:
            self._tell_list(action, decision, state)
        if now != self.announced:
            before, self.announced = self.announced, now
            self.plugin.listed({tool.name for tool in now} - {tool.name for tool in before})
            await self.list_refresh.announce(self.client, gather=isinstance(action, AgentPrompted))
        await self.resumable.keep(self.session_id, self._to_keep())
        await self.status_line.show(self.session_id, self.summary)
        if self.settings.warm_upstreams:
            self._warm(decision)
        return decision

    async def choose_profile(self, chosen: ChosenProfile) -> Decision:
        """Have the servers and pins of another profile in use; what the client has listed stays in its list."""
        listed = tuple(tool.name for tool in self.listed())
        before, self.view.chosen = self.view.chosen, chosen
        await self.host.profile_changed(before.profile, chosen.profile)
        self.gone |= {tool.name: tool for tool in self.announced if self.catalog.get(tool.name) is None}
        return await self.decide(ProfileChosen(listed))

    async def search(self, words: str, limit: int) -> tuple[Scored, ...]:
        """Return the best tools for a search, most fitting first; does not load them."""
        await self._choice.index_is_ready()
        return await anyio.to_thread.run_sync(find, self.state, self.context(), words, limit)

    async def note_call(self, name: str) -> None:
        """Note that a tool was called: from now on it belongs to the loaded ones, unless it waits for the user."""
        if not self.surface.is_loaded(self.state, name) or name in self.state.kept:
            await self.decide(ToolUsed(name))
        if name not in self.state.held:
            self.learning.note_call(name)

    async def end_turn(self) -> None:
        """Keep what was learned, and load what usually comes next."""
        await self.decide(TurnEnded(await self.learning.end_turn(self.state.loaded)))

    async def clear(self) -> None:
        """Start over with what the project usually needs."""
        self.model_context.start_over()
        self.gone.clear()
        await anyio.to_thread.run_sync(self.learning.recall)
        await self.decide(SessionCleared(self.learning.core(self.catalog)))

    def compacted(self) -> None:
        """Note that the client has put a summary in place of what was said: the same prompt deserves a choice anew."""
        self.model_context.forget_definitions()
        self.state = replace(self.state, settled=None)

    async def on_catalog_changed(self, upstream: str, before: Listing, after: Listing) -> None:
        """Tell the client of a listing that differs from the one before, as far as it can see that."""
        self.first_listing.note_one()
        if (before.prompts, before.resources, before.templates) != (after.prompts, after.resources, after.templates):
            await self.host.aggregate_changed()
        if before.tools != after.tools:
            await self.decide(CatalogChanged())

    def context(self, watch: DecisionTiming | None = None) -> Context:
        """Return the context that a step may look at now."""
        ranker = TimedRanker(self.live.index.ranker, watch) if watch else self.live.index.ranker
        return Context(
            catalog=self.catalog,
            ranker=self.learning.ranker(self.view.ranker(ranker), self.catalog),
            tool_search=self.client.environment.tool_search,
            is_selected=self.plugin.selects,
            asks_for_flows=self.settings.toxic_flow == "ask",
            overhead_tokens=self.live.overhead_tokens,
        )

    def _context_by_words(self, watch: DecisionTiming) -> Context:
        by_words = self.view.ranker(TimedRanker(self.live.index.by_words, watch))
        return replace(self.context(), ranker=self.learning.ranker(by_words, self.catalog))

    async def _step(self, action: Action, watch: DecisionTiming) -> tuple[SessionState, Decision]:
        if not isinstance(action, PromptSubmitted | AgentPrompted | TaskNamed):
            return step(self.state, action, self.context())
        await self._choice.index_is_ready()
        by_words = partial(self._context_by_words, watch)
        return await self._choice.step(self.state, action, self.context(watch), by_words, watch)

    def _to_keep(self) -> KeptSession:
        chosen = self.view.chosen.name
        profile = "" if chosen == self.shared.profile.name else chosen
        mode = "" if self.state.strategy == self.settings.default_loading_strategy else str(self.state.strategy)
        state = self.state
        return KeptSession(state.loaded, state.unloaded, profile, mode, state.is_flow_allowed, state.kept)

    def _chosen(self) -> list[Tool]:
        return self.surface.chosen(self.state, self.catalog)

    def _tell_opened(self) -> None:
        """Tell that the client has come, or is in another conversation now, and what it has from the start."""
        catalog = self.live.catalog
        self.emit(
            SessionOpened(
                client=self.client.name,
                strategy=self.state.strategy,
                tools=len(catalog.tools),
                baseline_tokens=catalog.total_cost,
            )
        )
        self.noted = [tool.name for tool in self.listed()]
        names = [tool.name for tool in self._chosen()]
        for action in first_lists(self.costs, names, {name: self.history.reason(name) for name in names}):
            self.emit(action)

    def _tell_list(self, action: Action, decision: Decision, state: SessionState) -> None:
        """Tell how the list differs from the one told last; `state` is the one before."""
        before, names = self.noted, [tool.name for tool in self.listed()]
        self.noted = names
        rewrites = state.first_prompt_seen and not self.client.environment.tool_search
        prefix = self.model_context.context_tokens or self.costs.listed(self.live.catalog.costs.keys() & before)
        self.emit(
            list_changed(
                self.costs,
                decision.reason,
                [name for name in names if name not in before],
                names,
                removed=sorted(set(before).difference(names)),
                cache_cost_tokens=prefix if rewrites and not isinstance(action, SessionCleared) else 0,
            )
        )

    async def leave(self) -> None:
        """Take back what stands for a running session only, and keep what was learned."""
        await self.status_line.forget(self.session_id)
        await self.learning.close(self.state.loaded)

    def _warm(self, decision: Decision) -> None:
        likely = [scored.name for scored in decision.ranked if scored.probability >= WARM_PROBABILITY]
        listed = {tool.name: tool.upstream for tool in self.loaded()}
        self.pool.warm(tuple(dict.fromkeys(listed[name] for name in likely if name in listed))[:2])
