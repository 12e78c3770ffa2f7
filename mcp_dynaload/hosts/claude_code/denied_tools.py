"""The tools that Claude Code's settings deny, in the files that it reads in this folder."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog

from mcp_dynaload.catalog.deny_rules import DenyRule
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.files import (
    ClaudeFiles,
    find_claude_files,
    found_managed_settings,
    objects,
    strings,
)
from mcp_dynaload.hosts.claude_code.json_edit import parse_object
from mcp_dynaload.machine.bounded_files import read_bounded

log = structlog.get_logger()


def settings_files(environ: Mapping[str, str], project_dir: Path) -> tuple[Path, ...]:
    """Return the files that may have rules: the administrator's, the user's and the project's."""
    return _settings_files(find_claude_files(environ, project_dir))


def read_deny_rules(environ: Mapping[str, str], project_dir: Path) -> tuple[DenyRule, ...]:
    """Read the rules that deny tools; blocks. A file that cannot be read has none, as for the client."""
    files = find_claude_files(environ, project_dir)
    return tuple(rule for path in _settings_files(files) for rule in _rules(path))


def _settings_files(files: ClaudeFiles) -> tuple[Path, ...]:
    own = (*found_managed_settings(files.managed_dir), files.user_settings)
    return tuple(dict.fromkeys((*own, files.project.settings, files.project.local_settings)))  # at home both are one


def _rules(path: Path) -> Iterator[DenyRule]:
    try:
        text = read_bounded(path).decode("utf-8", "surrogateescape")  # it is only read, so that links are followed
        rules = strings(objects(parse_object(text, path), "permissions"), "deny")
    except (FileNotFoundError, NotADirectoryError):
        return
    except (HostError, OSError) as error:
        log.warning("client_settings_unreadable", error=str(error), consequence="the rules in it are not known")
        return
    for rule in rules:
        yield DenyRule(rule, str(path))
