"""Variables of ours that a repository sets: Claude Code hands the `env` of a project's settings on to its servers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.machine.bounded_files import read_inside

OUR_PREFIX = "MCP_DYNALOAD_"
PROJECT_VARIABLE = "CLAUDE_PROJECT_DIR"

PROJECT_SETTINGS = ("settings.json", "settings.local.json")


def current_folder() -> Path:
    """Return the folder in which we were started.

    Raises:
        ConfigError: It is gone.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigError(
            f"the folder that you are in is gone ({error.strerror}); change to one that is there"
        ) from error


def set_by_project(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return the variables that have the value which the project's settings give them, with the file that does.

    Whoever opens a repository must not have our folders moved or our settings changed by it: such variables do not
    count, as the same settings in the project's own file do not before it is trusted.
    """
    project = Path(environ.get(PROJECT_VARIABLE) or current_folder())
    folder = project / ".claude"
    if _is_users_own(folder, environ):
        return {}
    return {
        name: file
        for file in (folder / name for name in PROJECT_SETTINGS)
        for name, value in _variables(file, project)
        if environ.get(name) == value
    }


def _is_users_own(folder: Path, environ: Mapping[str, str]) -> bool:
    """Return whether the client was started in the home folder, where the same files are the user's."""
    own = environ.get("CLAUDE_CONFIG_DIR") or Path(environ.get("HOME") or Path.home()) / ".claude"
    return folder.resolve() == Path(own).resolve()


def _variables(file: Path, project: Path) -> Iterator[tuple[str, str]]:
    try:
        content: Any = json.loads(read_inside(file, project))
    except (OSError, ValueError, RecursionError):  # the client cannot read it either, or not as a part of the project
        return
    env: Any = cast(dict[str, Any], content).get("env") if isinstance(content, dict) else None
    if isinstance(env, dict):
        yield from ((name, str(value)) for name, value in cast(dict[str, Any], env).items())
