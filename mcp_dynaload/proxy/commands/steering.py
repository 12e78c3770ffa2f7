"""Commands that change what is loaded, now or from now on."""

from collections.abc import Collection, Iterable, Sequence

import anyio.to_thread

from mcp_dynaload.catalog.names import default_prefix
from mcp_dynaload.encoder.tokenizer import count_tokens
from mcp_dynaload.proxy.commands.command import (
    Result,
    Words,
    done,
    in_menu,
    refused,
    tool_named,
    typed,
    wrong,
    wrong_tool,
)
from mcp_dynaload.proxy.commands.layout import aligned, counted, wrapped
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.actions import (
    FlowAllowed,
    SessionReset,
    StrategyChosen,
    TaskNamed,
    ToolsOrdered,
    ToolsPinned,
    ToolsUnloaded,
    ToolsUnpinned,
)
from mcp_dynaload.selection.policy import BOUNDS, Strategy
from mcp_dynaload.selection.state import Decision
from mcp_dynaload.selection.task import FITTING, NEAREST, is_worded, sureness
from mcp_dynaload.selection.tiers import Tier, share_within, tiers_of, tokens_left
from mcp_dynaload.telemetry.events import ConfigurationChanged

MAX_SHOWN = 12
MIN_SHOWN = 0.01
TIERS = {"1": Tier.CORE, "2": Tier.TASK, "3": Tier.RESERVE} | {str(tier): tier for tier in Tier}
NUMBERS = {Tier.CORE: 1, Tier.TASK: 2, Tier.RESERVE: 3}
STAYS_LISTED = "Still listed until /clear, because the client would break otherwise; calls are refused"
FROM_NEXT = "Callable from your next prompt on."


async def load_category(session: Session, words: Words) -> Result:
    """Load all tools of a category, whatever they cost."""
    names, category = _category(session, words)
    if names is None:
        return wrong("category", category, session.view.categories())
    return await _order(session, names, f"category {category!r}")


async def unload_category(session: Session, words: Words) -> Result:
    """Refuse all tools of a category until `reset`, or until you load them again."""
    names, category = _category(session, words)
    if names is None:
        return wrong("category", category, session.view.categories())
    return await _unload(session, names, f"category {category!r}")


async def unload(session: Session, words: Words) -> Result:
    """Refuse a tool until `reset`, or until you load it again, whatever the ranking says."""
    tool = tool_named(session, " ".join(words))
    if tool is None:
        names, category = _category(session, words)
        if names is not None:
            return refused(
                f"{category!r} is a category; {typed(session)}unload-category {category} refuses its "
                f"{counted(len(names), 'tool')}."
            )
        return wrong_tool(session, " ".join(words))
    return await _unload(session, (tool.name,), f"tool {tool.name!r}")


async def allow_flow(session: Session, words: Words) -> Result:
    """Load the tools that wait for your word (`toxic_flow = "ask"`), and ask no more before `/clear`."""
    gained = (await session.decide(FlowAllowed())).gained
    if not gained:
        return done("Allowed for this session; no tool waits for it.")
    return done(f"Allowed: loaded {counted(len(gained), 'tool')}.", _rows(session, gained), FROM_NEXT)


async def load_tier(session: Session, words: Words) -> Result:
    """Load a tier: `1` core, what is pinned or usual here; `2` task, what the last prompt may need; `3` reserve,
    which shows what all others would cost, and `3 all` loads them."""
    tier = TIERS.get(words[0].lower() if words else "")
    if tier is None:
        return wrong("tier", words[0] if words else "", TIERS)
    if tier is Tier.TASK:
        return await _load_task(session)
    if tier is Tier.CORE:
        return await _order(session, _core(session), "tier 1 (core)")
    reserve = tiers_of(session.state, session.catalog, ()).reserve
    if [word.lower() for word in words[1:]] == ["all"]:
        known = (tool.name for tool in session.catalog.tools)
        unloaded = sorted(session.state.unloaded.intersection(known).difference(reserve))
        return await _order(session, (*reserve, *unloaded), "tier 3 (reserve)")
    if words[1:]:
        return wrong("way to load tier 3", " ".join(words[1:]), ("all",))
    return _price(session, reserve)


async def optimize_for(session: Session, words: Words) -> Result:
    """Load what a task needs before you ask for it; where nothing clearly fits, the nearest few; say how sure that
    is."""
    if not words:
        return refused(f"Say what the task is: {typed(session)}optimize-for review the open pull requests")
    task = " ".join(words)
    worded = await anyio.to_thread.run_sync(is_worded, task, count_tokens)
    decision = await session.decide(TaskNamed(task, is_worded=worded))
    if not decision.gained:
        return _nothing_for_task(session, decision)
    sure = max((sureness(scored) for scored in decision.ranked if scored.name in decision.gained), default=0.0)
    what = "Nothing clearly fits: loaded the nearest {}" if decision.reason == NEAREST else "Loaded {} for the task"
    told = f"{what.format(counted(len(decision.gained), 'tool'))}. Sure of the likeliest: {_percent(sure)}."
    return done(told, _rows(session, decision.gained), FROM_NEXT)


def _nothing_for_task(session: Session, decision: Decision) -> Result:
    listed = {tool.name for tool in session.listed()}
    if decision.reason in (FITTING, NEAREST) and any(scored.name in listed for scored in decision.ranked):
        return done("Nothing new to load for that task: the tools that could serve are listed.")
    if decision.reason in (FITTING, NEAREST):
        return done(f"Nothing to load for that task: mode {session.state.strategy} has no tokens left for its tools.")
    if not session.catalog.tools:
        return done("Nothing to load for that task: no tool is known yet; `mcp-dynaload doctor` says why.")
    best = ", ".join(scored.name for scored in decision.ranked[:3])
    reading = (
        "" if session.live.index.knows_meanings else "The tools' meanings are still being read: try again in a moment."
    )
    return done(f"Nothing to load: {decision.reason}.", wrapped(f"Nearest: {best}") if best else "", reading)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= MIN_SHOWN else f"less than {MIN_SHOWN:.0%}"


async def performance_mode(session: Session, words: Words) -> Result:
    """Choose how readily tools are loaded in this session: conservative, balanced or aggressive."""
    value = words[0].lower() if words else ""
    if value not in list(Strategy):
        result = wrong("mode", value, list(Strategy))
        return refused(result.summary, result.details, f"Now: {session.state.strategy}.")
    strategy = Strategy(value)
    await session.decide(StrategyChosen(strategy))
    bounds = BOUNDS[strategy]
    return done(
        f"Mode {strategy}: saves at least {bounds.min_reduction:.0%} of the tokens, from your next prompt on.",
        f"At most {bounds.prompt_tokens:,} tokens a prompt. What is listed stays until /clear.",
    )


async def pin(session: Session, words: Words) -> Result:
    """List it always in this project, in later sessions too."""
    names, what = _tools_or_category(session, words)
    if names is None:
        return _wrong_either(session, what)
    problem = await anyio.to_thread.run_sync(session.shared.memory.keep_pins, session.learning.project, names)
    await session.decide(ToolsPinned(names))
    _tell_pins(session, f"pinned {', '.join(names)}")
    tokens = sum(session.catalog.costs[name] for name in names)
    return done(
        f"Pinned {counted(len(names), 'tool')} in this project, {tokens:,} tokens: listed from each session's start.",
        _rows(session, names),
        _not_stored(problem),
    )


async def unpin(session: Session, words: Words) -> Result:
    """Undo `pin`, of a tool or of a category."""
    pinned = session.state.pinned
    names, what = _tools_or_category(session, words)
    if names is None:  # of a server that is gone or not in the profile in use a pin can be undone all the same
        there = session.live.categories().get(what.lower())
        names = (what,) if what in pinned else there or _pins_of_gone(session, what)
    known = tuple(name for name in names or () if name in pinned or session.lacks_pins)
    if known:
        problem = await anyio.to_thread.run_sync(session.shared.memory.forget_pins, session.learning.project, known)
        await session.decide(ToolsUnpinned(known))
        _tell_pins(session, f"unpinned {', '.join(known)}")
        rows, many = _rows(session, known), counted(len(known), "tool")
        said = f"Unpinned {many}, as far as pinned" if session.lacks_pins else f"Unpinned {many}"
        return done(
            f"{said}. {_after_unpin(session, known)}".rstrip(),
            rows,
            _not_stored(problem),
        )
    tools = [tool for name in names or () if (tool := session.catalog.get(name)) and tool.pinned]
    if tools:
        return refused(
            f"{what!r} is pinned by `pin` or `alwaysLoad` in the servers file, or by its server; change it there."
        )
    if session.lacks_pins:
        return refused(
            f"Your pins of before cannot be read now, so it is not known whether {what!r} is one: try again."
        )
    return wrong("pinned tool", what, sorted(pinned))


def _pins_of_gone(session: Session, server: str) -> tuple[str, ...]:
    """Return the pinned tools of a server that is behind us no more, by what is remembered of it or by their names."""
    if not server:
        return ()
    unknown = [name for name in sorted(session.state.pinned) if session.live.catalog.get(name) is None]
    start, wanted = default_prefix(server).casefold(), server.casefold()
    of_it = {name for name, known in session.live.gone.items() if known.casefold() == wanted}
    return tuple(name for name in unknown if name in of_it or name.casefold().startswith(start))


def _after_unpin(session: Session, names: tuple[str, ...]) -> str:
    """Say what becomes of tools that are no longer pinned."""
    kept = [name for name in names if (tool := session.catalog.get(name)) and tool.pinned]
    if kept:
        return f"Still pinned by the servers file or its server: {', '.join(kept)}."
    listed = {tool.name for tool in session.listed()}.intersection(names)
    return "Listed until /clear." if listed else ""


def _not_stored(problem: str | None) -> str:
    return wrapped(f"In this session only, so far: {problem}") if problem else ""


def _tell_pins(session: Session, detail: str) -> None:
    session.emit(ConfigurationChanged(what="pins", detail=detail))


async def reset(session: Session, words: Words) -> Result:
    """Take back unloads, mode, profile and `cache-disable`."""
    before = session.state
    strategy = Strategy(session.settings.default_loading_strategy)
    session.live.index.rankings.enable()
    await session.decide(SessionReset(strategy))
    if session.view.chosen != session.shared.profile:
        await session.choose_profile(session.shared.profile)
    return done(
        f"Reset: mode {strategy}, {counted(len(before.unloaded), 'unloaded tool')} allowed again, "
        "cache and profile as configured.",
        f"{counted(len(before.pinned), 'pin')} kept ({typed(session)}unpin <tool> takes one back).",
        "What is listed stays until /clear.",
    )


async def _load_task(session: Session) -> Result:
    if not session.state.memory:
        return refused(f"There is no task yet: type a prompt, or {typed(session)}optimize-for <task>.")
    decision = await session.decide(TaskNamed(session.state.memory[0], is_wide=True))
    if not decision.gained:
        return done("Tier 2 (task) holds all that your last prompt may need.")
    return done(
        f"Loaded {counted(len(decision.gained), 'more tool')} of tier 2 (task).", _rows(session, decision.gained)
    )


def _core(session: Session) -> tuple[str, ...]:
    """Return the tools listed from a session's start: the pinned and the project's usual ones, unloaded or not."""
    catalog = session.catalog
    pinned = [tool.name for tool in catalog.tools if tool.pinned or tool.name in session.state.pinned]
    return tuple(dict.fromkeys((*pinned, *session.learning.core(catalog))))


def _price(session: Session, reserve: tuple[str, ...]) -> Result:
    catalog, room = session.catalog, tokens_left(session.state, session.context())
    fitting = share_within(reserve, catalog, room)
    share = len(fitting) / len(reserve) if reserve else 1.0
    return done(
        f"Tier 3 (reserve): {counted(len(reserve), 'tool')}, {sum(catalog.costs[name] for name in reserve):,} tokens. "
        "Nothing loaded.",
        wrapped(
            f"Mode {session.state.strategy} has {room:,} tokens left: "
            f"{len(fitting):,} of them fit ({share:.0%}), cheapest first."
        ),
        f"{typed(session)}load-tier 3 all loads every one of them.",
    )


async def _order(session: Session, names: tuple[str, ...], why: str) -> Result:
    decision = await session.decide(ToolsOrdered(names, why))
    gained, missing = decision.gained, _missing(session, names)
    if not gained and not missing:
        return done(f"Nothing new to load of {why}: {counted(len(names), 'tool')}, all listed.")
    if not gained:
        return refused(f"Nothing loaded of {why}.", missing)
    tokens = sum(session.catalog.costs[name] for name in gained)
    summary = f"Loaded {counted(len(gained), 'tool')} of {why}, {tokens:,} tokens."
    return done(summary, _rows(session, gained), FROM_NEXT, missing)


def _missing(session: Session, names: tuple[str, ...]) -> str:
    """Say which of the ordered tools are not loaded all the same."""
    loaded = {tool.name for tool in session.loaded()}
    missing = [name for name in names if name not in loaded]
    return wrapped(f"Withheld, so not loaded: {', '.join(missing)}") if missing else ""


def _stays_listed(listed: Collection[str], names: Sequence[str]) -> str:
    """Say that the unloaded tools stay in the list, or which of them."""
    some = "" if len(listed) == len(names) else f": {', '.join(sorted(listed))}"
    return wrapped(f"{STAYS_LISTED}{some}.") if listed else ""


async def _unload(session: Session, names: tuple[str, ...], what: str) -> Result:
    await session.decide(ToolsUnloaded(names))
    listed = {tool.name for tool in session.listed()}.intersection(names)
    return done(
        f"Unloaded {what}: {counted(len(names), 'tool')}, until {in_menu(session)}reset or until you load it again.",
        _stays_listed(listed, names),
        _rows(session, names),
    )


def _category(session: Session, words: Words) -> tuple[tuple[str, ...] | None, str]:
    category = " ".join(words).lower()
    return session.view.categories().get(category), category


def _tools_or_category(session: Session, words: Words) -> tuple[tuple[str, ...] | None, str]:
    what = " ".join(words)
    tool = tool_named(session, what)
    return ((tool.name,) if tool else session.view.categories().get(what.lower())), what


def _wrong_either(session: Session, what: str) -> Result:
    categories = wrong("category", what, session.view.categories())
    if not what:
        return refused("Name a tool or a category.", categories.details)
    return refused(f"{wrong_tool(session, what).summary} {categories.summary}", categories.details)


def _rows(session: Session, names: Iterable[str]) -> str:
    costs, names = session.catalog.costs, tuple(names)
    rows = [(f"  {name}", costs.get(name, 0), "tokens") for name in names[:MAX_SHOWN]]
    more = f"\n  and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return aligned(rows) + more
