"""All that a user wrote, read and checked, before anything is started."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from mcp_dynaload.catalog.categories import Named
from mcp_dynaload.config.categories_file import read_categories
from mcp_dynaload.config.paths import Locations, find_locations
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.profiles import (
    NO_PROFILE,
    ChosenProfile,
    Profile,
    chosen_profile,
    nearest_profile,
    read_profiles,
    usable_profiles,
)
from mcp_dynaload.config.secrets import masker_for
from mcp_dynaload.config.servers_file import UpstreamsRead, read_upstreams
from mcp_dynaload.config.servers_watch import Stamp, stamp_of, watched_files
from mcp_dynaload.config.settings import (
    ProjectSettings,
    Settings,
    own_variables,
    read_project_settings,
    read_settings,
    variable_name,
)
from mcp_dynaload.config.trust import is_trusted_content
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking import Masker


@dataclass(frozen=True, slots=True)
class WrittenConfiguration:
    """The settings, servers and categories as they are written."""

    locations: Locations
    settings: Settings
    servers: UpstreamsRead
    """The servers, with what is wrong in their files alone."""

    upstreams: UpstreamsRead
    """The same with what is wrong anywhere."""

    categories: Named
    environ: Mapping[str, str]
    """The variables, but for those of ours that a project sets."""

    masker: Masker
    stamp: Stamp
    """The servers files just before they were read."""

    profile: ChosenProfile = field(default_factory=ChosenProfile)
    """The profile that sessions begin with."""


def read_written(
    environ: Mapping[str, str],
    *,
    explicit: Sequence[Path] = (),
    trust_all: bool = False,
    overrides: Mapping[str, str] | None = None,
    goes_on: bool = False,
) -> WrittenConfiguration:
    """Read settings and servers files; overrides are settings by name, as written on the command line.

    `goes_on`: what is wrong in the user's settings file is among the problems, and the rest is used; the reader is
    somebody who would be without any server otherwise.

    Raises:
        ConfigError: The settings are wrong.
    """
    locations = find_locations(environ)
    is_trusted = partial(is_trusted_content, state_dir=locations.state_dir)
    of_file: list[ConfigProblem] | None = [] if goes_on else None
    profiles = _profiles(locations.user_settings_file, of_file)
    project = read_project_settings(locations.project_settings_file, is_trusted)
    project = _with_known_profile(project, profiles, locations.project_settings_file)
    own_environ, misplaced = own_variables(environ)
    settings = read_settings(locations, own_environ, overrides or {}, project, of_file)
    place = _place_of_profile(locations, own_environ, overrides or {})
    profile = _chosen(settings.profile, profiles, place, of_file)
    stamp = stamp_of(followed_files(locations, explicit))
    servers = read_upstreams(locations, explicit=explicit, environ=environ, trust_all=trust_all)
    categories, wrong = read_categories(locations.categories_files, locations.project_dir)
    upstreams = replace(servers, problems=(*misplaced, *(of_file or ()), *project.problems, *servers.problems, *wrong))
    masker = masker_for(servers.upstreams, settings, own_environ)
    return WrittenConfiguration(
        locations, settings, servers, upstreams, categories, own_environ, masker, stamp, profile
    )


def _profiles(file: Path, told: list[ConfigProblem] | None) -> dict[str, Profile]:
    if told is None:
        return read_profiles(file)
    problems: list[ConfigProblem] = []
    found = usable_profiles(file, problems)
    told += (problem for problem in problems if problem.key)  # of the file as a whole the settings tell
    return found


def _chosen(name: str, profiles: Mapping[str, Profile], place: str, told: list[ConfigProblem] | None) -> ChosenProfile:
    try:
        return chosen_profile(name, profiles, place)
    except ConfigError as error:
        file = place.removesuffix(": profile")
        if told is None or file == place:
            raise
        what = f"is {name!r}, which cannot be used, so the tools of all servers are"
        told.append(ConfigProblem(Path(file), "profile", what, str(error).partition("; ")[2]))
        return ChosenProfile()


def _with_known_profile(project: ProjectSettings, profiles: Mapping[str, Profile], file: Path) -> ProjectSettings:
    """Return a project's settings without a profile that the user does not have: not every user of it need have one."""
    name = project.values.get("profile", NO_PROFILE)
    if name == NO_PROFILE or name in profiles:
        return project
    what = f"is {name!r}, and you have no such profile: it is not used"
    problem = ConfigProblem(file, "profile", what, nearest_profile(str(name), profiles))
    values = {key: value for key, value in project.values.items() if key != "profile"}
    return ProjectSettings(values, (*project.problems, problem))


def _place_of_profile(locations: Locations, environ: Mapping[str, str], overrides: Mapping[str, str]) -> str:
    """Return where the user has chosen a profile, as far as they have."""
    if "profile" in overrides:
        return "--set profile"
    variable = variable_name("profile")
    return variable if environ.get(variable) else f"{locations.user_settings_file}: profile"


def followed_files(places: Locations, explicit: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files that a running process looks at: those that decide which servers there are, and the secrets."""
    return (*watched_files(places, explicit), places.secrets_file)
