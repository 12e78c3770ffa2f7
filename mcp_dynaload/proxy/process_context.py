"""The objects that all sessions of a process have in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio

from mcp_dynaload.config.profiles import ChosenProfile, Profile
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.logins.user_logins import UserLogins
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.client import ClientEnvironment
from mcp_dynaload.proxy.learning import Learning
from mcp_dynaload.store.peers import Peers
from mcp_dynaload.store.status_lines import StatusLines
from mcp_dynaload.store.usage import UsageStore, project_of
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.pipeline import Telemetry


@dataclass(frozen=True, slots=True)
class ProcessContext:
    """The settings, the catalog, what the client said of itself, and what is known of projects."""

    settings: Settings
    live: CatalogState
    environment: ClientEnvironment
    """The environment of a client that has started us or is in our process."""

    memory: UsageStore
    status_lines: StatusLines
    """Where each session's line for a status line is kept."""

    telemetry: Telemetry = field(default_factory=Telemetry)
    masker: Masker = field(default_factory=Masker)
    """Hides secrets in whatever is told or noted."""

    peers: Peers = field(default_factory=Peers)
    """The servers of ours that the client has started beside this one."""

    logins: Logins | None = None
    """The user's logins to servers; None: none are used."""

    user_logins: UserLogins | None = None
    """The logins of a service's users; None: all use the one above."""

    profile: ChosenProfile = field(default_factory=ChosenProfile)
    """The profile that sessions begin with."""

    read_profiles: Callable[[], Mapping[str, Profile]] = dict
    """Reads all profiles of the user as they are now; raises ConfigError if their file is wrong."""

    notice: str = ""
    """A line that the user of each session is told once."""

    pin_readers: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))
    """Lets one session at a time ask a store that does not answer for its pins: each takes a thread while it waits."""

    @property
    def event_bus(self) -> EventBus:
        """The bus to which everything that happens is told."""
        return self.telemetry.event_bus

    def learning(self, user: str = "", session_id: str | None = None) -> Learning:
        """Return a new session's notes and knowledge, of its user's if several are served."""
        is_on = self.settings.metrics_collection_enabled and self.settings.dynamic_loading_enabled
        project = project_of(self.live.listings.project_dir, user)
        return Learning(self.memory, project, is_on, session_id or "")
