"""`mcp-dynaload learn`: begins with what the user's sessions before us have shown."""

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.audit import in_words, parse_since
from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.learn_effect import ProjectPast, effect_on, effect_sentence
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.proxy.commands.layout import counted

if TYPE_CHECKING:
    from mcp_dynaload.catalog.catalog import Catalog
    from mcp_dynaload.configuration import Configuration
    from mcp_dynaload.hosts.claude_code.transcripts import PastSession
    from mcp_dynaload.measure.quality.replay import Effect
    from mcp_dynaload.ranking.subjects import Subjects
    from mcp_dynaload.store.usage import UsageStore

MAX_SHOWN = 10

SINCE = "60d"
"""How far back is looked where nobody says."""

COMMAND = "mcp-dynaload learn --from-transcripts"

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that the kept sessions tell."""

    projects: tuple[ProjectPast, ...]
    elsewhere: "Counter[str]" = field(default_factory=lambda: Counter[str]())
    """Calls of servers that are not behind us, by the client's name of the server."""

    detours: "Counter[tuple[str, str]]" = field(default_factory=lambda: Counter[tuple[str, str]]())
    """How often a program or a host was turned to for what a connected server is for: it, and the server."""

    effect: "Effect | None" = None
    """The effect on the newest sessions of what the others have shown; None: there is no prompt to show it by."""


def learn(
    from_transcripts: Annotated[
        bool, typer.Option("--from-transcripts", help="From the sessions that Claude Code has kept; must be given.")
    ] = False,
    since: Annotated[str, typer.Option(help="How far back: 60d, or a date (2026-11-25).")] = SINCE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be learned.")] = False,
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from your past sessions which tools each project uses. Only names and counts are kept, on this machine.

    A session that is known already is left as it is, so that this can be run again. `stats --forget` takes it back.

    Example: mcp-dynaload learn --from-transcripts --since 60d --dry-run
    """
    if not from_transcripts:
        raise ConfigError(f"learn from what? `{COMMAND}` reads Claude Code's own sessions")
    start = parse_since(since, time.time())
    configuration = configuration_of(config, trust, settings)
    past, new = _learned(configuration, start, dry_run=dry_run)
    is_on = configuration.settings.metrics_collection_enabled
    if as_json:
        print(json.dumps(_as_json(past, new, dry_run=dry_run, is_on=is_on), indent=2))
    else:
        _show(past, new, since, dry_run=dry_run, is_on=is_on)


def offer_learning(asks: Callable[[str], bool] | None, is_wanted: bool) -> None:
    """Learn from the kept sessions if the user wants that, or agrees when asked; if nobody can be asked, say how."""
    from mcp_dynaload.hosts.claude_code.files import find_claude_files
    from mcp_dynaload.hosts.claude_code.transcripts import kept_files

    configuration = configuration_of(None, False)
    start = parse_since(SINCE, time.time())
    files = find_claude_files(os.environ, configuration.locations.project_dir)
    count = len(kept_files(files.config_dir, start))
    is_on = configuration.settings.metrics_collection_enabled
    if not is_wanted and not (count and is_on):
        return
    kept = f"Claude Code has kept {counted(count, 'session')} of the last {SINCE[:-1]} days."
    if not is_wanted and asks is None:
        print(f"{kept} `{COMMAND}` begins with what they show: which tools each project uses.")
        return
    question = f"{kept} Learn from them which tools each project uses? Names and counts only, on this machine."
    if is_wanted or (asks is not None and asks(question)):
        past, new = _learned(configuration, start, dry_run=False)
        _show(past, new, SINCE, dry_run=False, is_on=is_on)


def _learned(configuration: "Configuration", start: float, *, dry_run: bool) -> tuple["Past", list[ProjectPast]]:
    """Read the sessions since then, and store what is new in them unless it is only to be shown."""
    from mcp_dynaload.configuration import open_catalog
    from mcp_dynaload.hosts.claude_code.files import find_claude_files
    from mcp_dynaload.hosts.claude_code.transcripts import past_sessions
    from mcp_dynaload.store.backends import open_usage

    files = find_claude_files(os.environ, configuration.locations.project_dir)
    sessions = past_sessions(files.config_dir, start)
    with open_catalog(configuration) as live:
        past = past_of(sessions, live.catalog, live.subjects())
        effect = effect_on(past.projects, _names(live.catalog), live, files.config_dir, start)
        past = replace(past, effect=effect if effect.prompts else None)
    with open_usage(configuration.settings.store_url, configuration.locations.database_file) as memory:
        new = [_unknown(memory, project) for project in past.projects]
        if not dry_run:
            for project in new:
                _store(memory, project)
    return past, new


def past_of(sessions: Sequence["PastSession"], catalog: "Catalog", subjects: "Subjects") -> Past:
    """Return what these sessions tell of the catalog's tools."""
    from mcp_dynaload.store.usage import project_of

    names, elsewhere, detours = _names(catalog), Counter[str](), Counter[tuple[str, str]]()
    found: list[tuple[str, tuple[str, float, tuple[str, ...]]]] = []
    for session in sessions:
        called = [names.get(name) for name in session.calls]
        elsewhere.update(_server_of(name) for name in session.calls if name not in names)
        detours.update(found for tool, given in session.commands for found in _served(tool, given, subjects))
        if tools := tuple(name for name in called if name is not None):
            found.append((project_of(Path(session.folder)), (session.id, session.at, tools)))
    found.sort(key=lambda one: (one[0], one[1][1]))
    projects = tuple(
        ProjectPast(project, tuple(session for _, session in some))
        for project, some in groupby(found, key=lambda one: one[0])
    )
    elsewhere.pop("", None)
    return Past(projects, elsewhere, detours)


def _names(catalog: "Catalog") -> Mapping[str, str]:
    """Return our names of tools by all that the client calls or has called them: behind us, and connected directly."""
    from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, SERVER_NAME

    names: dict[str, str] = {}
    for tool in catalog.tools:
        names[f"mcp__{_ILLEGAL.sub('_', tool.upstream)}__{tool.definition.get('name')}"] = tool.name
    for tool in catalog.tools:
        for server in (SERVER_NAME, PLUGIN_SERVER_NAME):
            names[f"mcp__{_ILLEGAL.sub('_', server)}__{tool.name}"] = tool.name
    return names


def _server_of(name: str) -> str:
    """Return the client's name of a tool's server; empty for ourselves."""
    from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, SERVER_NAME

    server = name.split("__")[1] if name.count("__") > 1 else name
    return "" if server in (SERVER_NAME, _ILLEGAL.sub("_", PLUGIN_SERVER_NAME)) else server


def _served(tool: str, given: str, subjects: "Subjects") -> list[tuple[str, str]]:
    """Return what a command turned to although a connected server is for the same."""
    from mcp_dynaload.selection.lacks import detours_of

    return [
        (detour.via, upstream)
        for detour in detours_of(tool, given)
        for upstream in sorted(subjects.named(detour.services) | subjects.serving(detour.host))
    ]


def _unknown(memory: "UsageStore", past: ProjectPast) -> ProjectPast:
    """Return the same without the sessions of which something is known."""
    known = memory.noted(past.project)
    return ProjectPast(past.project, tuple(session for session in past.sessions if session[0] not in known))


def _store(memory: "UsageStore", past: ProjectPast) -> None:
    from mcp_dynaload.store.usage import Calls

    for session, at, tools in past.sessions:
        memory.note(past.project, session, {name: Calls(times) for name, times in Counter(tools).items()}, at)
        memory.note_followings(past.project, [(one, next_) for one, next_ in pairwise(tools) if one != next_])


def _as_json(past: Past, new: Sequence[ProjectPast], *, dry_run: bool, is_on: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "is_used": is_on,
        "projects": [
            {
                "project": one.project,
                "sessions": len(one.sessions),
                "new_sessions": len(unknown.sessions),
                "tools": dict(Counter(tool for _, _, tools in one.sessions for tool in tools)),
                "newest_called": one.known_before()[0],
                "newest_known_before": one.known_before()[1],
            }
            for one, unknown in zip(past.projects, new, strict=True)
        ],
        "replay": asdict(past.effect) if past.effect else None,
        "other_servers": dict(past.elsewhere),
        "detours": [
            {"via": via, "server": server, "times": times} for (via, server), times in past.detours.most_common()
        ],
    }


def _show(past: Past, new: Sequence[ProjectPast], since: str, *, dry_run: bool, is_on: bool) -> None:
    from mcp_dynaload.cli.screen import console, show_table

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    heads = ("project", "sessions", "new", "tools", "calls", "newest: known before")
    rows = [
        (one.project, len(one.sessions), len(unknown.sessions), len({*tools}), len(tools), _share(*one.known_before()))
        for one, unknown in zip(past.projects, new, strict=True)
        for tools in ([tool for _, _, some in one.sessions for tool in some],)
    ]
    if rows:
        show_table("", heads, rows, heads[1:])
        say("\nNewest: of the tools that the newest fifth of the sessions called, those that the others had called.")
        if past.effect:
            say(effect_sentence(past.effect))
    else:
        say(f"No session {in_words(since)} has called a tool of a server that is behind mcp-dynaload.")
    if past.elsewhere:
        servers = ", ".join(f"{name} ({times})" for name, times in past.elsewhere.most_common(MAX_SHOWN))
        say(f"Calls of servers or tools that are not listed here: {servers}. `mcp-dynaload init` moves servers here.")
    for (via, server), times in past.detours.most_common(MAX_SHOWN):
        say(f"{via} was turned to {counted(times, 'time')}; {server} is connected for that.")
    if not is_on:
        say("Nothing learned is used now: METRICS_COLLECTION_ENABLED is false.")
    count = sum(len(one.sessions) for one in new)
    if dry_run:
        say(f"Nothing was stored (--dry-run): of these sessions {count} are new.")
    else:
        say(f"Learned from {counted(count, 'session')}.")


def _share(called: int, known: int) -> str:
    return f"{known} of {called}" if called else "-"
