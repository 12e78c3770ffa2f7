"""Settings: read once from command line, environment, project file and user file, validated, frozen."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mcp_dynaload.config_problem import nearest_name
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.locations import Locations

Strategy = Literal["conservative", "balanced", "aggressive"]
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


class Settings(BaseSettings):
    """What the person can set, under these names in `dynaload.toml`.

    Made directly it has the defaults and what is passed in; `read_settings` reads the person's files and environment.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    dynamic_loading_enabled: bool = True
    """False: every tool of every upstream is listed and nothing changes, a plain proxy."""

    default_loading_strategy: Strategy = "balanced"
    """How much to load: the token budget and the bound on what may be left out."""

    cache_ttl_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 3600
    """How long a ranking is kept."""

    max_cache_size: Annotated[int, Field(ge=0)] = 1000
    """How many rankings are kept."""

    detection_timeout_ms: _Milliseconds = 100
    """Longest time to choose tools for a prompt; over it the last choice stays."""

    loading_timeout_ms: _Milliseconds = 500
    """Longest time that a hook's answer is held until the client has the new list."""

    max_concurrent_sessions: _Count = 50
    """Client sessions over HTTP at the same time."""

    metrics_collection_enabled: bool = True
    """False: no journal, no metrics."""

    performance_alerts_enabled: bool = True
    """Tell when a time or budget is exceeded."""

    detailed_logging_enabled: bool = False
    """Write prompts and arguments, redacted, to the log."""

    notify: bool = False
    """Tell the person in a line what was loaded."""

    warm_upstreams: bool = True
    """Start an upstream in the background when its tools are selected, before they are called."""

    max_running_upstreams: _Count = 10
    """Upstream processes at the same time."""

    log_level: LogLevel = "info"
    """Least important events that are logged."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in and nothing else: the library's own sources cannot say where a bad value stands."""
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One source of settings: its values by field name, and what to call each in an error."""

    values: Mapping[str, object]
    places: Mapping[str, str]
    are_strings: bool = False
    """Whether values are text, as in the environment, where "1" is a number too."""


def variable_name(setting: str) -> str:
    """The environment variable of a setting."""
    return setting.upper() if setting in _PLAIN_VARIABLES else f"MCP_DYNALOAD_{setting.upper()}"


def read_settings(locations: Locations, environ: Mapping[str, str], overrides: Mapping[str, object]) -> Settings:
    """The settings of all sources: overrides (the command line), then environment, project file, user file, defaults.

    Raises:
        ConfigError: a file, variable or option is wrong; the text has one line for each mistake.
    """
    layers = [
        *(_file_layer(file) for file in (locations.user_settings_file, locations.project_settings_file)),
        _environment_layer(environ),
        _Layer(overrides, {name: f"--{name.replace('_', '-')}" for name in overrides}),
    ]
    mistakes = [mistake for layer in layers for mistake in _mistakes(layer)]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return Settings(**{name: cast(Any, value) for layer in layers for name, value in layer.values.items()})


def _environment_layer(environ: Mapping[str, str]) -> _Layer:
    """The variables that are set to something."""
    variables = {name: variable_name(name) for name in Settings.model_fields}
    values = {name: environ[variable] for name, variable in variables.items() if environ.get(variable)}
    return _Layer(values, variables, are_strings=True)


def _file_layer(file: Path) -> _Layer:
    try:
        text = file.read_text("utf-8-sig")
        values = tomllib.loads(text)
    except FileNotFoundError:
        return _Layer({}, {})
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}); make it a readable file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_mistake(file, error)) from error
    return _Layer(values, {name: f"{file}{_line_of(name, text)}: {name}" for name in values})


def _syntax_mistake(file: Path, error: tomllib.TOMLDecodeError) -> str:
    line = re.search(r"line (\d+)", str(error))
    place = f"{file}:{line[1]}" if line else f"{file}"
    return f'{place}: is not valid TOML: {error}; a line is: name = "text", name = 1 or name = true'


def _line_of(key: str, text: str) -> str:
    """`:<line>` of a top-level key or table, if it can be found."""
    found = re.search(rf"^\s*(?:\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[\].=]", text, re.MULTILINE)
    return f":{text.count(chr(10), 0, found.end()) + 1}" if found else ""


def _mistakes(layer: _Layer) -> list[str]:
    known = {name: value for name, value in layer.values.items() if name in Settings.model_fields}
    wrong = (
        {} if layer.are_strings else {name: fix for name, value in known.items() if (fix := _other_type(name, value))}
    )
    try:
        Settings(**{name: cast(Any, value) for name, value in known.items() if name not in wrong})
    except ValidationError as error:
        wrong |= {str(detail["loc"][0]): _requirement(detail["msg"]) for detail in error.errors(include_url=False)}
    unknown = layer.values.keys() - known.keys()
    return [
        *(f"{layer.places[name]} is not a setting; {nearest_name(name, Settings.model_fields)}" for name in unknown),
        *(f"{layer.places[name]} is {layer.values[name]!r}; {fix}" for name, fix in wrong.items()),
    ]


def _other_type(name: str, value: object) -> str | None:
    """What the setting must be, if the value has another type: in TOML "1" is no number and 1 not true."""
    default = Settings.model_fields[name].get_default()
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "it must be true or false"
    if isinstance(default, str):
        return None if isinstance(value, str) else "it must be a text in quotes"
    return None if isinstance(value, int | float) and not isinstance(value, bool) else "it must be a number"


def _requirement(message: str) -> str:
    wanted = message.split(", unable")[0].replace("Input should be", "it must be")
    return f"{wanted}, true or false" if "boolean" in wanted else wanted
