"""Approved and held definitions are kept alike in the state folder and in a Redis."""

import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.catalog.pinning import DefinitionElement, element_of
from mcp_dynaload.errors import StoreError
from mcp_dynaload.store.backends import open_definitions
from mcp_dynaload.store.definitions import MAX_VERSIONS, DefinitionStore, HeldDefinition, PinnedServer
from mcp_dynaload.store.sqlite_definitions import SqliteDefinitions

SERVER = PinnedServer("mail", 1.0, entries=("e",), unsettled=("tool",), clean="digest")
KEY = ("tool", "send")


@pytest.fixture
def definitions(url: str, tmp_path: Path) -> Iterator[DefinitionStore]:
    with open_definitions(url, tmp_path / "definitions.db") as opened:
        yield opened


def a_version(text: str) -> DefinitionElement:
    return element_of("tool", "send", {"name": "send", "description": text})


def a_held(text: str, source: str = "one project", server: str = "mail") -> HeldDefinition:
    element = a_version(text)
    return HeldDefinition(
        server, source, "tool", "send", element.digest, element.content, "changed", is_entry_changed=False, at=2e9
    )


def test_what_is_known_of_a_server_is_known_to_every_process(
    definitions: DefinitionStore, url: str, tmp_path: Path
) -> None:
    before = definitions.server("mail")
    definitions.keep(SERVER, [a_version("old")])
    with open_definitions(url, tmp_path / "definitions.db") as other:
        known = (other.server("mail"), other.approved("mail"), other.contents("mail", [KEY]))

    assert before is None
    assert known == (SERVER, {KEY: {a_version("old").digest}}, {KEY: a_version("old").content})
    assert definitions.approved("files") == {}


def test_an_answer_of_another_process_is_seen_and_takes_exactly_the_version_that_was_shown(
    definitions: DefinitionStore, url: str, tmp_path: Path
) -> None:
    definitions.keep(SERVER, [a_version("old")])
    definitions.hold("mail", "one project", [a_held("new")])
    before = definitions.version()
    with open_definitions(url, tmp_path / "definitions.db") as other:
        (shown,) = other.held()
        other.approve([shown])
        other.approve([a_held("never offered")])

    assert definitions.version() != before
    assert definitions.held() == ()
    assert a_version("new").digest in definitions.approved("mail")[KEY]
    assert definitions.contents("mail", [KEY]) == {KEY: a_version("never offered").content}


def test_each_source_holds_its_own_and_rejected_versions_stay_so(definitions: DefinitionStore) -> None:
    definitions.hold("mail", "one project", [a_held("new")])
    definitions.hold("mail", "other project", [a_held("newer", "other project")])
    definitions.reject([a_held("new")])
    definitions.hold("mail", "other project", [a_held("new", "other project")])
    both = definitions.held()
    definitions.hold("mail", "one project", [])

    assert [(one.source, one.is_rejected) for one in both] == [("one project", True), ("other project", True)]
    assert definitions.held() == (replace(a_held("new", "other project"), is_rejected=True),)


def test_of_a_definition_that_changes_and_changes_the_latest_versions_are_remembered(
    definitions: DefinitionStore,
) -> None:
    for number in range(MAX_VERSIONS + 3):
        definitions.approve([a_held(f"version {number}")])

    digests = definitions.approved("mail")[KEY]
    assert len(digests) == MAX_VERSIONS
    assert a_version("version 0").digest not in digests
    assert a_version(f"version {MAX_VERSIONS + 2}").digest in digests


def test_a_file_that_another_process_has_locked_says_so_instead_of_knowing_nothing(tmp_path: Path) -> None:
    import sqlite3

    file = tmp_path / "definitions.db"
    with closing(SqliteDefinitions(file)) as definitions:
        definitions.keep(SERVER, [])
    with closing(sqlite3.connect(file)) as locking:
        locking.execute("PRAGMA locking_mode = EXCLUSIVE")
        locking.execute("PRAGMA journal_mode = DELETE")
        locking.execute("BEGIN EXCLUSIVE")
        with closing(SqliteDefinitions(file)) as definitions, pytest.raises(StoreError, match="cannot be read now"):
            definitions.server("mail")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
