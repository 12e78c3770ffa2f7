"""All commands by name, and the one way in which they are run."""

import re
import time
from collections.abc import Mapping

import structlog

from mcp_dynaload.catalog.names import SERVER_NAME, CommandName
from mcp_dynaload.proxy.commands import cache, information, profiles, signing_in, steering
from mcp_dynaload.proxy.commands.command import Command, Result, Words, done, in_menu, refused, typed, wrong
from mcp_dynaload.proxy.commands.layout import aligned
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.telemetry.events import CommandRun

_NAME = SERVER_NAME
_OWN = re.compile(rf"/?(?:mcp__(?:plugin_{_NAME}_)?{_NAME}__|(?:plugin:{_NAME}:)?{_NAME}:)([a-z-]+)(?: \(MCP\))?")

log = structlog.get_logger()


async def help_(session: Session, words: Words) -> Result:
    """List all commands."""
    rows = [(f"{name} {command.usage}".strip(), command.about) for name, command in COMMANDS.items()]
    how = f"Choose from the menu after {in_menu(session)} or type {typed(session)}<command>."
    return done(how, aligned(rows))


COMMANDS: Mapping[str, Command] = {
    CommandName.LOAD_CATEGORY: Command(
        act=steering.load_category, about="load all tools of a category", takes="category", steers=True
    ),
    CommandName.UNLOAD_CATEGORY: Command(
        act=steering.unload_category, about="refuse all tools of one", takes="category", steers=True
    ),
    CommandName.LOAD_TIER: Command(
        act=steering.load_tier, about="load tier 1, 2 or 3 (3 with `all`)", takes="tier", more="all", steers=True
    ),
    CommandName.OPTIMIZE_FOR: Command(
        act=steering.optimize_for, about="load what a task needs", takes="words", steers=True
    ),
    CommandName.PERFORMANCE_MODE: Command(
        act=steering.performance_mode, about="how readily tools are loaded", takes="mode", steers=True
    ),
    CommandName.CACHE_ENABLE: Command(act=cache.cache_enable, about="keep rankings of prompts"),
    CommandName.CACHE_DISABLE: Command(act=cache.cache_disable, about="keep none"),
    CommandName.CACHE_CLEAR: Command(act=cache.cache_clear, about="forget those kept"),
    CommandName.LIST_CATEGORIES: Command(act=information.list_categories, about="categories with tools and tokens"),
    CommandName.TIER_STATUS: Command(act=information.tier_status, about="tiers with tools, tokens and reasons"),
    CommandName.FUNCTION_STATS: Command(act=information.function_stats, about="what this project's sessions used"),
    CommandName.SESSION_INFO: Command(act=information.session_info, about="this session at a glance"),
    CommandName.HELP: Command(act=help_, about="this list"),
    CommandName.FIND: Command(act=information.find, about="search all tools", takes="words"),
    CommandName.PIN: Command(
        act=steering.pin, about="always list it in this project", takes="tool or category", steers=True
    ),
    CommandName.UNPIN: Command(act=steering.unpin, about="undo `pin`", takes="pinned", steers=True),
    CommandName.WHY: Command(
        act=information.why, about="why a tool is loaded; alone: what your last request loaded", takes="tool"
    ),
    CommandName.UNLOAD: Command(act=steering.unload, about="refuse a tool until `reset`", takes="tool", steers=True),
    CommandName.RESET: Command(
        act=steering.reset, about="take back unloads, mode, profile, cache-disable", steers=True
    ),
    CommandName.QUARANTINE: Command(act=information.quarantine, about="definitions held back as changed or new"),
    CommandName.LOGIN: Command(act=signing_in.login, about="log in to a server, in your browser", takes="server"),
    CommandName.PROFILE: Command(
        act=profiles.profile, about="which servers are chosen from", takes="profile", steers=True
    ),
    CommandName.ALLOW_FLOW: Command(
        act=steering.allow_flow, about="load what waits for your word, for this session", steers=True
    ),
}


async def run_command(session: Session, name: str, words: Words) -> Result:
    """Run a command; the client has read a list that it changed when this returns."""
    command = COMMANDS.get(name)
    if command is None:
        return wrong("command", name, COMMANDS)
    if words and command.takes == "none":
        log.debug("command_words_ignored", command=name, count=len(words))
    if command.steers and session.surface.constant_decision is not None:
        return refused(
            "Nothing changed: loading is switched off (DYNAMIC_LOADING_ENABLED=false), every tool is listed."
        )
    started = time.perf_counter()
    result = await command.act(session, words)
    await session.list_refresh.hold()
    ms = 1000 * (time.perf_counter() - started)
    session.emit(CommandRun(command=name, success=result.success, ms=ms))
    log.info("command_run", command=name, success=result.success)
    return result


def text_command(line: str) -> tuple[str, list[str]] | None:
    """Return the command of ours that a slash-command line means, with its words; None if it is another's."""
    first, *words = line.split() or [""]
    name = first.removeprefix("/") if first.removeprefix("/") in COMMANDS else own_command(first)
    return (name, words) if name and first.startswith("/") else None


def written_name(word: str) -> str:
    """Return the name of the command that a word means: one of ours in any of its forms, or another."""
    found = _OWN.fullmatch(word)
    return found[1] if found else word.removeprefix("/")


def own_command(name: str) -> str | None:
    """Return the command that the client's name for one of our prompts stands for; None if it is not ours."""
    found = _OWN.fullmatch(name.strip())
    return found[1] if found and found[1] in COMMANDS else None
