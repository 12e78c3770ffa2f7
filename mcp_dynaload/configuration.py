"""Reads the configuration and opens the catalog that is known of it: all that connects to nothing.

Without the SDK, half a second that commands which only look do without.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mcp_dynaload.catalog.categories import Named
from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, Registration
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.profiles import ChosenProfile
from mcp_dynaload.config.secrets import masker_for
from mcp_dynaload.config.servers_file import UpstreamConfig, UpstreamsRead
from mcp_dynaload.config.servers_watch import Stamp
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.config.written_configuration import read_written
from mcp_dynaload.demo import embedded_servers
from mcp_dynaload.encoder.tokenizer import count_tokens
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.logins.store import LoginStore
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.catalog_index import CatalogIndex, open_rankings
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.catalog_view import CatalogView
from mcp_dynaload.proxy.definition_scan import DefinitionScan
from mcp_dynaload.proxy.known_listings import KnownListings
from mcp_dynaload.proxy.model_text import instructions_text, own_texts
from mcp_dynaload.proxy.pinned_definitions import nothing_found
from mcp_dynaload.proxy.quarantine import Quarantine
from mcp_dynaload.store.backends import open_definitions
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database

SERVER_NAME_VARIABLE = "MCP_DYNALOAD_SERVER_NAME"
"""Where the entry of our plugin says how the client knows the server that it brings."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings, servers and categories, read before anything is started."""

    locations: Locations
    settings: Settings
    upstreams: UpstreamsRead

    categories: Named
    """Groups of tools that the categories files name."""

    is_demo: bool
    """No server is configured: the embedded ones stand in, but not where the plugin has brought us."""

    environ: Mapping[str, str]

    masker: Masker
    """Hides the secrets that stand in the configuration; it learns those of servers that are added later."""

    explicit: tuple[Path, ...] = ()
    """The servers files in the place of the user's and the project's."""

    trust_all: bool = False
    """Whether the project's servers file counts as trusted."""

    stamp: Stamp = ()
    """The servers files just before they were read: a change since then is one, too."""

    profile: ChosenProfile = field(default_factory=ChosenProfile)
    """The profile that sessions begin with."""

    @property
    def configs(self) -> dict[str, UpstreamConfig]:
        """The upstreams by name, in name order."""
        chosen = embedded_configs() if self.is_demo else self.upstreams.upstreams
        return {config.name: config for config in sorted(chosen, key=lambda config: config.name)}

    @property
    def registration(self) -> Registration:
        """How the client that has started us knows us: our plugin says so in the entry that it brings."""
        is_plugins = self.environ.get(SERVER_NAME_VARIABLE) == PLUGIN_SERVER_NAME
        return Registration(PLUGIN_SERVER_NAME) if is_plugins else Registration()

    @property
    def logins(self) -> Logins:
        """The user's logins to servers."""
        store = LoginStore(self.locations.logins_dir, self.masker, in_keyring=self.settings.login_store == "keyring")
        return Logins(store, self.masker, self.settings.login_client_metadata_url, self.environ)

    def with_upstreams(self, upstreams: UpstreamsRead) -> "Configuration":
        """Return the same with other upstreams, whose secrets are hidden from now on, too."""
        self.masker.learn(masker_for(upstreams.upstreams, self.settings, self.environ))
        is_none = not upstreams.upstreams and (bool(upstreams.problems) or is_demo(upstreams, self.environ))
        # who takes the last one out of a session wants none in it, not the demo's
        return replace(self, upstreams=upstreams, is_demo=self.is_demo and is_none)


def read_configuration(
    environ: Mapping[str, str],
    *,
    explicit: Sequence[Path] = (),
    trust_all: bool = False,
    overrides: Mapping[str, str] | None = None,
    goes_on: bool = False,
) -> Configuration:
    """Read settings and servers files; overrides are settings by name, as written on the command line.

    `goes_on`: what is wrong in the user's settings file is among the problems, and the rest is used.

    Raises:
        ConfigError: The settings are wrong.
    """
    written = read_written(environ, explicit=explicit, trust_all=trust_all, overrides=overrides, goes_on=goes_on)
    return Configuration(
        written.locations,
        written.settings,
        written.upstreams,
        written.categories,
        is_demo(written.servers, written.environ),
        written.environ,
        written.masker,
        tuple(explicit),
        trust_all,
        written.stamp,
        written.profile,
    )


def is_demo(upstreams: UpstreamsRead, environ: Mapping[str, str]) -> bool:
    """Return whether the embedded servers stand in: nothing is configured, and no plugin has brought us."""
    is_plugins = environ.get(SERVER_NAME_VARIABLE) == PLUGIN_SERVER_NAME
    return not (upstreams.upstreams or upstreams.problems or upstreams.has_disabled or is_plugins)


def embedded_configs() -> tuple[UpstreamConfig, ...]:
    """Return the demo servers that travel in the package."""
    return tuple(
        UpstreamConfig(
            name=name,
            transport="stdio",
            command=str(entry["command"]),
            args=tuple(entry["args"]),
            env=dict(entry.get("env", {})),
            entry=entry,
            options=UpstreamOptions(pinning="off"),  # these change with us
        )
        for name, entry in embedded_servers().items()
    )


@contextmanager
def open_catalog(configuration: Configuration) -> Generator[CatalogState]:
    """Open the catalog as the cache has it; at exit the database is closed."""
    settings, locations, configs = configuration.settings, configuration.locations, configuration.configs
    with (
        closing(CatalogCache(Database(locations.database_file))) as records,
        open_definitions(settings.store_url, locations.definitions_file) as definitions,
    ):
        is_dynamic = settings.dynamic_loading_enabled
        room, prefix = configuration.registration.room, configuration.registration.prefix
        scan = DefinitionScan(lambda: listings.by_name) if settings.scan_definitions else nothing_found
        quarantine = Quarantine(
            definitions, configuration.masker, settings.pinning, locations.project_dir, scan=scan, room=room
        )
        is_alone = not is_dynamic and len(configs) == 1
        listings = KnownListings(configs, records, locations.project_dir, is_alone, quarantine)
        listings.read()
        own = own_texts(instructions_text(listings.by_name, listings.unseen), prefix) if is_dynamic else {}
        index = CatalogIndex(records, open_rankings(settings.cache_ttl_seconds, settings.max_cache_size))
        yield CatalogState(listings, index, count_tokens, own, configuration.categories, configuration.registration)


def offered_view(configuration: Configuration, live: CatalogState) -> CatalogView:
    """Return the part of the catalog that is chosen from in Claude Code here; for commands, which open no session."""
    from mcp_dynaload.hosts.claude_code.denied_tools import read_deny_rules

    live.client_rules = read_deny_rules(configuration.environ, configuration.locations.project_dir)
    return CatalogView(live, configuration.profile, is_claude_code=True)
