"""`mcp-dynaload doctor`: looks at everything and says what to do."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.checks import file_findings, sandbox_findings, state_findings
from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of
from mcp_dynaload.cli.oddities import held_fix, held_in_words, in_words
from mcp_dynaload.cli.refresh import DEMO, DEMO_FIX, fill_cache
from mcp_dynaload.cli.remedies import NOT_MENDED, mend
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.hosts.claude_code.check import check_client
from mcp_dynaload.hosts.findings import Finding, RunProblem
from mcp_dynaload.proxy.commands.layout import counted

if TYPE_CHECKING:
    from mcp_dynaload.catalog.tool import Tool
    from mcp_dynaload.configuration import Configuration

STYLES = {"ok": "green", "note": "yellow", "wrong": "red"}
INDENT = 6
"""Columns before what stands below a finding's mark."""

REPORT = "the client would refuse the server's whole list for one of these: tell those who maintain the server"
RENAMED = 'permission rules must name them so; a "prefix" of its own in the entry of one of the servers avoids it'

ESCAPE = "If anything is in your way: DYNAMIC_LOADING_ENABLED=false makes this a plain proxy that lists every tool."


def doctor(
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
    fix: Annotated[bool, typer.Option("--fix", help="First mend what has one safe remedy, and say what.")] = False,
) -> None:
    """Check files, servers, hooks and the client, and say what to do. Exit status 1 if something is wrong.

    Every server of yours is started once to be listed. Also names the definitions for which Claude Code would refuse a
    server's list, and says whether each was repaired or left out; so do `tools` and the journal (`listing_mended`).

    Example: mcp-dynaload doctor
    """
    mended = [*mend(find_locations(os.environ))] if fix else []
    configuration = configuration_of(config, trust, settings, goes_on=True)
    findings = [
        *(Finding("note" if text.startswith(NOT_MENDED) else "ok", text) for text in mended),
        *file_findings(configuration.upstreams),
        *_demo(configuration),
        *_settings(configuration),
        *state_findings(configuration.locations),
        *sandbox_findings(configuration.configs.values(), configuration.locations.project_dir),
        *(() if configuration.is_demo else _upstreams(configuration)),
        *check_client(os.environ, configuration.locations.project_dir),
    ]
    masker = configuration.masker
    findings = [replace(one, what=masker.text(one.what), fix=masker.tokens(one.fix)) for one in findings]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(1)


def _demo(configuration: "Configuration") -> Iterator[Finding]:
    if configuration.is_demo:
        yield Finding("note", f"{DEMO}, which need no check", DEMO_FIX)


def _settings(configuration: "Configuration") -> Iterator[Finding]:
    locations, settings = configuration.locations, configuration.settings
    for path in (locations.user_settings_file, locations.project_settings_file):
        yield Finding("ok", f"settings file {path}: {'read' if path.exists() else 'absent'}")
    if not settings.dynamic_loading_enabled:
        yield Finding("note", "DYNAMIC_LOADING_ENABLED is false: every tool is listed, nothing is chosen", "unset it")


def _upstreams(configuration: "Configuration") -> Iterator[Finding]:
    from mcp_dynaload.cli.scan import notes_of
    from mcp_dynaload.config.upstream_config import prefixes_of
    from mcp_dynaload.configuration import offered_view, open_catalog
    from mcp_dynaload.logins.login import login_command
    from mcp_dynaload.proxy.denied_tools import denied_in_words, denied_there, idle_glob_notes

    listed = fill_cache(configuration)
    with open_catalog(configuration) as live:
        oddities, held, denied = live.oddities, live.listings.quarantine.held, live.listings.quarantine.access.denied
        tools, not_shown = live.catalog.tools, denied_there(offered_view(configuration, live).denied)
        scanned, idle = list(notes_of(live.listings)), list(idle_glob_notes(live.listings))
    for name, listing in sorted(listed.listings.items()):
        yield Finding("ok", f"server {name}: {counted(len(listing.tools), 'tool')}, protocol {listing.version}")
        for gap in listing.gaps:
            yield Finding("note", f"server {name} was listed in part: {gap}", f"see `mcp-dynaload logs {name}`")
        if odd := oddities.get(name):
            yield Finding("note", in_words(name, odd), REPORT if odd.repaired or odd.left_out else RENAMED)
    for name, one in sorted(held.items()):
        yield Finding("note", held_in_words(name, one), held_fix(name))
    for name, rules in denied.items():
        yield Finding("ok", denied_in_words(name, rules))
    if not_shown:
        yield Finding("ok", f"not chosen, as Claude Code shows no model these: {not_shown}")
    for what, fix in (*idle, *scanned):
        yield Finding("note", what, fix)
    for key, glob in _idle_globs(configuration, tools):
        what = f"profile {configuration.profile.name!r}, which is in use here: {key} {glob!r} fits nothing"
        yield Finding("note", what, f"correct it in {configuration.locations.user_settings_file}")
    for clash in prefixes_of(configuration.configs.values()).clashes():
        yield Finding("note", clash, 'give one of them a "prefix" of its own in its entry')
    for name, error in listed.errors.items():
        if name in listed.logins_needed:
            fix = f"run `{login_command(name)}`"
            yield Finding("wrong", f"server {name} wants a login", fix, RunProblem.LOGIN)
        else:
            yield Finding("wrong", error)


def _idle_globs(configuration: "Configuration", tools: Iterable["Tool"]) -> Iterator[tuple[str, str]]:
    """Yield the globs of the profile in use, each after its key, that fit no server, or no tool of its servers."""
    profile = configuration.profile.profile
    return profile.idle_globs(configuration.configs, [tool.name for tool in tools if profile.has(tool.upstream)])


def _show(findings: list[Finding]) -> None:
    from mcp_dynaload.cli.screen import console, plain

    for finding in findings:
        mark = plain(f"{finding.level:<5}")
        mark.stylize(STYLES[finding.level])
        console.print(mark.append(" ", "").append_text(plain(finding.what.replace("\n", f"\n{' ' * INDENT}"))))
        if finding.fix:
            console.print(f"{' ' * INDENT}→ {finding.fix}")
    console.print(f"\n{ESCAPE}")
