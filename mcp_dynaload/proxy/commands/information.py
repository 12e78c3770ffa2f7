"""Commands that show and change nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import anyio.to_thread

from mcp_dynaload.by_key import ByKey
from mcp_dynaload.catalog.names import FIND_TOOLS, CommandName
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.proxy.commands.command import Result, Words, done, refused, tool_named, typed, wrong_tool
from mcp_dynaload.proxy.commands.layout import aligned, counted, first_line, named, wrapped
from mcp_dynaload.proxy.commands.steering import NUMBERS
from mcp_dynaload.proxy.denied_tools import denied_there
from mcp_dynaload.proxy.notices import flow_in_session
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.toxic_flow import WHY
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.selection.choice import Choice
from mcp_dynaload.selection.choose import choose
from mcp_dynaload.selection.policy import BOUNDS
from mcp_dynaload.selection.tiers import Tier, tiers_of
from mcp_dynaload.store.usage import Calls

FOUND = 10
MAX_ROWS = 20
NOT_READ = "; those of before come once the store answers"


@dataclass(frozen=True, slots=True)
class Judgement(ByKey):
    """The evidence of a prompt for one tool."""

    verdict: str
    rank: int
    """1: the best."""

    probability: float
    terms: tuple[str, ...]
    prior: float
    """The part of its score that earlier sessions of the project add."""


async def list_categories(session: Session, words: Words) -> Result:
    """List all categories with their tools and tokens."""
    categories, costs = session.view.categories(), session.catalog.costs
    loaded = {tool.name for tool in session.loaded()}
    rows = [
        (name, len(tools), len(loaded.intersection(tools)), sum(costs[tool] for tool in tools))
        for name, tools in categories.items()
    ]
    return done(f"{len(rows)} categories.", aligned([("category", "tools", "loaded", "tokens"), *rows]))


async def tier_status(session: Session, words: Words) -> Result:
    """Show the three tiers: tools, tokens, why."""
    catalog = session.catalog
    tiers = tiers_of(session.state, catalog, session.learning.core(catalog))
    rows = [
        (
            f"{NUMBERS[tier]} {tier}",
            len(tiers.of(tier)),
            sum(catalog.costs[name] for name in tiers.of(tier)),
            _reasons(session, tier, tiers.of(tier)),
        )
        for tier in Tier
    ]
    unloaded = sorted(session.state.unloaded)
    return done(
        _saving(session),
        aligned([("tier", "tools", "tokens", "why"), *rows]),
        aligned(
            (f"  {name}", catalog.costs[name], reason_of(session, name)) for name in _shown(tiers.core, tiers.task)
        ),
        wrapped(f"Unloaded by you: {', '.join(unloaded)}") if unloaded else "",
    )


async def function_stats(session: Session, words: Words) -> Result:
    """Show which tools this project's sessions called, searched, or loaded for nothing."""
    if not session.learning.is_on:
        return refused("Nothing is counted: METRICS_COLLECTION_ENABLED is false.")
    await session.learning.store(session.state.loaded)
    rows = await anyio.to_thread.run_sync(session.shared.memory.sessions, session.learning.project)
    uses: dict[str, list[Calls]] = {}
    for row in rows:
        for name, calls in row.tools.items():
            uses.setdefault(name, []).append(calls)
    ordered = sorted(uses, key=lambda name: (-sum(calls.times for calls in uses[name]), name))
    if not ordered:
        return done("No tool was loaded or called in this project yet.")
    total = sum(calls.times for several in uses.values() for calls in several)
    table = [
        ("tool", "calls", "sessions", "searched", "not called"),
        *((name, *_counts(uses[name])) for name in ordered),
    ]
    return done(
        f"{counted(total, 'call')} of {counted(len(uses), 'tool')} in {counted(len(rows), 'session')} of this project.",
        aligned(table[: MAX_ROWS + 1]),
        f"and {len(ordered) - MAX_ROWS} more" if len(ordered) > MAX_ROWS else "",
    )


async def session_info(session: Session, words: Words) -> Result:
    """Show this session at a glance."""
    state, live, counts = session.state, session.live, session.live.index.rankings.counts()
    client = session.client.introduction.get("clientInfo", {})
    running = ", ".join(upstream.name for upstream in session.pool.running) or "none"
    cache = (
        f"{counted(counts.rankings, 'ranking')}, {counts.hit_rate:.0%} hits"
        if live.index.rankings.is_enabled
        else "off"
    )
    rows = [
        ("session", session.session_id or "without an id"),
        ("client", f"{client.get('name', '?')} {client.get('version', '')}".strip()),
        ("model", state.model or ("any: the plugin asks for none" if session.plugin.selects else "not known yet")),
        ("mode", state.strategy),
        ("profile", session.view.chosen.name),
        ("tools", f"{len(session.loaded())} of {len(live.catalog.tools)} loaded"),
        ("pinned by you", f"{len(state.pinned)}{NOT_READ}" if session.lacks_pins else len(state.pinned)),
        ("unloaded by you", len(state.unloaded)),
        ("registered", _registered(session)),
        ("servers", f"{len(live.listings.configs)} configured; running: {running}"),
        *([("denied", _denied(session))] if live.listings.quarantine.access.denied else []),
        *([("not shown", denied_there(session.view.denied))] if session.view.denied else []),
        *([("not listed", failing)] if (failing := _failing(session)) else []),
        *([("logins needed", _logins(session))] if session.pool.logins_needed else []),
        ("prompts ranked", session.history.prompts),
        (
            "between steps",
            f"{session.history.between_steps} loaded" if session.settings.between_steps else "off",
        ),
        ("cache", cache),
        ("tool search", "on" if session.client.environment.tool_search else "off"),
        ("way", _way(session)),
        ("project", session.learning.project),
    ]
    problems = [wrapped(f"Configuration: {problem}. What cannot be used is as it was.") for problem in live.problems]
    return done(_saving(session), named(rows), *problems, *_together(session))


def _registered(session: Session) -> str:
    """Return how the client has come to us."""
    if session.registration.is_plugins:
        return f"by the plugin, as {session.registration.server}"
    twice = "; the plugin brings another, which stands by: one is enough" if session.role.has_standby else ""
    return f"as {session.registration.server}{twice}"


def _way(session: Session) -> str:
    """Return how the tools of a prompt reach the model."""
    if session.plugin.selects:
        return "the plugin selects each prompt's tools before its first request"
    if not session.client.environment.tool_search:
        return "each prompt's request has the whole list (tool search is off)"
    if session.plugin.is_there and session.history.prompts > 1:
        return "the plugin's hooks: its module does not run (a model that thinks by hand, or allowManagedModsOnly)"
    if session.plugin.is_there:
        return "settings hooks; the plugin is there and has not asked yet"
    if session.model_context.has_begun:
        return "settings hooks: the first prompt's tools are in its request, later ones are told beside the prompt"
    if session.history.prompts:  # of the Python API, or REST
        return "the program asks for the tools of each prompt"
    return f"{FIND_TOOLS}: no hook has called yet; are they off (disableAllHooks, --bare, managed settings)?"


def _failing(session: Session) -> str:
    """Return the servers that could not be listed, and where it stands why; those that want a login apart."""
    listings, wanting = session.live.listings, session.pool.logins_needed
    names = [name for name in listings.unlisted if name in listings.failures and name not in wanting]
    return f"{', '.join(names)}: `mcp-dynaload doctor` says why" if names else ""


def _logins(session: Session) -> str:
    """Return the servers that want a login, and how to log in."""
    return f"{', '.join(session.pool.logins_needed)}: {typed(session)}login <server>"


def _together(session: Session) -> Iterator[str]:
    """Yield what the session's tools can do together, where that is dangerous, and what waits for the user's word."""
    if (flow := flow_in_session(session)).is_whole:
        yield wrapped(f"Together its tools can {flow.in_words()}: {WHY}.")
    if held := session.state.held:
        yield wrapped(f"Waiting for your word: {', '.join(sorted(held))}; {typed(session)}{CommandName.ALLOW_FLOW}.")


def _denied(session: Session) -> str:
    """Return how many tools of each server the servers file denies."""
    denied = session.live.listings.quarantine.access.denied
    return f"{', '.join(f'{len(rules)} of {name}' for name, rules in denied.items())}, by the servers file"


async def find(session: Session, words: Words) -> Result:
    """Search all tools, loaded or not."""
    if not words:
        return refused(f"Say what the tool should do: {typed(session)}find create an issue")
    found = await session.search(" ".join(words), FOUND)
    if not found:
        return done(f"No tool fits {' '.join(words)!r}. Try other words.")
    listed = {tool.name for tool in session.listed()}
    catalog = session.catalog
    tools = [tool for scored in found if (tool := catalog.get(scored.name))]
    rows = [
        (tool.name, catalog.costs[tool.name], "loaded" if tool.name in listed else "", first_line(tool.description))
        for tool in tools
    ]
    return done(
        f"{counted(len(rows), 'tool')} found, best first; {typed(session)}pin <tool> loads one.",
        aligned([("tool", "tokens", "", "description"), *rows]),
    )


async def quarantine(session: Session, words: Words) -> Result:
    """List the servers that changed or added definitions since you approved them, with how many and what to do.

    What they wrote is shown in a terminal only, where the model does not read it."""
    held = session.live.listings.quarantine.held
    if not held:
        return done("Nothing is held back: every server offers what you have approved.")
    rows = [
        (
            name,
            one.counts or "not known now",
            "entry changed, too" if one.is_entry_changed else "",
            "used all the same" if one.is_in_use else "rejected by you" if one.is_old else "",
        )
        for name, one in sorted(held.items())
    ]
    look, approve = "mcp-dynaload quarantine show <server>", "mcp-dynaload quarantine approve <server>"
    return done(
        f"Of {counted(len(rows), 'server')} definitions differ from those that you approved.",
        aligned([("server", "definitions", "", ""), *rows]),
        wrapped(f"In a terminal {look} shows them word by word, and {approve} has them used."),
    )


async def why(session: Session, words: Words) -> Result:
    """Tell why a tool is loaded or not; without a tool, what your last request needed, how sure that is, which words
    speak for it, and how to unload or pin it."""
    if not words:
        return await _why_of_prompt(session)
    tool = tool_named(session, " ".join(words))
    if tool is None:
        return wrong_tool(session, " ".join(words))
    is_loaded = tool.name in {loaded.name for loaded in session.loaded()}
    rows = [
        ("server", tool.upstream),
        ("tokens", f"{session.catalog.costs[tool.name]:,}"),
        ("categories", ", ".join(name for name, names in session.view.categories().items() if tool.name in names)),
        *await _judged(session, tool),
    ]
    return done(
        f"{tool.name} is {'loaded' if is_loaded else 'not loaded'}: {reason_of(session, tool.name)}.",
        named((f"  {name}", value) for name, value in rows),
    )


async def _why_of_prompt(session: Session) -> Result:
    """Tell what the last request needed, the evidence for each, and how to overrule that."""
    if not session.state.memory:
        return done("No prompt yet that asks for anything: nothing was loaded for one.", wrapped(_overruling(session)))
    choice = await anyio.to_thread.run_sync(_choice, session)
    scored = {one.scored.name: one.scored for one in choice.judged}
    needed = [name for name in session.history.needed if session.catalog.get(name)]
    needed.sort(key=lambda name: -scored[name].probability if name in scored else 0.0)
    rows = [(name, session.catalog.costs[name], *_evidence(session, name, scored.get(name))) for name in needed]
    others = len({tool.name for tool in session.listed()}.difference(needed))
    return done(
        f"Your last request needs {counted(len(needed), 'tool') if needed else 'no tool'}. {_saving(session)}",
        aligned([("tool", "tokens", "sure", "why"), *rows]) if rows else "",
        f"{counted(others, 'other')} listed; {typed(session)}tier-status tells why." if others else "",
        wrapped(_overruling(session)),
    )


def _overruling(session: Session) -> str:
    """Return how the user overrules a choice."""
    how = typed(session)
    return f"{how}unload <tool> takes one back; {how}pin <tool> keeps it listed in this project."


def _evidence(session: Session, name: str, scored: Scored | None) -> tuple[str, str]:
    """Return how sure it is that the last request needs the tool, and why; the user's own word comes first."""
    spoken = ", ".join(scored.terms) or "by meaning" if scored else "by words alone"
    is_ordered = name in session.state.unloaded | session.state.pinned
    own = reason_of(session, name) if is_ordered else session.history.missed.get(name, "")
    return f"{scored.probability:.0%}" if scored else "", "; ".join(part for part in (own, spoken) if part)


def reason_of(session: Session, name: str) -> str:
    """Return why a tool is in its place, in a few words."""
    tool, state = session.catalog.get(name), session.state
    if name in state.unloaded:
        return "unloaded by you"
    if name in state.held:
        return f"waits for your word ({CommandName.ALLOW_FLOW}): with it and the others private data could be sent out"
    if name in state.pinned:
        return "pinned by you"
    if session.view.chosen.profile.pins_tool(name) and tool is not None:
        return f"pinned by profile {session.view.chosen.name!r}"
    if tool is not None and tool.pinned:
        return "pinned by the servers file or its server"
    if name in state.kept:
        return "listed before the servers, the pins or the profile changed, so until /clear"
    if name not in state.loaded:
        return "nothing has asked for it" if not state.memory else "your last prompt did not need it"
    return session.history.reason(name) or "loaded earlier in this conversation"


async def judgement(session: Session, tool: Tool) -> Judgement | None:
    """Return the last prompt's evidence for the tool; None before the first one, and where it says nothing."""
    if not session.state.memory:
        return None
    choice = await anyio.to_thread.run_sync(_choice, session)
    for rank, one in enumerate(choice.judged, 1):
        if one.scored.name == tool.name:
            prior = session.learning.priors.lifts(session.catalog).get(tool.name, 0.0)
            return Judgement(str(one.verdict), rank, one.scored.probability, one.scored.terms, prior)
    return None


async def _judged(session: Session, tool: Tool) -> list[tuple[str, str]]:
    if not session.state.memory:
        return [("last prompt", "none yet")]
    judged = await judgement(session, tool)
    if judged is None:
        return [("last prompt", "has no word for it")]
    return [
        ("last prompt", judged.verdict),
        ("rank", f"{judged.rank} of {len(session.catalog.tools)}, probability {judged.probability:.0%}"),
        ("terms", ", ".join(judged.terms) or "by meaning"),
        *([("learned here", f"{judged.prior:+.2f}")] if judged.prior else []),
    ]


def _choice(session: Session) -> Choice:
    newest, *earlier = session.state.memory
    context, bounds = session.context(), BOUNDS[session.state.strategy]
    query = parse_query(newest, tuple(earlier))
    return choose(query, context.catalog, context.ranker, bounds, withheld=session.state.unloaded)


def _saving(session: Session) -> str:
    now = session.saving
    if not now.tools:
        return "No tool is known: `mcp-dynaload doctor` says why."
    tokens = f"{now.used_tokens:,} tokens instead of {now.all_tokens:,}, {now.in_words}"
    idle = now.listed - len(session.loaded())
    also = f" and {idle} listed until /clear" if idle else ""
    return f"{now.listed - idle} of {now.tools} tools loaded{also}: {tokens}."


def _reasons(session: Session, tier: Tier, names: Iterable[str]) -> str:
    if tier is Tier.RESERVE:
        return "not listed; a search finds them"
    counts = Counter(reason_of(session, name) for name in names)
    return ", ".join(f"{reason} {many}" for reason, many in counts.most_common())


def _shown(*tiers: tuple[str, ...]) -> list[str]:
    return [name for names in tiers for name in names][:MAX_ROWS]


def _counts(several: list[Calls]) -> tuple[int, int, int, int]:
    return (
        sum(calls.times for calls in several),
        len(several),
        sum(calls.was_missed for calls in several),
        sum(not calls.times for calls in several),
    )
