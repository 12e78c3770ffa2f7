"""Settings: read once from command line, environment, project file and user file, validated, frozen."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem, nearest_name, written_path
from mcp_dynaload.config.profiles import NAME_PATTERN, NAME_RULE, NO_PROFILE, NOT_THE_PROJECTS, PROFILES_KEY
from mcp_dynaload.config.project_environment import OUR_PREFIX, set_by_project
from mcp_dynaload.config.service_settings import ServiceSettings
from mcp_dynaload.config.telemetry_settings import TelemetrySettings
from mcp_dynaload.config.toml_file import read_toml
from mcp_dynaload.config.trust import distrust
from mcp_dynaload.config.upstream_config import ContentScan, Pinning
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.machine.bounded_files import read_inside

Strategy = Literal["conservative", "balanced", "aggressive"]
ToxicFlow = Literal["off", "notice", "ask"]
LogLevel = Literal["debug", "info", "warning", "error"]
_Count = Annotated[int, Field(ge=1)]
_Milliseconds = Annotated[int, Field(ge=0)]

_PLAIN_VARIABLES = frozenset(
    {
        "dynamic_loading_enabled",
        "default_loading_strategy",
        "cache_ttl_seconds",
        "max_cache_size",
        "detection_timeout_ms",
        "loading_timeout_ms",
        "max_concurrent_sessions",
        "metrics_collection_enabled",
        "performance_alerts_enabled",
        "detailed_logging_enabled",
    }
)
"""Settings whose environment variable is the name in capitals; the others' starts with `MCP_DYNALOAD_`."""

_HARMLESS = frozenset({"default_loading_strategy", "notify", "profile", "warm_upstreams"})
"""Settings that a project's file may make without trust.

A repository must not log prompts, stretch waits or switch loading off, which would list every tool of every server.
"""


_STRICTEST: Mapping[str, object] = {
    "pinning": "enforce",
    "scan_definitions": True,
    "content_scan": "block",
    "toxic_flow": "ask",
}
"""Guards: where the user's word about one cannot be read, it may have been any, so the strictest holds."""


_SET_BY_CLIENT = _HARMLESS - {"profile"}
"""Settings that a project's settings for the client may make, too: of a profile only its own file tells whose it is."""


class Settings(ServiceSettings, TelemetrySettings):
    """The settings that the user can make, under these names in `dynaload.toml`.

    Made directly it has the defaults and what is passed in; `read_settings` reads the user's files and environment.
    """

    dynamic_loading_enabled: bool = True
    """False: list every tool of every server and change nothing, a plain proxy; the way out if anything is in your
    way."""

    default_loading_strategy: Strategy = "balanced"
    """How much is loaded: `conservative` leaves least out, `aggressive` saves most tokens."""

    cache_ttl_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 3600
    """How long the tools ranked for a prompt are kept in memory; 0: not at all."""

    max_cache_size: Annotated[int, Field(ge=0)] = 1000
    """How many such rankings are kept; 0: none."""

    detection_timeout_ms: _Milliseconds = 100
    """Longest time to choose tools for a prompt; over it the ranking by words, a matter of milliseconds, decides."""

    loading_timeout_ms: _Milliseconds = 500
    """Longest time that a prompt waits for the client to read the changed list (1.2 s where the client has read it
    within the last second, because it reads at most once a second; 5 s for one of `following_clients`, as long as it
    has always read: it does so in hundredths of one, but on a busy machine), and for the index in a session's first
    moments."""

    metrics_collection_enabled: bool = True
    """False: count and journal nothing, learn nothing of which tools a project uses, and use nothing of it. Names,
    counts, times and sizes are kept; nothing else of what you do."""

    performance_alerts_enabled: bool = True
    """Tell in the log, the journal, the dashboard and by webhook when one of the bounds below is left, and when the
    value is clearly back."""

    detailed_logging_enabled: bool = False
    """True: write prompts, tool arguments and results to log and journal, known secrets masked."""

    profile: Annotated[str, Field(pattern=NAME_PATTERN)] = NO_PROFILE
    """The profile in use, by which tools of some servers alone are chosen, listed and found; `none`: all
    servers."""

    notify: bool = False
    """True: tell in one line what was loaded for a prompt."""

    status_cell: bool = True
    """The plugin shows under the prompt how many tools are loaded and what that saves."""

    between_steps: bool = True
    """The plugin loads a tool in the middle of a turn when the model takes another way for want of it."""

    pinning: Pinning = "enforce"
    """The treatment of a definition that a server has changed, or added, since you approved it: `enforce` holds it back
    until `mcp-dynaload quarantine approve`, `warn` tells of it and uses it, `off` does not look. An entry may say
    otherwise for its server."""

    scan_definitions: bool = True
    """Hold back, also at first sight, a definition in which a scan finds hidden characters, orders to the model, theft
    or another server's name, until `mcp-dynaload quarantine approve`; false: such are used like others."""

    content_scan: ContentScan = "off"
    """Scan the arguments of each call for secrets (those of the configuration, private keys, tokens of known forms) and
    its result for orders to the model and hidden text, prompts and resources that are read too: `warn` tells you and
    the model, `block` keeps the call or its result back. An entry may say otherwise for its server."""

    toxic_flow: ToxicFlow = "notice"
    """The treatment of tools that together can read private data, take in what outsiders wrote and send out: `notice`
    tells you, once in a project for each combination of servers, `ask` does not load the tool that would complete them
    until you say `/dynaload:allow-flow`, `off` does not look."""

    warm_upstreams: bool = True
    """Start a server in the background when its tools were loaded with high confidence; false: only when one of them
    is called."""

    early_answers: bool = True
    """Answer the first requests of a client that starts us from what the last such start answered, where nothing has
    changed that they depend on, while the rest of the program is read; false: when all is read."""

    max_running_upstreams: _Count = 10
    """How many server processes run at the same time."""

    login_store: Literal["file", "keyring"] = "file"
    """Where your logins to servers are kept on this machine: `file`, which only you may read, or `keyring`, the
    system's (extra `keyring`); where there is none, the file has them, which is told."""

    login_client_metadata_url: Annotated[str, Field(pattern=r"^(?:https://[^/\s]+/\S+)?$")] = ""
    """The address of a client id metadata document that names us to authorization servers that take one; without it
    we register ourselves at each."""

    log_level: LogLevel = "info"
    """Least important events that are logged."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """A source of settings: its values by field name, and the name of each in an error."""

    values: Mapping[str, object]
    places: Mapping[str, str]
    are_strings: bool = False
    """Whether values are text, as in the environment, where "1" is a number too."""


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """The settings that a project's file makes, as far as it may, and what else stands in it."""

    values: Mapping[str, object]
    problems: tuple[ConfigProblem, ...]


def variable_name(setting: str) -> str:
    """Return the environment variable of a setting."""
    return setting.upper() if setting in _PLAIN_VARIABLES else f"MCP_DYNALOAD_{setting.upper()}"


def own_variables(environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[ConfigProblem, ...]]:
    """Return the environment without what a project's settings for the client set of ours, and what was left out."""
    settings = {variable_name(name): name for name in Settings.model_fields}
    ignored = {
        variable: file
        for variable, file in set_by_project(environ).items()
        if (variable in settings or variable.startswith(OUR_PREFIX)) and settings.get(variable) not in _SET_BY_CLIENT
    }
    what, fix = "is not used, as it comes with the project", "set it in your own settings if you want it"
    problems = tuple(ConfigProblem(file, f"env.{name}", what, fix) for name, file in ignored.items())
    return {name: value for name, value in environ.items() if name not in ignored}, problems


def read_settings(
    locations: Locations,
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
    project: ProjectSettings,
    told: list[ConfigProblem] | None = None,
) -> Settings:
    """Read the settings of all sources: overrides (command line), environment, project, user file, defaults.

    With a list, what is wrong in the user's file is added to it and the rest is used.

    Raises:
        ConfigError: the user's file, a variable or an option is wrong; the text has one line for each mistake.
    """
    path = locations.user_settings_file
    layers = [
        _user_layer(path) if told is None else _usable_layer(path, told),
        _Layer(project.values, {}),
        _environment_layer(environ),
        _Layer(overrides, {name: f"--set {name}" for name in overrides}, are_strings=True),
    ]
    mistakes = [
        f"{layer.places[name]} {what}; {fix}" for layer in layers for name, (what, fix) in _mistakes(layer).items()
    ]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return Settings(**{name: cast(Any, value) for layer in layers for name, value in layer.values.items()})


def read_project_settings(path: Path, is_trusted: Callable[[Path, bytes], bool]) -> ProjectSettings:
    """Read the settings in the project's file that may count; a repository brings it, so nothing in it stops us."""
    file = read_toml(path, partial(read_inside, path, path.parents[1]))
    if file is None:
        return ProjectSettings({}, ())
    if isinstance(file, ConfigProblem):
        return ProjectSettings({}, (file,))
    written = _flat(file.values)
    mistakes = _mistakes(_Layer(written, {}))
    if PROFILES_KEY in written:
        mistakes[PROFILES_KEY] = NOT_THE_PROJECTS
    reserved = [name for name in written if name not in mistakes and name not in _HARMLESS]
    untrusted = "is not used, as the project's file is not trusted"
    found = distrust(file.path, file.raw, is_trusted, effect="is not used", untrusted=untrusted) if reserved else None
    mistakes |= dict.fromkeys(reserved, (found.reason, found.fix)) if found else {}
    return ProjectSettings(
        {name: value for name, value in written.items() if name not in mistakes},
        tuple(
            ConfigProblem(file.path, written_path((name,)), what, fix, _line_of(name, file.text))
            for name, (what, fix) in mistakes.items()
        ),
    )


def _environment_layer(environ: Mapping[str, str]) -> _Layer:
    """Return the variables that are set to something."""
    variables = {name: variable_name(name) for name in Settings.model_fields}
    values = {name: environ[variable] for name, variable in variables.items() if environ.get(variable)}
    return _Layer(values, variables, are_strings=True)


def _usable_layer(path: Path, told: list[ConfigProblem]) -> _Layer:
    """Return what of the user's file can be used; another version of us may have written it."""
    file = read_toml(path, path.read_bytes)
    if isinstance(file, ConfigProblem):
        told.append(replace(file, what=f"{file.what}, so nothing in it is used and the guards are at their strictest"))
        return _Layer(_STRICTEST, {})
    layer = _user_layer(path)
    usable = dict(layer.values)
    for name, (what, fix) in _mistakes(layer).items():
        del usable[name]
        if name in _STRICTEST:
            usable[name] = _STRICTEST[name]
        now = (
            f", so {usable.get(name, Settings.model_fields[name].get_default())!r} holds"
            if name in Settings.model_fields
            else ""
        )
        told.append(ConfigProblem(path, name, f"{what}{now}", fix, _line_of(name, file.text) if file else None))
    return _Layer(usable, {})


def _user_layer(path: Path) -> _Layer:
    file = read_toml(path, path.read_bytes)
    if file is None:
        return _Layer({}, {})
    if isinstance(file, ConfigProblem):
        raise ConfigError(str(file))
    values = {name: value for name, value in _flat(file.values).items() if name != PROFILES_KEY}
    lines = {name: _line_of(name, file.text) for name in values}
    return _Layer(
        values, {name: f"{path}:{line}: {name}" if line else f"{path}: {name}" for name, line in lines.items()}
    )


def _flat(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values by setting: `store.url` and a table `[store]` with `url` are ways to write `store_url`."""
    store = values.get("store")
    if not isinstance(store, dict):
        return dict(values)
    inside = cast(dict[str, object], store)
    return {name: value for name, value in values.items() if name != "store"} | {
        f"store_{name}": value for name, value in inside.items()
    }


def _line_of(key: str, text: str) -> int | None:
    """Return the line of a top-level key or table, if it can be found."""
    written = f"{re.escape(key)}|store(?=\\s*[\\].])" if key.startswith("store_") else re.escape(key)
    found = re.search(rf"^\s*(?:\[+\s*)?[\"']?(?:{written})[\"']?\s*[\].=]", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else None


def _other_name(name: str) -> str:
    """Return a text that corrects an unknown name, which a later version may know."""
    fix = nearest_name(name, Settings.model_fields)
    if fix.startswith("known are"):
        return f"take it out, or upgrade mcp-dynaload if a newer one wrote it; {fix}"
    return fix


_KEYS = frozenset({"alert_webhook"})
"""Settings whose value is never shown, since all of it may be a key."""


def _mistakes(layer: _Layer) -> dict[str, tuple[str, str]]:
    """Return each mistake and its fix, by name."""
    known = {name: value for name, value in layer.values.items() if name in Settings.model_fields}
    wrong = (
        {} if layer.are_strings else {name: fix for name, value in known.items() if (fix := _other_type(name, value))}
    )
    try:
        Settings(**{name: cast(Any, value) for name, value in known.items() if name not in wrong})
    except ValidationError as error:
        wrong |= {str(detail["loc"][0]): _requirement(detail["msg"]) for detail in error.errors(include_url=False)}
    unknown = [name for name in layer.values if name not in known]
    return {name: ("is not a setting", _other_name(name)) for name in unknown} | {
        name: ("is no address" if name in _KEYS else f"is {_shown(layer.values[name])}", fix)
        for name, fix in wrong.items()
    }


def _shown(value: object) -> str:
    """Return the value as it is written, without the user and password of an address."""
    return re.sub(r"://[^/@\s]*@", "://…@", repr(value))


def _other_type(name: str, value: object) -> str | None:
    """Return the type the setting must have, if the value has another: in TOML "1" is no number and 1 not true."""
    default = Settings.model_fields[name].get_default()
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "it must be true or false"
    if isinstance(default, str):
        return None if isinstance(value, str) else "it must be a text in quotes"
    return None if isinstance(value, int | float) and not isinstance(value, bool) else "it must be a number"


def _requirement(message: str) -> str:
    if NAME_PATTERN in message:
        return NAME_RULE
    wanted = message.split(", unable")[0].replace("Input should be", "it must be")
    if "pattern" in wanted and "redis" in wanted:
        return "it must be redis://host:6379/0, rediss:// or unix://, or empty"
    if "pattern" in wanted:
        return "it must be a whole address such as https://tools.example/path, or empty"
    return f"{wanted}, true or false" if "boolean" in wanted else wanted
