"""`init --move-secrets`: the servers file has names in the place of secrets, and `uninstall` brings every byte back."""

import json
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.secrets import plain_secrets
from mcp_dynaload.config.servers_file import read_upstreams
from mcp_dynaload.errors import HostError
from mcp_dynaload.machine.atomic_files import write_atomically
from tests.hosts.machine import Machine, bare_machine, used_machine

pytestmark = pytest.mark.proves("kept-secrets")

PLANTED = "not-a-real-" + "token-" + 2 * "0123456789"


@pytest.fixture(autouse=True)
def without_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


def kept(machine: Machine) -> dict[str, str | None]:
    store = SecretStore(machine.locations.secrets_file)
    return {name: store.get(name) for name in store.names()}


def servers_text(machine: Machine) -> str:
    return machine.locations.user_servers_file.read_text("utf-8")


@pytest.mark.parametrize(
    ("entry", "places"),
    [
        ({"env": {"API_TOKEN": PLANTED, "PATH_TO": "/a/b", "LEVEL": "debug"}}, [(("env", "API_TOKEN"), PLANTED)]),
        ({"env": {"API_TOKEN": "${API_TOKEN}"}, "headers": {"X-Api-Key": "${keyring:x}"}}, []),
        ({"headers": {"Authorization": f"Bearer {PLANTED}"}}, [(("headers", "Authorization"), PLANTED)]),
        ({"url": f"https://x.example/mcp?api_key={PLANTED}&a=b"}, [(("url",), PLANTED)]),
        ({"args": ["--api-key", PLANTED, "-v"]}, [(("args", 1), PLANTED)]),
        ({"args": [f"--token={PLANTED}", "--port=8080"]}, [(("args", 0), PLANTED)]),
        ({"args": ["-y", "@scope/server-of-something@1.2.3", "/home/ann/work"]}, []),
        ({"args": "no list", "env": [], "url": 1}, []),
    ],
)
def test_the_secrets_of_an_entry_are_found_and_nothing_else(entry: Json, places: list[object]) -> None:
    assert list(plain_secrets(entry)) == places


def test_with_the_option_the_servers_file_has_names_and_each_server_gets_what_it_got(tmp_path: Path) -> None:
    plain, machine = used_machine(tmp_path / "plain"), used_machine(tmp_path / "moved")
    plain.init()

    machine.init(moves_secrets=True)

    text = servers_text(machine)
    values = [value for value in kept(machine).values() if value]
    assert values
    assert [value for value in values if value in text] == []
    assert [value for value in values if value not in servers_text(plain)] == []
    assert [value for value in values if value in "\n".join(machine.shown)] == []
    before, after = (
        read_upstreams(one.locations, explicit=(), environ={"HOME": "/h"}, trust_all=False) for one in (plain, machine)
    )
    assert after.problems == ()
    reached = [[(one.name, one.args, one.env, one.url, one.headers) for one in read.upstreams]
               for read in (before, after)]  # fmt: skip
    assert json.dumps(reached[0]).replace(str(plain.root), "") == json.dumps(reached[1]).replace(str(machine.root), "")
    assert f"kept in the file {machine.locations.secrets_file}, which only you may read" in "\n".join(machine.shown)


def test_unasked_nothing_is_moved_and_afterwards_it_is_offered_once_for_all_servers(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)

    machine.init()

    (offer,) = [line for line in machine.shown if "stand as text" in line]
    assert "github.env.GITHUB_PERSONAL_ACCESS_TOKEN" in offer
    assert "`mcp-dynaload init --scope user --move-secrets`" in offer
    assert "secret-" not in offer
    assert kept(machine) == {}


def test_a_later_run_moves_the_secrets_of_servers_that_are_there_already(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    plain = servers_text(machine)

    machine.init(moves_secrets=True)
    again = machine.init(moves_secrets=True)

    moved = kept(machine)
    assert moved["github-GITHUB_PERSONAL_ACCESS_TOKEN"]
    assert "${keyring:github-GITHUB_PERSONAL_ACCESS_TOKEN}" in servers_text(machine)
    assert all(value and value in plain and value not in servers_text(machine) for value in moved.values())
    assert again.edits == ()


def test_uninstall_brings_every_byte_back_and_forgets_what_was_moved(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.contents()
    SecretStore(machine.locations.secrets_file).set("mine", "own")

    machine.init()
    machine.init(moves_secrets=True)
    machine.uninstall()

    assert machine.contents() == before
    assert kept(machine) == {"mine": "own"}


def test_a_name_that_has_another_secret_is_not_taken(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.state, {"mcpServers": {"it": {"command": "x", "env": {"API_TOKEN": PLANTED}}}})
    SecretStore(machine.locations.secrets_file).set("it-API_TOKEN", "another")

    machine.init(moves_secrets=True)

    assert kept(machine) == {"it-API_TOKEN": "another", "it-API_TOKEN-2": PLANTED}
    assert "${keyring:it-API_TOKEN-2}" in servers_text(machine)


def test_a_dry_run_and_a_failure_half_way_keep_nothing(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.contents()
    written: list[Path] = []

    def failing(path: Path, content: bytes) -> None:
        written.append(path)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        write_atomically(path, content)

    machine.init(moves_secrets=True, is_dry_run=True)
    after_dry_run = kept(machine)
    with pytest.raises(HostError):
        machine.init(moves_secrets=True, write=failing)

    assert after_dry_run == kept(machine) == {}
    assert machine.contents() == before
