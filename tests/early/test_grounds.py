"""All that the first answers depend on: where any of it has changed, none of those that are stored is used."""

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from mcp_dynaload.catalog.pinning import element_of
from mcp_dynaload.config.early_grounds import early_grounds
from mcp_dynaload.config.paths import Locations, find_locations, variables_for
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.settings import Settings, variable_name
from mcp_dynaload.config.trust import trust_file
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.configuration import read_configuration
from mcp_dynaload.early.grounds import Grounds
from mcp_dynaload.early.records import SESSION_VARIABLE, StoredAnswers, read_record, record_file
from mcp_dynaload.early.start import begin
from mcp_dynaload.proxy.client import ClientEnvironment
from mcp_dynaload.proxy.first_answers import MAX_RECORDS, write_record
from mcp_dynaload.store.backends import open_definitions
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.definitions import DefinitionStore, HeldDefinition, PinnedServer
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.usage import KeptSession

ARGUMENTS = ["serve"]
SESSION = "the-session"
SEND = element_of("tool", "send", {"name": "send"})


class Place:
    """A user's folders with one server, and the grounds of what they answer."""

    def __init__(self, folder: Path) -> None:
        self.environ = {**variables_for(folder), "TOKEN": "one", "HOME": str(folder / "home")}
        self.files: Locations = find_locations(self.environ)
        self.program = folder / "server.py"
        self.program.write_text("1")
        for written in (self.files.user_servers_file, self.files.project_servers_file):
            written.parent.mkdir(parents=True)
        self.write(env={"TOKEN": "${TOKEN}"})
        for database in (self.catalog, self.definitions):
            with database():
                pass
        with self.catalog() as catalog:
            catalog.keep_listing(self.fingerprint, "mail", {"tools": []})
        self.grounds: Grounds = self.found()

    @property
    def fingerprint(self) -> str:
        return self.configs[0].fingerprint(self.files.project_dir)

    @property
    def configs(self) -> list[UpstreamConfig]:
        return list(read_configuration(self.environ).configs.values())

    def write(self, **more: object) -> None:
        entry = {"command": "python3", "args": [str(self.program)], **more}
        self.files.user_servers_file.write_text(json.dumps({"mcpServers": {"mail": entry}}))

    def catalog(self) -> closing[CatalogCache]:
        return closing(CatalogCache(Database(self.files.database_file)))

    def usage(self) -> closing[SqliteUsage]:
        return closing(SqliteUsage(Database(self.files.database_file)))

    def definitions(self) -> AbstractContextManager[DefinitionStore]:
        return open_definitions("", self.files.definitions_file)

    def found(self) -> Grounds:
        return early_grounds(self.files, (), self.configs)

    def digest(self, session_id: str = SESSION) -> str | None:
        return self.grounds.digest(self.environ, session_id)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


def deny(place: Place) -> None:
    place.write(env={"TOKEN": "${TOKEN}"}, dynaload={"tools": {"deny": ["send"]}})


def approve(place: Place) -> None:
    with place.definitions() as definitions:
        definitions.keep(PinnedServer("mail", 1.0), [SEND])


def hold(place: Place) -> None:
    held = HeldDefinition("mail", "s", "tool", "send", SEND.digest, SEND.content, "changed", False, 2e9)
    with place.definitions() as definitions:
        definitions.hold("mail", "s", [held])


def relist(place: Place) -> None:
    with place.catalog() as catalog:
        catalog.keep_listing(place.fingerprint, "mail", {"tools": [{"name": "send"}]})


def pin(place: Place) -> None:
    with place.usage() as usage:
        usage.keep_pins("project", ["mail__send"])


def set_in_settings(place: Place) -> None:
    place.files.user_settings_file.write_text('profile = "work"\n')


def set_in_project(place: Place) -> None:
    place.files.project_settings_file.write_text("notify = true\n")


def add_in_project(place: Place) -> None:
    place.files.project_servers_file.write_text('{"mcpServers": {}}')


def trust(place: Place) -> None:
    add_in_project(place)
    place.grounds = place.found()
    assert place.digest() is not None
    trust_file(place.files.project_servers_file, place.files.state_dir)


def keep_secret(place: Place) -> None:
    SecretStore(place.files.secrets_file, lambda: None).set("key", "value")


def exchange_program(place: Place) -> None:
    place.program.write_text("22")


def exchange_variable(place: Place) -> None:
    place.environ["TOKEN"] = "two"


def set_by_client(place: Place) -> None:
    (place.files.project_dir / ".claude").mkdir()
    (place.files.project_dir / ".claude" / "settings.json").write_text('{"env": {"X": "1"}}')


CHANGES = [
    deny,
    approve,
    hold,
    relist,
    pin,
    set_in_settings,
    set_in_project,
    add_in_project,
    trust,
    keep_secret,
    exchange_program,
    exchange_variable,
    set_by_client,
]


@pytest.mark.proves("pinning", "least-privilege")
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(place: Place, change: Callable[[Place], None]) -> None:
    before = place.digest()
    change(place)
    assert before is not None
    assert place.digest() not in (before, None)


def test_what_is_the_same_gives_the_same_after_it_was_stored_and_read(place: Place) -> None:
    digest = place.digest()
    assert digest is not None
    file = place.files.state_dir / "early" / "one.json"
    write_record(file, StoredAnswers(place.grounds, digest, [[("initialize", "{}", "x")]]))
    with place.catalog() as catalog:
        catalog.keep_listing("another's", "other", {"tools": []})
        catalog.keep_listing(place.fingerprint, "mail", {"tools": []})
    read = read_record(str(file))

    assert read is not None
    assert read.grounds.digest(place.environ, "another-session") == digest == read.digest
    assert read.clients == [[("initialize", "{}", "x")]]
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_conversation_that_is_taken_up_again_is_not_answered_early(place: Place) -> None:
    with place.usage() as usage:
        usage.keep_session(SESSION, KeptSession(frozenset({"mail__send"})))
    assert place.digest() is None
    assert place.digest("another") is not None


def test_where_the_client_has_a_server_of_ours_already_nothing_is_answered_early(place: Place) -> None:
    place.files.peers_dir.mkdir()
    (place.files.peers_dir / f"{SESSION}.plugin.77").write_text("")
    assert place.digest() is None
    assert place.digest("another") is not None


def test_what_cannot_be_read_is_no_ground_to_answer_early(place: Place) -> None:
    place.files.definitions_file.write_bytes(b"garbage" * 1000)
    assert place.digest() is None
    place.files.definitions_file.unlink()
    assert place.digest() is None


def test_a_named_pipe_in_the_place_of_a_file_holds_nothing_up(place: Place) -> None:
    os.mkfifo(place.files.user_settings_file)
    assert place.digest() is None
    (place.files.project_dir / ".claude").mkdir()
    os.mkfifo(place.files.project_dir / ".claude" / "settings.json")
    assert record_file(ARGUMENTS, place.environ) is None


def test_the_file_of_a_start_is_in_the_state_folder_and_differs_by_how_it_is_started(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = record_file(ARGUMENTS, place.environ)
    session = {**place.environ, SESSION_VARIABLE: "another", "CLAUDE_CODE_MESSAGING_TOKEN": "another"}
    others = [
        record_file([*ARGUMENTS, "--trust"], place.environ),
        record_file(ARGUMENTS, {**place.environ, "ENABLE_TOOL_SEARCH": "false"}),
        record_file(ARGUMENTS, {**place.environ, "CLAUDE_CODE_ENTRYPOINT": "sdk-cli"}),
        record_file(ARGUMENTS, {**place.environ, "MCP_DYNALOAD_PROFILE": "work"}),
    ]
    assert file is not None
    assert Path(file).parent == place.files.state_dir / "early"
    assert record_file(ARGUMENTS, session) == file
    assert len({file, *others}) == 5
    (place.files.project_dir / "below").mkdir()
    monkeypatch.chdir(place.files.project_dir / "below")
    assert record_file(ARGUMENTS, place.environ) != file


@pytest.mark.parametrize("variables", [{}, {"XDG_STATE_HOME": "/xdg"}, {"MCP_DYNALOAD_STATE_DIR": "~/own"}])
def test_the_state_folder_is_the_one_that_the_server_uses(
    place: Place, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name in ("XDG_STATE_HOME", "MCP_DYNALOAD_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
        place.environ.pop(name, None)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    environ = {**place.environ, **variables}

    file = record_file(ARGUMENTS, environ)
    assert file is not None
    assert Path(file).parents[1] == find_locations(environ).state_dir


def test_every_variable_of_a_setting_counts(place: Place) -> None:
    file = record_file(ARGUMENTS, place.environ)
    variables = [variable_name(name) for name in Settings.model_fields]
    assert [name for name in variables if record_file(ARGUMENTS, {**place.environ, name: "x"}) == file] == []


def test_every_variable_that_tells_of_the_client_counts_but_its_session(place: Place) -> None:
    class Noting(dict[str, str]):
        """An environment that notes what is looked up."""

        def __init__(self) -> None:
            super().__init__()
            self.asked: set[str] = set()

        def get(self, key: str, default: Any = None) -> Any:
            self.asked.add(key)
            return default

    noting = Noting()
    ClientEnvironment.read(noting)
    file = record_file(ARGUMENTS, place.environ)
    without = {name for name in noting.asked if record_file(ARGUMENTS, {**place.environ, name: "x"}) == file}
    assert len(noting.asked) > 3
    assert without == {SESSION_VARIABLE}


@pytest.mark.proves("clone")
@pytest.mark.parametrize(
    "settings",
    ['{"env": {"MCP_DYNALOAD_STATE_DIR": "/evil"}}', '{"env": {"XDG_STATE_HOME": "/evil"}}', "{", '{"env": 7}', "[]"],
)
def test_a_project_cannot_have_us_give_answers_of_its_own(place: Place, settings: str) -> None:
    folder = place.files.project_dir / ".claude"
    folder.mkdir()
    (folder / "settings.local.json").write_text(settings)
    assert record_file(ARGUMENTS, place.environ) is None
    elsewhere = {**place.environ, "CLAUDE_PROJECT_DIR": str(folder)}
    assert record_file(ARGUMENTS, elsewhere) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"grounds": 1, "digest": "", "clients": []}', b"\xff"])
def test_a_file_of_another_form_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(content)
    file.chmod(0o600)
    assert read_record(str(file)) is None


def test_a_file_that_others_may_read_or_that_is_a_link_is_not_used(place: Place) -> None:
    file, link = place.files.state_dir / "early" / "one.json", place.files.state_dir / "link.json"
    write_record(file, StoredAnswers(place.grounds, "digest", []))
    link.symlink_to(file)
    assert read_record(str(link)) is None
    assert read_record(str(file)) is not None
    file.chmod(0o640)
    assert read_record(str(file)) is None


def test_of_many_files_the_latest_stay(place: Place) -> None:
    folder = place.files.state_dir / "early"
    for number in range(MAX_RECORDS + 3):
        write_record(folder / f"{number}.json", StoredAnswers(place.grounds, "digest", []))
        os.utime(folder / f"{number}.json", (number, number))
    left = {file.name for file in folder.iterdir()}
    assert len(left) <= MAX_RECORDS + 1
    assert "0.json" not in left
    assert f"{MAX_RECORDS + 2}.json" in left


def test_where_input_is_no_pipe_nothing_is_answered_early(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert begin(ARGUMENTS, place.environ) is None
