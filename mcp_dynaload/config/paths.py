"""Where our files are: configuration, a project's own files, state."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from mcp_dynaload.config.project_environment import PROJECT_VARIABLE, current_folder, set_by_project
from mcp_dynaload.errors import ConfigError

_APP_NAME = "mcp-dynaload"
SERVERS_FILE = "servers.json"
_SETTINGS_FILE = "dynaload.toml"
_CATEGORIES_FILE = "categories.toml"
TRUST_FILE = "trust.json"
SECRETS_FILE = "secrets.json"
PROJECT_CONFIG_DIR = ".mcp-dynaload"


@dataclass(frozen=True, slots=True)
class Locations:
    """The three folders that everything else is found in; all are absolute, none need exist."""

    config_dir: Path
    """The user's configuration."""

    state_dir: Path
    """The folder of what we write: catalog cache, logs, trust, backups."""

    project_dir: Path
    """The folder that the client works in."""

    @property
    def user_servers_file(self) -> Path:
        """The user's upstreams."""
        return self.config_dir / SERVERS_FILE

    @property
    def user_settings_file(self) -> Path:
        """The user's settings."""
        return self.config_dir / _SETTINGS_FILE

    @property
    def project_config_dir(self) -> Path:
        """The project's configuration."""
        return self.project_dir / PROJECT_CONFIG_DIR

    @property
    def project_servers_file(self) -> Path:
        """The project's upstreams; starts nothing until trusted."""
        return self.project_config_dir / SERVERS_FILE

    @property
    def project_settings_file(self) -> Path:
        """The project's settings."""
        return self.project_config_dir / _SETTINGS_FILE

    @property
    def categories_files(self) -> tuple[Path, ...]:
        """The files of tool groups: the user's, then the project's, which wins; they name tools and start nothing."""
        return self.config_dir / _CATEGORIES_FILE, self.project_config_dir / _CATEGORIES_FILE

    @property
    def database_file(self) -> Path:
        """The SQLite database: catalog cache, usage."""
        return self.state_dir / "dynaload.db"

    @property
    def tokens_mark_file(self) -> Path:
        """The mark that access tokens were made; not beside the database, so that it is not lost with it."""
        return self.config_dir / "tokens-were-made"

    @property
    def journal_file(self) -> Path:
        """The SQLite database of what happened."""
        return self.state_dir / "journal.db"

    @property
    def definitions_file(self) -> Path:
        """The SQLite database of approved definitions."""
        return self.state_dir / "definitions.db"

    @property
    def logs_dir(self) -> Path:
        """The folder of our log and of one log per upstream."""
        return self.state_dir / "logs"

    @property
    def logins_dir(self) -> Path:
        """The folder of the user's logins to servers."""
        return self.state_dir / "logins"

    @property
    def user_logins_file(self) -> Path:
        """The SQLite database of the logins of a service's users, sealed."""
        return self.state_dir / "user-logins.db"

    @property
    def secrets_file(self) -> Path:
        """The names of the user's secrets, and the values that no keyring keeps."""
        return self.state_dir / SECRETS_FILE

    @property
    def status_dir(self) -> Path:
        """A line for each running session, which a status line shows."""
        return self.state_dir / "status"

    @property
    def peers_dir(self) -> Path:
        """A file for each server of ours that a client has started."""
        return self.state_dir / "running"

    @property
    def processes_dir(self) -> Path:
        """A file for each process of ours that serves, which says where the user's other processes reach it.

        Its name is short, as the path of a socket must be.
        """
        return self.state_dir / "live"

    @property
    def trust_file(self) -> Path:
        """The project files that the user trusts."""
        return self.state_dir / TRUST_FILE

    @property
    def backups_dir(self) -> Path:
        """The folder of copies of the client's files from before we changed them."""
        return self.state_dir / "backups"


def find_locations(environ: Mapping[str, str]) -> Locations:
    """Return the folders for this user and project; `MCP_DYNALOAD_CONFIG_DIR` and `MCP_DYNALOAD_STATE_DIR` override.

    A repository cannot move them: what its settings for Claude Code set does not count.

    Raises:
        ConfigError: a folder is named with `~user` of nobody, or the one that we are in is gone.
    """
    foreign = set_by_project(environ)
    own = {name: value for name, value in environ.items() if name not in foreign}
    return Locations(
        config_dir=_folder(own, "MCP_DYNALOAD_CONFIG_DIR") or platformdirs.user_config_path(_APP_NAME, False),
        state_dir=_folder(own, "MCP_DYNALOAD_STATE_DIR") or platformdirs.user_state_path(_APP_NAME, False),
        project_dir=_folder(environ, PROJECT_VARIABLE) or current_folder(),
    )


def _folder(environ: Mapping[str, str], variable: str) -> Path | None:
    value = environ.get(variable)
    if not value:
        return None
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError as error:
        raise ConfigError(f"{variable}={value!r}: {error}; give an absolute path") from error


def variables_for(folder: Path) -> dict[str, str]:
    """Return variables that keep a process of ours away from the user's own files: all it has is in this folder."""
    return {
        "MCP_DYNALOAD_CONFIG_DIR": str(folder / "config"),
        "MCP_DYNALOAD_STATE_DIR": str(folder / "state"),
        PROJECT_VARIABLE: str(folder),
        "CLAUDE_CONFIG_DIR": str(folder / "claude"),
    }
