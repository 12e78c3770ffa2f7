"""The options with which a program opens the API, and the configuration that they make."""

import json
import os
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast

from mcp_dynaload.api.arguments import seconds
from mcp_dynaload.config.paths import variables_for
from mcp_dynaload.config.server_entry import SERVERS_KEY
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.configuration import Configuration, read_configuration
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.telemetry.alerts import thresholds_of

LoadingStrategy = Strategy

Servers = str | Path | Sequence[str | Path] | Mapping[str, object]
"""Servers files, or what stands in one: `{"mcpServers": {…}}`."""


class IntegrationMode(StrEnum):
    """The kind of environment that a program runs in."""

    PRODUCTION = "production"
    """The user's configuration and state; a wrong entry stops only that server."""

    DEVELOPMENT = "development"
    """The same with a detailed log; a mistake in the configuration is an error."""

    TESTING = "testing"
    """Nothing of the user's is read or written: the given servers or the embedded ones, a state folder that is
    removed at the end; a mistake in the configuration is an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The arguments of `Dynaload.open`; None: as the settings say."""

    config: Servers | None = None
    """A servers file, several, or what stands in one; none: the user's and the project's, and with no server at all
    the embedded ones."""

    mode: IntegrationMode = IntegrationMode.PRODUCTION
    """`DEVELOPMENT`: detailed log, and a mistake in a servers file is an error; `TESTING`: that, and nothing of the
    user's is read or written."""

    strategy: LoadingStrategy | None = None
    """How much is loaded."""

    enable_monitoring: bool | None = None
    """Whether counts and journal are kept and used."""

    enable_user_controls: bool = True
    """False: commands are refused."""

    enable_caching: bool | None = None
    """Whether rankings of queries are kept."""

    cache_ttl_seconds: float | None = None
    """For how long."""

    max_concurrent_sessions: int | None = None
    """Conversations at the same time; the least recently used idle one makes room."""

    enable_performance_alerts: bool | None = None
    """Whether it is told that a bound is left."""

    health_check_interval: float = 30.0
    """Seconds; changes of health go to the log, which is the program's own `logging`, under `mcp_dynaload`."""

    metrics_export_interval: float = 60.0
    """Seconds; a summary goes to the same log."""

    alert_thresholds: Mapping[str, float] = field(default_factory=dict[str, float])
    """By the names of the settings: `success_rate_min`, `avg_response_time_max` …"""

    def __post_init__(self) -> None:
        for name in ("health_check_interval", "metrics_export_interval"):
            seconds(name, getattr(self, name))
        known = thresholds_of(Settings())
        for name in self.alert_thresholds:
            if name not in known:
                raise ConfigError(f"alert_thresholds: {name!r} is none of {', '.join(known)}")

    @property
    def settings(self) -> dict[str, str]:
        """The settings that were given, by name, as they would be written on the command line."""
        ttl = 0 if self.enable_caching is False else self.cache_ttl_seconds
        given = {
            "default_loading_strategy": self.strategy,
            "metrics_collection_enabled": self.enable_monitoring,
            "cache_ttl_seconds": ttl,
            "max_concurrent_sessions": self.max_concurrent_sessions,
            "performance_alerts_enabled": self.enable_performance_alerts,
            "log_level": "debug" if self.mode is IntegrationMode.DEVELOPMENT else None,
            **self.alert_thresholds,
        }
        return {name: str(value).lower() for name, value in given.items() if value is not None}


@contextmanager
def configured(options: Options) -> Generator[Configuration]:
    """Make the configuration of the options and the environment; its temporary files are gone at exit.

    Raises:
        ConfigError: A setting is wrong, or, but in production, an entry of a servers file.
    """
    with ExitStack() as stack:
        environ = dict(os.environ)
        if options.mode is IntegrationMode.TESTING:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcp-dynaload-testing-")))
            environ |= variables_for(folder)
        files = _files(options.config, stack)
        configuration = read_configuration(environ, explicit=files, overrides=options.settings)
        problems = configuration.upstreams.problems
        if problems and options.mode is not IntegrationMode.PRODUCTION:
            raise ConfigError("\n".join(map(str, problems)))
        yield configuration


def without_client(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without a client's variables: nobody waits for a terminal, no client's session goes on."""
    return {**environ, "CLAUDE_CODE_ENTRYPOINT": "sdk", "CLAUDE_CODE_SESSION_ID": ""}


def _several(config: object) -> tuple[Path, ...]:
    files = list(cast(Sequence[object], config)) if isinstance(config, list | tuple) else [config]
    paths = [file for file in files if isinstance(file, str | Path)]
    if len(paths) < len(files):
        raise ConfigError(f"config is {config!r:.60}; give a servers file, a list of them, or what stands in one")
    return tuple(map(Path, paths))


def _files(config: Servers | None, stack: ExitStack) -> tuple[Path, ...]:
    if config is None:
        return ()
    if isinstance(config, str | Path):
        return (Path(config),)
    if not isinstance(config, Mapping):
        return _several(config)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcp-dynaload-servers-")))
    file = folder / "config"
    content = config if SERVERS_KEY in config else {SERVERS_KEY: config}
    try:
        file.write_text(json.dumps(content), encoding="utf-8")
    except TypeError as error:
        raise ConfigError(f"config is no JSON ({error}); give what stands in a servers file, or the file") from error
    return (file,)
