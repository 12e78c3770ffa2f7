"""The names of all that the answers to a client's first requests depend on, for the next start's early answers."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.program_stamp import program_stamp
from mcp_dynaload.config.project_environment import PROJECT_SETTINGS
from mcp_dynaload.config.servers_watch import watched_files
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.early.grounds import Grounds

_PACKAGE = Path(__file__).parents[1]
_VARIABLE = re.compile(r"\$\{?(\w+)")


def early_grounds(places: Locations, explicit: Sequence[Path], configs: Iterable[UpstreamConfig]) -> Grounds:
    """Return the names, as far as they can be known; blocks."""
    configs, project = tuple(configs), places.project_dir
    servers = watched_files(places, explicit)
    folders = {folder / ".claude" for folder in (project, Path.cwd())}
    files = {
        *servers,
        places.trust_file,
        places.secrets_file,
        places.user_settings_file,
        places.project_settings_file,
        *places.categories_files,
        *(folder / name for folder in folders for name in PROJECT_SETTINGS),
    }
    return Grounds(
        files=_sorted(files),
        programs=_sorted([*_package_folders(), *_programs(configs, project)]),
        variables=sorted({name for file in servers for name in _VARIABLE.findall(_text(file))}),
        fingerprints=sorted({config.fingerprint(project) for config in configs}),
        catalog=str(places.database_file),
        definitions=str(places.definitions_file),
        running=str(places.peers_dir),
    )


def _programs(configs: Iterable[UpstreamConfig], project: Path) -> list[Path]:
    local = [config for config in configs if config.transport == "stdio"]
    stamps = (program_stamp(one.command, one.args, one.env, one.folder(project)) for one in local)
    return [Path(path) for stamp in stamps for path, *_ in stamp]


def _package_folders() -> list[Path]:
    """Return our own folders: an upgrade, or another commit, changes their times, whatever the version says."""
    return [Path(folder) for folder, _, _ in os.walk(_PACKAGE) if "__pycache__" not in folder]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _sorted(paths: Iterable[Path]) -> list[str]:
    return sorted({str(path) for path in paths})
