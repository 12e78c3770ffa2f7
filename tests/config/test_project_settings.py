"""Settings in a file that came with a repository."""

from functools import partial
from pathlib import Path

import pytest

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.settings import ProjectSettings, Settings, read_project_settings, read_settings
from mcp_dynaload.config.trust import is_trusted_content, trust_file


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return Locations(tmp_path / "config", tmp_path / "state", tmp_path / "project")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def project_settings(places: Locations) -> ProjectSettings:
    is_trusted = partial(is_trusted_content, state_dir=places.state_dir)
    return read_project_settings(places.project_settings_file, is_trusted)


def all_settings(places: Locations) -> Settings:
    return read_settings(places, {}, {}, project_settings(places))


def test_a_project_s_file_makes_harmless_settings_without_trust(places: Locations) -> None:
    lines = ('default_loading_strategy = "aggressive"', "notify = true", "warm_upstreams = false")
    write(places.project_settings_file, "\n".join(lines))

    assert project_settings(places).problems == ()
    assert all_settings(places) == Settings(default_loading_strategy="aggressive", notify=True, warm_upstreams=False)


@pytest.mark.proves("trust")
def test_a_project_s_file_cannot_switch_loading_off_before_it_is_trusted(places: Locations) -> None:
    write(places.project_settings_file, "dynamic_loading_enabled = false")

    (problem,) = project_settings(places).problems
    assert "dynamic_loading_enabled is not used, as the project's file is not trusted" in str(problem)
    assert all_settings(places) == Settings()


def test_a_project_s_file_makes_every_setting_only_as_long_as_it_is_trusted(places: Locations) -> None:
    file = places.project_settings_file
    write(file, "notify = true\ndetailed_logging_enabled = true\n")
    distrusted, problems = all_settings(places), project_settings(places).problems
    trust_file(file, places.state_dir)
    trusted = all_settings(places)
    write(file, "detailed_logging_enabled = true\n")

    assert distrusted == Settings(notify=True)
    assert [str(problem) for problem in problems] == [
        f"{file}:2: detailed_logging_enabled is not used, as the project's file is not trusted;"
        f" if you trust it, run: mcp-dynaload trust {file}"
    ]
    assert trusted == Settings(notify=True, detailed_logging_enabled=True)
    assert all_settings(places) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notfy = true\nwarm_upstreams = false", ":1: notfy is not a setting; did you mean 'notify'?"),
        ('default_loading_strategy = "x"\nwarm_upstreams = false', ":1: default_loading_strategy is 'x'; it must be"),
        ('"a\\u001bb" = 1\nwarm_upstreams = false', ': ["a\\u001bb"] is not a setting; take it out, or upgrade'),
    ],
)
def test_a_mistake_in_a_project_s_file_costs_only_its_line(places: Locations, text: str, said: str) -> None:
    write(places.project_settings_file, text)

    (problem,) = project_settings(places).problems

    assert str(problem).startswith(f"{places.project_settings_file}{said}")
    assert all_settings(places) == Settings(warm_upstreams=False)


@pytest.mark.parametrize("text", ["notify = tru", "notify = " + "[" * 9999, "notify = " + "1" * 9999, "= 1"])
def test_a_broken_project_s_file_is_told_and_left_out(places: Locations, text: str) -> None:
    write(places.project_settings_file, text)

    read = project_settings(places)

    assert (read.values, len(read.problems)) == ({}, 1)
    assert "is not valid TOML" in str(read.problems[0])


def test_a_project_s_file_that_cannot_be_read_is_told_and_left_out(places: Locations) -> None:
    places.project_settings_file.mkdir(parents=True)

    assert "cannot be read" in str(project_settings(places).problems[0])


def test_a_damaged_record_of_trust_trusts_nothing(places: Locations) -> None:
    write(places.project_settings_file, "detection_timeout_ms = 9\n")
    write(places.trust_file, "{")

    read = project_settings(places)

    assert read.values == {}
    assert "is not used: " in str(read.problems[0])


def test_no_project_s_file_is_no_problem(places: Locations) -> None:
    assert project_settings(places) == ProjectSettings({}, ())
