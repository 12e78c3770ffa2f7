"""`mcp-dynaload preflight`: whether a run without a user would have its servers, for scripts."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import structlog
import typer

from mcp_dynaload.cli.checks import (
    file_findings,
    program_findings,
    remote_findings,
    sandbox_findings,
    state_findings,
)
from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, overrides_of
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.hosts.findings import Finding, RunProblem
from mcp_dynaload.machine.logs import LOG_FILE
from mcp_dynaload.masking import Masker
from mcp_dynaload.masking.printable import printable

if TYPE_CHECKING:
    from mcp_dynaload.config.upstream_config import UpstreamConfig
    from mcp_dynaload.config.written_configuration import WrittenConfiguration

LOOKING_SECONDS = 1.8
"""Given to all that is looked at; with our own start this stays within three seconds."""

ANSWER_SECONDS = 1.5
"""Given to Claude Code to tell its version, and to a remote server to answer."""

log = structlog.get_logger()

Look = Callable[[], list[Finding]]


def preflight(
    config: ConfigOption = None, trust: TrustOption = False, settings: SetOption = None, as_json: JsonOption = False
) -> None:
    """Say within three seconds whether `claude -p` would have its servers: exit status 0, or that of a problem.

    No server is started; each remote one is asked once. The exit status is the smallest of those found: 10 settings,
    11 servers file, 12 not trusted, 13 variable not set, 14 program not found, 15 login, 16 no answer,
    17 Claude Code, 18 not registered, 19 hooks or plugin, 20 database, 21 state folder, 22 not looked at in time.

    Example: mcp-dynaload preflight && claude -p "what is new?"
    """
    begun = time.monotonic()
    findings, masker = _findings(config, trust=trust, settings=settings)
    problems = [finding for finding in findings if finding.problem is not None]
    status = min((int(finding.problem or 0) for finding in problems), default=0)
    if as_json:
        told = [_told(finding, masker) for finding in sorted(problems, key=lambda one: one.problem or 0)]
        print(json.dumps({"status": status, "problems": told, "seconds": round(time.monotonic() - begun, 2)}, indent=2))
    else:
        for finding in problems:
            fix = f"\n      → {masker.tokens(finding.fix)}" if finding.fix else ""
            print(printable(f"{finding.problem:>4} {masker.text(finding.what)}{fix}", keeps_lines=True))
    if status:
        raise typer.Exit(status)


def _told(finding: Finding, masker: Masker) -> dict[str, object]:
    problem = finding.problem or RunProblem.UNKNOWN
    kind = problem.name.lower().replace("_", " ")
    what, fix = masker.text(finding.what), masker.tokens(finding.fix)
    return {"status": int(problem), "problem": kind, "what": what, "fix": fix}


def _findings(config: ConfigOption, *, trust: bool, settings: SetOption) -> tuple[list[Finding], Masker]:
    from mcp_dynaload.config.written_configuration import read_written
    from mcp_dynaload.machine.logs import set_up_logs

    try:
        written = read_written(os.environ, explicit=config or (), trust_all=trust, overrides=overrides_of(settings))
    except ConfigError as error:
        return [Finding("wrong", str(error), problem=RunProblem.SETTINGS)], Masker()
    set_up_logs(written.settings.log_level, written.locations.logs_dir, to_stderr=False, masker=written.masker)
    return looked_at(_looks(written), LOOKING_SECONDS), written.masker


def _looks(written: "WrittenConfiguration") -> Mapping[str, Look]:
    from mcp_dynaload.hosts.claude_code.check import check_client
    from mcp_dynaload.hosts.claude_code.login_probe import answered_status
    from mcp_dynaload.logins.logins import Logins
    from mcp_dynaload.logins.store import LoginStore

    places, upstreams = written.locations, written.upstreams
    in_keyring = written.settings.login_store == "keyring"
    store = LoginStore(places.logins_dir, written.masker, in_keyring=in_keyring)
    logins = Logins(store, written.masker, environ=written.environ)

    def status_of(config: "UpstreamConfig") -> int | None:
        entry = {"type": config.transport, "url": config.url, "headers": dict(config.headers)}
        return answered_status(entry, {}, ANSWER_SECONDS)

    return {
        "servers files": lambda: [*file_findings(upstreams)],
        "state folder": lambda: [*state_findings(places)],
        "programs": lambda: [*program_findings(upstreams.upstreams, places.project_dir)],
        "sandboxes": lambda: [*sandbox_findings(upstreams.upstreams, places.project_dir)],
        "Claude Code": lambda: check_client(os.environ, places.project_dir, ANSWER_SECONDS),
        **remote_findings(upstreams.upstreams, logins, status_of),
    }


def looked_at(looks: Mapping[str, Look], within_seconds: float) -> list[Finding]:
    """Return all that is found, each look in a thread of its own; one that takes too long is a finding itself."""
    found: dict[str, list[Finding]] = {}
    threads = [threading.Thread(target=_look, args=(name, look, found), daemon=True) for name, look in looks.items()]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + within_seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = f"took longer than {within_seconds:g} s to be looked at"
    fix = "run it again; `mcp-dynaload doctor` takes the time that it needs"
    return [
        finding
        for name in looks
        for finding in found.get(name, [Finding("wrong", f"{name} {late}", fix, RunProblem.UNKNOWN)])
    ]


def _look(name: str, look: Look, found: dict[str, list[Finding]]) -> None:
    try:
        found[name] = look()
    except Exception as error:  # one look that fails must not keep the others from being told
        log.exception("not_looked_at", subject=name)
        fix = f"see {LOG_FILE} in the folder `logs` of the state folder"
        found[name] = [Finding("wrong", f"{name} could not be looked at: {error}", fix, RunProblem.UNKNOWN)]
