"""Builds and connects everything; nothing else does."""

import math
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import structlog
from mcp.server.runner import serve_loop

from mcp_dynaload.catalog.deny_rules import DenyRule
from mcp_dynaload.config.early_grounds import early_grounds
from mcp_dynaload.config.profiles import read_profiles
from mcp_dynaload.config.servers_file import read_upstreams
from mcp_dynaload.config.servers_watch import ServersChange, Stamp, stamp_of, with_kept
from mcp_dynaload.config.written_configuration import followed_files
from mcp_dynaload.configuration import Configuration, open_catalog
from mcp_dynaload.early.exchanges import FirstExchanges
from mcp_dynaload.early.grounds import Grounds
from mcp_dynaload.early.start import EarlyStart
from mcp_dynaload.logins.user_logins import UserLogins
from mcp_dynaload.machine.background import kept_up, open_aside
from mcp_dynaload.machine.logs import set_up_logs
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.client import ClientEnvironment
from mcp_dynaload.proxy.definition_repair import Oddities
from mcp_dynaload.proxy.first_answers import FirstAnswers
from mcp_dynaload.proxy.held_definitions import Held
from mcp_dynaload.proxy.process_context import ProcessContext
from mcp_dynaload.proxy.process_snapshot import ProcessKind
from mcp_dynaload.proxy.server import ProxyServer, open_proxy_server
from mcp_dynaload.proxy.session_control import open_control
from mcp_dynaload.store.backends import open_usage
from mcp_dynaload.store.peers import Origin, Peers
from mcp_dynaload.store.status_lines import StatusLines
from mcp_dynaload.store.usage import project_of
from mcp_dynaload.telemetry.events import NOBODY, ConfigurationChanged, DefinitionsHeld, ListingMended
from mcp_dynaload.telemetry.pipeline import open_telemetry
from mcp_dynaload.transport.stdio import open_stdio
from mcp_dynaload.upstream.list_offline import OfflineListings, list_upstreams
from mcp_dynaload.upstream.listing import Listing

FIRST_LISTING_SECONDS = 60.0
"""How long somebody who waits for an answer waits for servers that were never listed: without them there is little to
choose from."""

POLL_SECONDS = 0.5
"""Between looks at the servers files."""

SETTLED_SECONDS = 0.15
"""A change counts when it is still the same after so long: nothing is read that is being written, and what was read is
in use within two seconds, on a busy machine, too."""

MAX_NAMED = 3
"""Keys that a line names."""

log = structlog.get_logger()


async def refresh_catalog(
    configuration: Configuration,
    live: CatalogState,
    names: Iterable[str] | None = None,
    *,
    done: Callable[[str], None] = lambda name: None,
    within_seconds: float = math.inf,
) -> OfflineListings:
    """List upstreams, all unless some are named, a few at a time, and take over each listing as it comes.

    `done` is told the name of each that is through, with success or not. One that fails stops no other.
    """
    configs, places = live.listings.configs, configuration.locations
    chosen = [configs[name] for name in (configs if names is None else names)]

    async def heard(name: str, listing: Listing) -> None:
        await live.update(name, listing)
        done(name)

    listed = await list_upstreams(
        chosen,
        places.project_dir,
        places.logs_dir,
        heard,
        within_seconds,
        configuration.masker,
        configuration.logins,
    )
    live.listings.failures |= listed.errors
    for name in listed.errors:
        done(name)
    return listed


@asynccontextmanager
async def open_proxy(
    configuration: Configuration,
    *,
    is_service: bool = False,
    peers: Peers | None = None,
    user_logins: UserLogins | None = None,
) -> AsyncGenerator[ProxyServer]:
    """Open the server, ready to be connected to a transport; many clients connect to a service."""
    settings, locations = configuration.settings, configuration.locations
    with open_catalog(configuration) as live, open_usage(settings.store_url, locations.database_file) as memory:
        environment = ClientEnvironment.read(configuration.environ)
        folder, masker = locations.project_dir, configuration.masker
        servers = {name: config.entry_digest(folder) for name, config in configuration.configs.items()}
        mended = [mended_event(name, oddities) for name, oddities in sorted(live.oddities.items())]
        async with open_telemetry(
            settings, locations.journal_file, project_of(folder), servers, mended, masker
        ) as telemetry:
            live.observe_oddities(lambda name, oddities: telemetry.event_bus.emit(mended_event(name, oddities)))
            live.observe_held(lambda name, held: telemetry.event_bus.emit(held_event(name, held)))
            lines = StatusLines(locations.status_dir)
            shared = ProcessContext(
                settings,
                live,
                environment,
                memory,
                lines,
                telemetry,
                masker,
                peers or Peers(),
                configuration.logins,
                user_logins,
                configuration.profile,
                partial(read_profiles, locations.user_settings_file),
                _settings_line(configuration),
            )
            async with (
                open_proxy_server(shared, locations.logs_dir, is_service=is_service) as proxy,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(follow_servers_files, configuration, proxy)
                if not is_service:  # whose clients have settings of their own
                    proxy.live.client_rules = await anyio.to_thread.run_sync(_client_rules, configuration)
                    tasks.start_soon(kept_up, _follow_client_rules, configuration, proxy)
                yield proxy
                tasks.cancel_scope.cancel()


def _settings_line(configuration: Configuration) -> str:
    """Return what the user is told of mistakes in their settings file; empty if there are none."""
    file = configuration.locations.user_settings_file
    wrong = [problem.key for problem in configuration.upstreams.problems if problem.file == file]
    if not wrong:
        return ""
    names = ", ".join(wrong[:MAX_NAMED]) if all(wrong) else "all of it"
    return (
        f"dynaload: {file} has what cannot be used ({names}); `mcp-dynaload doctor` says what is wrong and what holds."
    )


async def follow_servers_files(configuration: Configuration, proxy: ProxyServer) -> None:
    """Take changes of the servers files over, for ever: within two seconds, once nobody is writing any more."""
    files = followed_files(configuration.locations, configuration.explicit)
    told = tuple(map(str, configuration.upstreams.problems))
    proxy.live.problems, proxy.live.unused = told, configuration.upstreams.unused
    async for _ in _changes(lambda: files, configuration.stamp):
        try:
            configuration = await anyio.to_thread.run_sync(_read_again, configuration)
            change = await proxy.reconfigure(configuration.configs)
        except Exception:  # the servers of before go on, whatever is wrong with the files or with us
            log.exception("servers_files_not_taken_over", consequence="the servers are as they were")
            continue
        problems = tuple(map(str, configuration.upstreams.problems))
        _tell_servers(proxy, change, [problem for problem in problems if problem not in told])
        proxy.live.problems = told = problems
        proxy.live.unused = configuration.upstreams.unused


def _client_rules(configuration: Configuration) -> tuple[DenyRule, ...]:
    """Read the rules by which Claude Code denies tools; blocks."""
    from mcp_dynaload.hosts.claude_code.denied_tools import read_deny_rules

    try:
        return read_deny_rules(configuration.environ, configuration.locations.project_dir)
    except Exception:  # the client refuses what they deny all the same
        log.exception("client_rules_not_read", consequence="what Claude Code denies may be chosen")
        return ()


async def _follow_client_rules(configuration: Configuration, proxy: ProxyServer) -> None:
    """Take changes of the client's rules over, for ever."""
    from mcp_dynaload.hosts.claude_code.denied_tools import settings_files

    files = partial(settings_files, configuration.environ, configuration.locations.project_dir)
    async for _ in _changes(files, ()):
        rules = await anyio.to_thread.run_sync(_client_rules, configuration)
        if rules != proxy.live.client_rules:
            proxy.live.client_rules = rules
            proxy.shared.event_bus.emit(ConfigurationChanged(what="client's rules", detail=f"{len(rules)} deny tools"))


async def _changes(files: Callable[[], Sequence[Path]], taken: Stamp) -> AsyncGenerator[None]:
    """Yield once for each change of the files, for ever, once nobody is writing any more."""
    seen = taken
    while True:
        await anyio.sleep(POLL_SECONDS if seen == taken else SETTLED_SECONDS)
        before, seen = seen, await anyio.to_thread.run_sync(lambda: stamp_of(files()))
        if seen != taken and seen == before:
            taken = seen
            yield


def _read_again(configuration: Configuration) -> Configuration:
    """Read the servers files; what cannot be used in them stays as it was."""
    places, before = configuration.locations, configuration.upstreams
    read = read_upstreams(
        places, explicit=configuration.explicit, environ=configuration.environ, trust_all=configuration.trust_all
    )
    return configuration.with_upstreams(with_kept(before.upstreams, read, places.state_dir))


def _tell_servers(proxy: ProxyServer, change: ServersChange, problems: Sequence[str]) -> None:
    """Tell how the servers have changed, and once what keeps an entry from being used."""
    if change:
        proxy.shared.event_bus.emit(ConfigurationChanged(what="servers", detail=str(change)))
    for problem in problems:
        log.warning("configuration_problem", problem=problem, consequence="what cannot be used is as it was")
        proxy.shared.event_bus.emit(ConfigurationChanged(what="servers file", detail=problem))


def peers_of(configuration: Configuration) -> Peers:
    """Return the servers of ours that the same client has started."""
    own = Origin.PLUGIN if configuration.registration.is_plugins else Origin.REGISTERED
    client, places = ClientEnvironment.read(configuration.environ).session_id, configuration.locations
    return Peers(places.peers_dir, client, own, is_expected=own is Origin.PLUGIN and _is_registered(configuration))


def _is_registered(configuration: Configuration) -> bool:
    from mcp_dynaload.hosts.claude_code.check import is_registered  # only where a plugin has brought us

    return is_registered(configuration.environ, configuration.locations.project_dir)


def mended_event(upstream: str, oddities: Oddities) -> ListingMended:
    """Return the event that a listing has such elements."""
    return ListingMended(
        who=NOBODY,
        upstream=upstream,
        repaired=oddities.repaired,
        left_out=oddities.left_out,
        detail=str(oddities),
        elements=oddities.sentences,
    )


def held_event(upstream: str, held: Held) -> DefinitionsHeld:
    """Return the event that such definitions of a server are held back."""
    return DefinitionsHeld(
        who=NOBODY,
        upstream=upstream,
        count=len(held.elements),
        in_use=held.is_in_use,
        entry_changed=held.is_entry_changed,
        detail=held.counts or ("what was approved cannot be read" if held.is_unknown else "nothing any more"),
    )


def log_problems(configuration: Configuration) -> None:
    """Tell what is wrong with the files, and what stands in where there are none."""
    for problem in configuration.upstreams.problems:
        log.warning("configuration_problem", problem=str(problem))
    for warning in configuration.upstreams.warnings:
        log.warning("configuration_warning", warning=str(warning))
    if configuration.is_demo:
        log.warning("no_server_configured", using="the embedded demo servers", fix="run `mcp-dynaload init`")


def _grounds(configuration: Configuration, early: EarlyStart) -> Grounds | None:
    """Return what the first answers depend on; None where they are not to be kept, or that cannot be known."""
    settings, places = configuration.settings, configuration.locations
    is_here = Path(early.file).parent.parent == places.state_dir
    if not settings.early_answers or settings.store_url or configuration.registration.is_plugins or not is_here:
        return None
    found = early_grounds(places, configuration.explicit, configuration.configs.values())
    is_as_read = stamp_of(followed_files(places, configuration.explicit)) == configuration.stamp
    return found if is_as_read else None


def _unwatched(first: FirstExchanges) -> None:
    """Make nothing of it."""


async def serve_stdio(configuration: Configuration, early: EarlyStart | None = None) -> None:
    """Serve one client on stdin and stdout until it leaves or a signal comes; from an early start all is taken over."""
    set_up_logs(
        configuration.settings.log_level, configuration.locations.logs_dir, to_stderr=True, masker=configuration.masker
    )
    log_problems(configuration)
    first = FirstAnswers(early, _grounds(configuration, early), configuration.environ) if early else None
    peers = peers_of(configuration)
    async with (
        open_stdio(early, first.note if first else _unwatched) as (read, write),
        open_aside(_joined(peers)),
        open_proxy(configuration, peers=peers) as proxy,
        open_aside(open_control(proxy, configuration.locations.processes_dir, ProcessKind.SESSION)),
        anyio.create_task_group() as tasks,
    ):
        if first is not None:
            tasks.start_soon(first.follow, proxy)
        await serve_loop(proxy.server, read, write, lifespan_state={})
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def _joined(peers: Peers) -> AsyncGenerator[None]:
    with peers.joined():
        yield
