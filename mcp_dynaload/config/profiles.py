"""Profiles: named sets of servers and pins, which the user writes in a settings file and chooses among."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, cast

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from mcp_dynaload.config.problems import ConfigProblem, nearest_name, written_path
from mcp_dynaload.config.toml_file import TomlFile, read_toml
from mcp_dynaload.errors import ConfigError

PROFILES_KEY = "profiles"
"""The table of a settings file that has a table for each profile."""

NO_PROFILE = "none"
"""Chosen where none is to be in use; so no profile has this name."""

NAME_PATTERN = r"^[A-Za-z0-9_-]{1,40}$"
NAME_RULE = "it must be a name of at most 40 letters, digits, '_' and '-'"
NOT_THE_PROJECTS = (
    "is not used, as profiles are the user's own",
    'write them into your own dynaload.toml; a project\'s file chooses one of them: profile = "NAME"',
)

_EXAMPLE = 'write: servers = ["github", "linear*"]'
_Glob = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A set of servers, whose tools are chosen, listed and found while it is in use, and of pins."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    servers: tuple[_Glob, ...] = ("*",)
    """Globs on names of servers."""

    pins: tuple[_Glob, ...] = ()
    """Globs on names of tools, as our list has them: these are listed from the start."""

    def has(self, server: str) -> bool:
        """Return whether the server is in it."""
        return any(fnmatchcase(server, glob) for glob in self.servers)

    def pins_tool(self, name: str) -> bool:
        """Return whether it has the tool of this advertised name listed from the start."""
        return any(fnmatchcase(name, glob) for glob in self.pins)

    def idle_globs(self, servers: Collection[str], tools: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield each of its globs that fits none of these, after the key under which it stands."""
        for key, globs, names in (("servers", self.servers, servers), ("pins", self.pins, tools)):
            yield from (
                (key, glob) for glob in globs if glob != "*" and not any(fnmatchcase(name, glob) for name in names)
            )


EVERYTHING = Profile()
"""In use where none is chosen."""


@dataclass(frozen=True, slots=True)
class ChosenProfile:
    """A profile with its name."""

    name: str = NO_PROFILE
    profile: Profile = EVERYTHING

    @property
    def is_any(self) -> bool:
        """Whether one was chosen."""
        return self.name != NO_PROFILE


def read_profiles(path: Path) -> dict[str, Profile]:
    """Read the profiles of the user's settings file, in their order.

    Raises:
        ConfigError: The file is wrong, or a profile is; the text has one line for each mistake.
    """
    problems: list[ConfigProblem] = []
    found = usable_profiles(path, problems)
    if problems:
        raise ConfigError("\n".join(map(str, problems)))
    return found


def usable_profiles(path: Path, problems: list[ConfigProblem]) -> dict[str, Profile]:
    """Read those of the profiles that can be used; what is wrong is added to the problems."""
    file = read_toml(path, path.read_bytes)
    if file is None:
        return {}
    if isinstance(file, ConfigProblem):
        problems.append(file)
        return {}
    written = file.values.get(PROFILES_KEY, {})
    if not isinstance(written, dict):
        fix = f"begin a profile with [{PROFILES_KEY}.NAME]"
        problems.append(ConfigProblem(path, PROFILES_KEY, "is no table", fix))
        return {}
    found: dict[str, Profile] = {}
    for name, one in cast(dict[str, object], written).items():
        wrong = len(problems)
        profile = _read(file, name, one, problems)
        if len(problems) == wrong:
            found[name] = profile
    return found


def chosen_profile(name: str, profiles: Mapping[str, Profile], place: str) -> ChosenProfile:
    """Return the profile of this name, which stands at `place`.

    Raises:
        ConfigError: There is none.
    """
    if name == NO_PROFILE:
        return ChosenProfile()
    if name not in profiles:
        raise ConfigError(f"{place} is {name!r}, and you have no such profile; {nearest_profile(name, profiles)}")
    return ChosenProfile(name, profiles[name])


def nearest_profile(name: str, profiles: Collection[str]) -> str:
    """Return a text that corrects a name that no profile has."""
    if not profiles:
        return f"write one into your dynaload.toml: [{PROFILES_KEY}.{name}] and below it {_EXAMPLE.partition(': ')[2]}"
    return nearest_name(name, [*profiles, NO_PROFILE])


def _read(file: TomlFile, name: str, written: object, problems: list[ConfigProblem]) -> Profile:
    """Return the profile as it is written; what is wrong is added to the problems."""
    line = _line_of(name, file.text)

    def wrong(what: str, fix: str, *inside: str | int) -> None:
        problems.append(ConfigProblem(file.path, written_path((PROFILES_KEY, name, *inside)), what, fix, line))

    if name == NO_PROFILE:
        wrong(
            "cannot be a profile's name",
            f"{NO_PROFILE!r} is chosen where no profile is to be in use; name it otherwise",
        )
    elif not re.match(NAME_PATTERN, name):
        wrong("cannot be a profile's name", NAME_RULE)
    if not isinstance(written, dict):
        wrong("is no table", f"write it as [{PROFILES_KEY}.{name}] and below it {_EXAMPLE.partition(': ')[2]}")
        return EVERYTHING
    try:
        return _adapter().validate_json(json.dumps(written, default=str), strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            wrong(*_explained(detail["type"], str(detail["loc"][-1])), *detail["loc"])
        return EVERYTHING


@cache
def _adapter() -> TypeAdapter[Profile]:
    return TypeAdapter(Profile)


def _explained(kind: str, key: str) -> tuple[str, str]:
    """Return the mistake and its fix."""
    match kind:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return "is not an option", nearest_name(key, ("servers", "pins"))
        case "string_too_short":
            return "is empty", "name something, or take it out"
        case "string_type":
            return "is no text", _EXAMPLE
        case _:
            return "is no list of texts", _EXAMPLE


def _line_of(name: str, text: str) -> int | None:
    """Return the line of a profile's table, if it can be found."""
    found = re.search(rf"^\s*\[\s*{PROFILES_KEY}\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*\]", text, re.MULTILINE)
    return text.count("\n", 0, found.end()) + 1 if found else None
