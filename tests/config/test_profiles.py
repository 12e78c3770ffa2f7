"""Profiles as they are written and chosen."""

from pathlib import Path

import pytest

from mcp_dynaload.config.paths import find_locations, variables_for
from mcp_dynaload.config.profiles import Profile, read_profiles
from mcp_dynaload.config.written_configuration import WrittenConfiguration, read_written
from mcp_dynaload.errors import ConfigError

pytestmark = pytest.mark.proves("profiles")

WRITTEN = """\
notify = true

[profiles.work]
servers = ["github", "linear*"]
pins = ["github__search_*"]

[profiles.home]
servers = ["files"]
"""


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def read(folder: Path, user: str = WRITTEN, project: str = "", **variables: str) -> WrittenConfiguration:
    environ = {**variables_for(folder), **variables}
    places = find_locations(environ)
    write(places.user_settings_file, user)
    write(places.project_settings_file, project)
    return read_written(environ)


def test_profiles_are_tables_of_the_users_settings_file(tmp_path: Path) -> None:
    file = write(tmp_path / "dynaload.toml", WRITTEN)

    profiles = read_profiles(file)

    assert profiles == {
        "work": Profile(servers=("github", "linear*"), pins=("github__search_*",)),
        "home": Profile(servers=("files",)),
    }
    assert profiles["work"].has("linear-eu")
    assert not profiles["work"].has("files")
    assert list(profiles["work"].idle_globs(["github"], ["github__x"])) == [
        ("servers", "linear*"),
        ("pins", "github__search_*"),
    ]
    assert read_profiles(tmp_path / "absent.toml") == {}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[profiles.a]\nserver = []", "{}:1: profiles.a.server is not an option; did you mean 'servers'?"),
        ("\n[profiles.a]\nservers = 'x'", "{}:2: profiles.a.servers is no list of texts; write: servers = ["),
        ("[profiles.a]\nservers = [1]", "{}:1: profiles.a.servers[0] is no text; write: servers = ["),
        ("[profiles.a]\npins = ['']", "{}:1: profiles.a.pins[0] is empty; name something, or take it out"),
        ("[profiles.none]", "{}:1: profiles.none cannot be a profile's name; 'none' is chosen where"),
        ("[profiles.'a b']", '{}:1: profiles["a b"] cannot be a profile\'s name; it must be a name of at most 40'),
        ("profiles = 1", "{}: profiles is no table; begin a profile with [profiles.NAME]"),
        ("[profiles]\na = 1", "{}: profiles.a is no table; write it as [profiles.a]"),
    ],
)
def test_a_mistake_names_file_line_and_key(tmp_path: Path, written: str, told: str) -> None:
    file = write(tmp_path / "dynaload.toml", written)
    with pytest.raises(ConfigError) as raised:
        read_profiles(file)
    assert str(raised.value).startswith(told.format(file))


def test_the_setting_chooses_and_a_projects_file_wins_over_the_users(tmp_path: Path) -> None:
    own = 'profile = "home"\n' + WRITTEN

    assert read(tmp_path).profile.name == "none"
    assert read(tmp_path, own).profile.name == "home"
    assert read(tmp_path, own, 'profile = "work"').profile.profile.servers == ("github", "linear*")
    assert read(tmp_path, own, 'profile = "none"').profile.name == "none"
    assert read(tmp_path, own, 'profile = "work"', MCP_DYNALOAD_PROFILE="home").profile.name == "home"


def test_a_project_names_a_profile_of_the_user_and_has_none_of_its_own(tmp_path: Path) -> None:
    project = 'profile = "them"\n[profiles.them]\nservers = ["*"]\n'
    found = read(tmp_path, 'profile = "home"\n' + WRITTEN, project)

    told = [str(problem) for problem in found.upstreams.problems]
    assert found.profile.name == "home"
    assert any("profiles is not used, as profiles are the user's own" in text for text in told)
    assert any("profile is 'them', and you have no such profile: it is not used" in text for text in told)


def test_a_projects_settings_for_the_client_do_not_choose(tmp_path: Path) -> None:
    settings = write(tmp_path / ".claude" / "settings.json", '{"env": {"MCP_DYNALOAD_PROFILE": "work"}}')
    found = read(tmp_path, MCP_DYNALOAD_PROFILE="work")

    assert settings.is_file()
    assert found.profile.name == "none"
    assert any("env.MCP_DYNALOAD_PROFILE" in str(problem) for problem in found.upstreams.problems)


@pytest.mark.parametrize(
    ("user", "variables", "place"),
    [
        ('profile = "wrok"\n', {}, "dynaload.toml: profile"),
        ("", {"MCP_DYNALOAD_PROFILE": "wrok"}, "MCP_DYNALOAD_PROFILE"),
    ],
)
def test_a_user_who_names_a_profile_that_is_not_there_is_told_where(
    tmp_path: Path, user: str, variables: dict[str, str], place: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, user + WRITTEN, **variables)
    assert f"{place} is 'wrok', and you have no such profile; did you mean 'work'?" in str(raised.value)


def test_who_would_be_without_servers_gets_the_profiles_that_can_be_used(tmp_path: Path) -> None:
    environ = variables_for(tmp_path)
    file = find_locations(environ).user_settings_file
    write(file, 'profile = "away"\n' + WRITTEN + '[profiles.away]\nserver = ["x"]\n')

    found = read_written(environ, goes_on=True)

    assert (found.profile.name, found.settings.profile) == ("none", "away")
    assert [problem.key for problem in found.upstreams.problems] == ["profiles.away.server", "profile"]
