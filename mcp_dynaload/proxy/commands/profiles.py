"""The command that chooses among the user's profiles."""

from collections.abc import Mapping

import anyio.to_thread

from mcp_dynaload.config.profiles import EVERYTHING, NO_PROFILE, ChosenProfile, Profile, nearest_profile
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.proxy.commands.command import Result, Words, done, refused, typed
from mcp_dynaload.proxy.commands.layout import aligned, counted, wrapped
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.telemetry.events import ConfigurationChanged

STAYS = "What is listed stays until /clear, and can be called."


async def profile(session: Session, words: Words) -> Result:
    """Choose one of your profiles for this session, or `none`: tools of its servers alone are chosen, listed and found,
    and its pins are listed; without a name list them."""
    try:
        profiles = await anyio.to_thread.run_sync(session.shared.read_profiles)
    except ConfigError as error:
        return refused(f"The profile stays as it is: {error}.")
    if not words:
        return _overview(session, profiles)
    name = " ".join(words)
    if name not in (NO_PROFILE, *profiles):
        return refused(f"There is no profile {name!r}; {nearest_profile(name, profiles)}.")
    chosen = ChosenProfile(name, profiles.get(name, EVERYTHING))
    decision = await session.choose_profile(chosen)
    session.emit(ConfigurationChanged(what="profile", detail=name))
    listed = [(tool, session.catalog.costs[tool]) for tool in decision.added]
    return done(
        f"{_said(name)}, in this session: {_counts(session, chosen.profile)}.",
        aligned([("listed now", "tokens"), *listed]) if listed else "",
        _idle(session, chosen.profile),
        STAYS,
    )


def _overview(session: Session, profiles: Mapping[str, Profile]) -> Result:
    now = session.view.chosen.name
    if not profiles:
        return done(f"{_said(now)}. You have no profiles; {nearest_profile('work', ())}.")
    rows = [
        (name, *_shown(session, one), "in use" if name == now else "")
        for name, one in {**profiles, NO_PROFILE: EVERYTHING}.items()
    ]
    return done(
        f"{_said(now)}.",
        aligned([("profile", "servers", "tools", "tokens", "pins", ""), *rows]),
        f"{typed(session)}profile <profile> chooses one for this session.",
    )


def _said(name: str) -> str:
    return "No profile is in use" if name == NO_PROFILE else f"Profile {name!r} is in use"


def _shown(session: Session, one: Profile) -> tuple[int, int, int, int]:
    """Return how many servers, tools and tokens are in a profile, and how many tools it pins."""
    whole = session.live.catalog
    tools = [tool.name for tool in whole.tools if one.has(tool.upstream)]
    servers = [name for name in session.live.listings.configs if one.has(name)]
    return len(servers), len(tools), sum(whole.costs[name] for name in tools), sum(map(one.pins_tool, tools))


def _counts(session: Session, one: Profile) -> str:
    servers, tools, _, pins = _shown(session, one)
    every = len(session.live.listings.configs)
    pinned = f", {pins} of them pinned" if pins else ""
    return f"{servers} of {counted(every, 'server')}, {counted(tools, 'tool')}{pinned}"


def _idle(session: Session, one: Profile) -> str:
    """Return which of its globs fit nothing."""
    tools = [tool.name for tool in session.live.catalog.tools if one.has(tool.upstream)]
    idle = [f"{key} {glob!r}" for key, glob in one.idle_globs(session.live.listings.configs, tools)]
    return wrapped(f"Fits nothing here: {', '.join(idle)}.") if idle else ""
