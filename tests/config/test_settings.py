"""Settings: where they come from and what is said about mistakes."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.service_settings import ServiceSettings
from mcp_dynaload.config.settings import Settings, read_project_settings, variable_name
from mcp_dynaload.config.settings import read_settings as read_all_settings
from mcp_dynaload.config.telemetry_settings import TelemetrySettings
from mcp_dynaload.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config" / "dynaload.example.toml"


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return Locations(tmp_path / "config", tmp_path / "state", tmp_path / "project")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def read_settings(places: Locations, environ: dict[str, str], overrides: dict[str, str]) -> Settings:
    project = read_project_settings(places.project_settings_file, lambda path, content: True)
    return read_all_settings(places, environ, overrides, project)


def mistake(places: Locations, environ: dict[str, str] | None = None, overrides: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as raised:
        read_settings(places, environ or {}, overrides or {})
    return str(raised.value)


def test_the_defaults_are_those_of_the_description() -> None:
    assert Settings().model_dump() == {
        "dynamic_loading_enabled": True,
        "default_loading_strategy": "balanced",
        "cache_ttl_seconds": 3600,
        "max_cache_size": 1000,
        "detection_timeout_ms": 100,
        "loading_timeout_ms": 500,
        "metrics_collection_enabled": True,
        "performance_alerts_enabled": True,
        "detailed_logging_enabled": False,
        "profile": "none",
        "notify": False,
        "status_cell": True,
        "between_steps": True,
        "pinning": "enforce",
        "scan_definitions": True,
        "content_scan": "off",
        "toxic_flow": "notice",
        "warm_upstreams": True,
        "early_answers": True,
        "max_running_upstreams": 10,
        "login_client_metadata_url": "",
        "login_store": "file",
        "log_level": "info",
        **ServiceSettings().model_dump(),
        **TelemetrySettings().model_dump(),
    }
    assert ServiceSettings().max_concurrent_sessions == 50


def test_without_files_and_variables_all_are_defaults(places: Locations) -> None:
    assert read_settings(places, {}, {}) == Settings()


def test_the_process_environment_is_not_read_behind_the_callers_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_CACHE_SIZE", "7")
    monkeypatch.setenv("NOTIFY", "true")

    assert Settings() == Settings(max_cache_size=1000, notify=False)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().notify = True


@pytest.mark.parametrize(
    ("variable", "value", "setting", "expected"),
    [
        ("DYNAMIC_LOADING_ENABLED", "false", "dynamic_loading_enabled", False),
        ("DEFAULT_LOADING_STRATEGY", "aggressive", "default_loading_strategy", "aggressive"),
        ("CACHE_TTL_SECONDS", "60", "cache_ttl_seconds", 60),
        ("MAX_CACHE_SIZE", "10", "max_cache_size", 10),
        ("DETECTION_TIMEOUT_MS", "50", "detection_timeout_ms", 50),
        ("LOADING_TIMEOUT_MS", "0", "loading_timeout_ms", 0),
        ("MAX_CONCURRENT_SESSIONS", "5", "max_concurrent_sessions", 5),
        ("METRICS_COLLECTION_ENABLED", "0", "metrics_collection_enabled", False),
        ("PERFORMANCE_ALERTS_ENABLED", "False", "performance_alerts_enabled", False),
        ("DETAILED_LOGGING_ENABLED", "1", "detailed_logging_enabled", True),
        ("MCP_DYNALOAD_NOTIFY", "yes", "notify", True),
        ("MCP_DYNALOAD_WARM_UPSTREAMS", "no", "warm_upstreams", False),
        ("MCP_DYNALOAD_EARLY_ANSWERS", "no", "early_answers", False),
        ("MCP_DYNALOAD_MAX_RUNNING_UPSTREAMS", "3", "max_running_upstreams", 3),
        ("MCP_DYNALOAD_LOG_LEVEL", "debug", "log_level", "debug"),
    ],
)
def test_each_setting_has_its_variable(
    places: Locations, variable: str, value: str, setting: str, expected: object
) -> None:
    changed: dict[str, Any] = {setting: expected}

    assert read_settings(places, {variable: value}, {}) == Settings(**changed)


def test_no_other_variable_counts(places: Locations) -> None:
    assert read_settings(places, {"LOG_LEVEL": "nonsense", "NOTIFY": "true", "max_cache_size": "1"}, {}) == Settings()


def test_an_empty_variable_counts_as_not_set(places: Locations) -> None:
    assert read_settings(places, {"MAX_CACHE_SIZE": ""}, {}) == Settings()


def test_command_line_wins_over_environment_over_project_over_user(places: Locations) -> None:
    write(
        places.user_settings_file,
        "notify = true\nmax_cache_size = 1\ndetection_timeout_ms = 1\nloading_timeout_ms = 1",
    )
    write(places.project_settings_file, "max_cache_size = 2\ndetection_timeout_ms = 2\nloading_timeout_ms = 2")
    environ = {"DETECTION_TIMEOUT_MS": "3", "LOADING_TIMEOUT_MS": "3"}

    read = read_settings(places, environ, {"loading_timeout_ms": "4"})

    assert read == Settings(notify=True, max_cache_size=2, detection_timeout_ms=3, loading_timeout_ms=4)


def test_a_wrong_variable_is_named_with_its_value_and_what_is_valid(places: Locations) -> None:
    said = mistake(places, {"DEFAULT_LOADING_STRATEGY": "fast"})

    assert said == "DEFAULT_LOADING_STRATEGY is 'fast'; it must be 'conservative', 'balanced' or 'aggressive'"


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("MCP_DYNALOAD_NOTIFY", "perhaps", "it must be a valid boolean, true or false"),
        ("MAX_CACHE_SIZE", "many", "it must be a valid integer"),
        ("MAX_CONCURRENT_SESSIONS", "0", "it must be greater than or equal to 1"),
    ],
)
def test_each_kind_of_wrong_variable_is_explained(places: Locations, variable: str, value: str, wanted: str) -> None:
    assert mistake(places, {variable: value}) == f"{variable} is {value!r}; {wanted}"


def test_a_wrong_option_is_named_as_typed(places: Locations) -> None:
    said = mistake(places, overrides={"log_level": "loud"})

    assert said == "--set log_level is 'loud'; it must be 'debug', 'info', 'warning' or 'error'"


def test_an_unknown_option_leads_to_the_nearest(places: Locations) -> None:
    said = mistake(places, overrides={"log_levl": "info"})

    assert said == "--set log_levl is not a setting; did you mean 'log_level'?"


def test_an_unknown_key_is_named_with_file_line_and_the_nearest(places: Locations) -> None:
    write(places.user_settings_file, "# mine\n\nnotfy = true\n")

    assert mistake(places) == f"{places.user_settings_file}:3: notfy is not a setting; did you mean 'notify'?"


def test_a_variables_name_in_the_file_leads_to_the_key(places: Locations) -> None:
    write(places.user_settings_file, "MAX_CACHE_SIZE = 3\n")

    assert mistake(places).endswith("MAX_CACHE_SIZE is not a setting; did you mean 'max_cache_size'?")


def test_a_table_is_not_a_setting(places: Locations) -> None:
    write(places.user_settings_file, "notify = true\n[dynaload]\nnotify = true\n")

    assert (
        f"{places.user_settings_file}:2: dynaload is not a setting; take it out, or upgrade mcp-dynaload if a newer "
        in mistake(places)
    )


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("notify = 1", "notify is 1; it must be true or false"),
        ('max_cache_size = "1"', "max_cache_size is '1'; it must be a number"),
        ("max_cache_size = true", "max_cache_size is True; it must be a number"),
        ("log_level = 1", "log_level is 1; it must be a text in quotes"),
        (
            "max_cache_size = 1.5",
            "max_cache_size is 1.5; it must be a valid integer, got a number with a fractional part",
        ),
    ],
)
def test_types_in_the_file_must_match(places: Locations, line: str, wanted: str) -> None:
    write(places.user_settings_file, f"{line}\n")

    assert mistake(places) == f"{places.user_settings_file}:1: {wanted}"


def test_broken_toml_is_named_with_file_and_line(places: Locations) -> None:
    write(places.user_settings_file, "notify = true\nlog_level = info\n")

    assert mistake(places).startswith(f"{places.user_settings_file}:2: is not valid TOML: ")


def test_a_file_in_another_encoding_is_named(places: Locations) -> None:
    write(places.user_settings_file, "")
    places.user_settings_file.write_bytes(b"log_level = '\xff'")

    assert mistake(places) == f"{places.user_settings_file}: is not UTF-8 text; save it as UTF-8"


def test_a_file_that_cannot_be_read_is_named(places: Locations) -> None:
    places.user_settings_file.mkdir(parents=True)

    assert mistake(places).startswith(f"{places.user_settings_file}: cannot be read")


def test_all_mistakes_are_told_at_once_also_of_values_that_would_lose(places: Locations) -> None:
    write(places.user_settings_file, 'log_level = "loud"\n')

    said = mistake(places, {"MAX_CACHE_SIZE": "many"}, {"log_level": "info"}).splitlines()

    assert [line.split(" is ")[0] for line in said] == [f"{places.user_settings_file}:1: log_level", "MAX_CACHE_SIZE"]


def test_the_example_file_has_every_working_setting_with_its_default() -> None:
    defaults = Settings().model_dump()

    assert tomllib.loads(EXAMPLE.read_text("utf-8")) == defaults


def test_the_example_file_names_the_variable_of_each_setting() -> None:
    text = EXAMPLE.read_text("utf-8")

    for setting in tomllib.loads(text):
        comment = text.split(f"\n{setting} = ")[0].splitlines()[-1]
        assert comment.startswith("#")
        assert comment.endswith(f". {variable_name(setting)}")


def test_the_example_file_can_be_read(places: Locations) -> None:
    write(places.user_settings_file, EXAMPLE.read_text("utf-8"))

    assert read_settings(places, {}, {}) == Settings()


@pytest.mark.parametrize(
    "text",
    [
        'store_url = "redis://cache:6379/1"',
        'store.url = "redis://cache:6379/1"',
        '[store]\nurl = "redis://cache:6379/1"',
    ],
)
def test_the_shared_store_may_be_written_as_a_table(places: Locations, text: str) -> None:
    write(places.user_settings_file, text)

    assert read_settings(places, {}, {}).store_url == "redis://cache:6379/1"


def test_a_wrong_store_is_told_with_its_line_and_without_its_password(places: Locations) -> None:
    write(places.user_settings_file, 'notify = true\nstore.url = "mysql://root:geheim@db/x"\n')
    text = mistake(places)

    assert text.startswith(f"{places.user_settings_file}:2: store_url is 'mysql://…@db/x'; it must be redis://")
    assert "geheim" not in text


@pytest.mark.parametrize("address", ["hooks.example/s3cret", "ftp://hooks.example/s3cret", "https:///s3cret", "s3cret"])
def test_what_is_no_address_to_tell_alerts_to_is_told_without_the_key_in_it(places: Locations, address: str) -> None:
    write(places.user_settings_file, f'alert_webhook = "{address}"\n')

    assert mistake(places) == (
        f"{places.user_settings_file}:1: alert_webhook is no address; "
        "it must be a whole address such as https://tools.example/path, or empty"
    )


def test_an_unknown_key_of_the_store_is_told(places: Locations) -> None:
    write(places.user_settings_file, '[store]\nhost = "cache"\n')

    assert "store_host is not a setting" in mistake(places)


def test_who_would_be_without_servers_gets_the_rest_of_the_file_and_the_strictest_guards(places: Locations) -> None:
    file = places.user_settings_file
    write(file, 'later = 1\nlog_level = "loud"\ntoxic_flow = "aks"\nmax_cache_size = 5\n')
    project = read_project_settings(places.project_settings_file, lambda path, content: True)
    told: list[ConfigProblem] = []

    read = read_all_settings(places, {}, {}, project, told)

    assert read == Settings(max_cache_size=5, toxic_flow="ask")
    assert sorted(problem.mistake for problem in told) == [
        f"{file}:1: later is not a setting",
        f"{file}:2: log_level is 'loud', so 'info' holds",
        f"{file}:3: toxic_flow is 'aks', so 'ask' holds",
    ]


def test_of_a_file_that_is_wrong_as_a_whole_the_strictest_guards_hold(places: Locations) -> None:
    write(places.user_settings_file, "content_scan = ")
    project = read_project_settings(places.project_settings_file, lambda path, content: True)
    told: list[ConfigProblem] = []

    read = read_all_settings(places, {"MAX_CACHE_SIZE": "5"}, {}, project, told)

    assert read == Settings(max_cache_size=5, toxic_flow="ask", content_scan="block")
    assert [problem.what.endswith("the guards are at their strictest") for problem in told] == [True]
