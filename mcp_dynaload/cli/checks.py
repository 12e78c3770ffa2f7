"""Looks at files, settings, state, programs and logins: what `doctor` and `preflight` both tell."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.hosts.findings import Finding, RunProblem

if TYPE_CHECKING:
    from mcp_dynaload.config.servers_file import UpstreamsRead
    from mcp_dynaload.config.upstream_config import UpstreamConfig
    from mcp_dynaload.logins.logins import Logins

FIX = "run `mcp-dynaload doctor --fix`"
MAX_NAMED = 5
"""Files that a finding names; more are counted."""

_OF_VARIABLE = "uses the variable "


def file_findings(upstreams: "UpstreamsRead") -> Iterator[Finding]:
    """Yield what is to be said of the servers files and their entries."""
    for file in upstreams.files:
        names = f": {', '.join(file.servers)}" if file.servers else ""
        level = "wrong" if file.state in ("broken", "untrusted") else "ok"
        yield Finding(level, f"servers file ({file.kind}) {file.path}: {file.state}{names}")
        if file.disabled:
            yield Finding(
                "note",
                f"disabled in {file.path}, so not started and not listed: {', '.join(file.disabled)}",
                'remove "disabled" from the entry to use it',
            )
    untrusted = {file.path for file in upstreams.files if file.state == "untrusted"}
    servers = {file.path for file in upstreams.files}
    for problem in upstreams.problems:
        yield Finding("wrong", problem.mistake, problem.fix, _kind(problem, untrusted, servers))
    for warning in upstreams.warnings:
        is_unset = warning.what.startswith(_OF_VARIABLE)
        yield Finding("note", warning.mistake, warning.fix, RunProblem.VARIABLE if is_unset else None)


def _kind(problem: ConfigProblem, untrusted: set[Path], servers: set[Path]) -> RunProblem:
    file = problem.file
    if (file is not None and file in untrusted) or "mcp-dynaload trust" in problem.fix:
        return RunProblem.UNTRUSTED
    return RunProblem.SERVERS_FILE if file in servers else RunProblem.SETTINGS


def state_findings(locations: Locations) -> Iterator[Finding]:
    """Yield what is to be said of the state folder and what is in it; nothing is made or changed."""
    folder = locations.state_dir
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        what = f"state folder {folder}: {there} is no folder"
        yield Finding("wrong", what, "set MCP_DYNALOAD_STATE_DIR to a writable one", RunProblem.STATE)
    elif not os.access(there, os.W_OK | os.X_OK):
        what = f"state folder {folder} is not writable" + ("" if there == folder else f", as {there} is not")
        yield Finding("wrong", what, "set MCP_DYNALOAD_STATE_DIR to another one", RunProblem.STATE)
    elif there != folder:
        yield Finding("ok", f"state folder {folder}: made at the first start")
    else:
        yield Finding("ok", f"state folder {folder}")
        yield from _kept_findings(locations)


def _kept_findings(locations: Locations) -> Iterator[Finding]:
    from mcp_dynaload.store.files_check import database_troubles, left_over, open_to_others

    for found in database_troubles(locations):
        detail = f" ({found.detail})" if found.detail else ""
        if found.trouble == "of another version":
            what = f"database {found.path} is of another version{detail}: it is brought up when it is opened"
            yield Finding("note", what, FIX)
        else:
            fix = {"locked": "end the process that has it open", "damaged": FIX}.get(found.trouble, FIX)
            yield Finding("wrong", f"database {found.path} is {found.trouble}{detail}", fix, RunProblem.DATABASE)
    if opened := [*open_to_others(locations.state_dir)]:
        yield Finding("note", f"not closed to others, or to you: {_named(opened)}", FIX)
    if left := [*left_over(locations)]:
        yield Finding("note", f"left by processes that have ended: {_named(left)}", FIX)


def _named(paths: list[Path]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(map(str, paths[:MAX_NAMED])) + more


def program_findings(configs: Iterable["UpstreamConfig"], project_dir: Path) -> Iterator[Finding]:
    """Yield the servers whose program, or the folder it is to start in, is not there."""
    for config in configs:
        if config.transport != "stdio":
            continue
        folder = config.folder(project_dir)
        if not folder.is_dir():
            what = f"server {config.name}: the folder {str(folder)!r}, in which it is to run, does not exist"
            yield Finding("wrong", what, "make it, or correct the entry", RunProblem.PROGRAM)
        elif not _is_there(config, folder):
            what = f"server {config.name}: the program {config.command!r} was not found"
            yield Finding("wrong", what, "install it, or give its full path in the entry", RunProblem.PROGRAM)


def sandbox_findings(configs: Iterable["UpstreamConfig"], project_dir: Path) -> Iterator[Finding]:
    """Yield how each server is contained whose entry asks for it, or why it cannot be and is not started."""
    from mcp_dynaload.upstream.sandbox import in_words, missing_places, sandbox_trouble

    asking = [(config, config.options.sandbox) for config in configs if config.options.sandbox is not None]
    trouble = sandbox_trouble() if asking else None
    for config, sandbox in asking:
        if trouble is not None:
            what = f"server {config.name} is not started: its sandbox cannot be kept, as {trouble[0]}"
            yield Finding("wrong", what, trouble[1], RunProblem.PROGRAM)
            continue
        for key, path in missing_places(sandbox, config.folder(project_dir)):
            what = f"server {config.name} is not started: sandbox.{key} names {str(path)!r}, which does not exist"
            yield Finding("wrong", what, "make it, or correct the entry", RunProblem.PROGRAM)
        yield Finding("ok", f"server {config.name} is contained: {in_words(sandbox)}")


def _is_there(config: "UpstreamConfig", folder: Path) -> bool:
    """Return whether the program is found as it is when the server is started: in its folder, on its own PATH."""
    command = config.command
    if os.path.dirname(command):  # noqa: PTH120 - "./x" and "x" are not the same here
        command = str(folder / command)
    return shutil.which(command, path=config.env.get("PATH")) is not None


def remote_findings(
    configs: Iterable["UpstreamConfig"], logins: "Logins", status_of: Callable[["UpstreamConfig"], int | None]
) -> Mapping[str, Callable[[], list[Finding]]]:
    """Return what finds out, for each remote server, whether it is there and lets us in."""

    def looked_at(config: "UpstreamConfig") -> list[Finding]:
        return [*_remote(config, logins, status_of(config))]

    return {
        f"server {config.name}": (lambda config=config: looked_at(config))
        for config in configs
        if config.transport != "stdio"
    }


def _remote(config: "UpstreamConfig", logins: "Logins", status: int | None) -> Iterator[Finding]:
    from mcp_dynaload.hosts.claude_code.login_probe import LOGIN_STATUSES
    from mcp_dynaload.logins.login import login_command

    if status is None:
        what = f"server {config.name} does not answer"
        yield Finding("wrong", what, "check its address and the network", RunProblem.UNREACHABLE)
    elif status not in LOGIN_STATUSES or config.headers_helper or _has_login(config, logins):
        yield Finding("ok", f"server {config.name} answers")
    elif config.has_own_authorization:
        what = f"server {config.name} refuses the Authorization of its entry ({status})"
        yield Finding("wrong", what, "correct the header in its entry", RunProblem.LOGIN)
    else:
        what = f"server {config.name} wants a login"
        yield Finding("wrong", what, f"run `{login_command(config.name)}`", RunProblem.LOGIN)


def _has_login(config: "UpstreamConfig", logins: "Logins") -> bool:
    """Return whether there is a login that holds or can be renewed.

    Raises:
        StoreError: it cannot be read.
    """
    import anyio  # takes long to import, and is needed where a server wants a login

    login = anyio.run(logins.login_of, config)
    return login is not None and login.has_tokens and (bool(login.refresh_token) or not login.is_due(time.time()))
