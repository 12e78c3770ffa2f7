"""Values of entries that stand in files and in the keyring: filled in, masked, and told where they are missing."""

import json
import stat
from pathlib import Path

import pytest

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.secret_store import SERVICE, SecretStore
from mcp_dynaload.config.secrets import masker_for
from mcp_dynaload.config.servers_watch import stamp_of
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.system_keyring import Keyring
from mcp_dynaload.config.written_configuration import followed_files
from mcp_dynaload.errors import StoreError
from tests.keyrings import SECRET, KeyringInMemory, LockedKeyring
from tests.servers_files import places_in, problems_of, read, read_entry, servers, write

pytestmark = pytest.mark.proves("kept-secrets")

VALUE = SECRET


def no_keyring() -> None:
    return None


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return places_in(tmp_path)


def test_a_secret_stands_in_every_place_where_a_variable_may(places: Locations, tmp_path: Path) -> None:
    SecretStore(places.secrets_file, no_keyring).set("gh", VALUE)
    write(places.config_dir / "beside.txt", f"{VALUE}\n")
    absolute = write(tmp_path / "elsewhere.txt", "of-a-file\r\n")

    program = read_entry(
        places,
        {
            "command": "x",
            "args": ["--key=${keyring:gh}", "${file:beside.txt}", "${keyring:none:-fallback}"],
            "env": {"A": "${file:" + str(absolute) + "}", "B": "${HOME}/${keyring:gh}"},
        },
        {"HOME": "/h"},
    )
    remote = read_entry(
        places, {"url": "https://x.example/${keyring:gh}", "headers": {"Authorization": "Bearer ${keyring:gh}"}}
    )

    assert program.args == (f"--key={VALUE}", VALUE, "fallback")
    assert program.env == {"A": "of-a-file", "B": f"/h/{VALUE}"}
    assert (remote.url, remote.headers) == (f"https://x.example/{VALUE}", {"Authorization": f"Bearer {VALUE}"})
    assert set(program.secrets) == {VALUE, "of-a-file"}
    assert VALUE not in f"{program} {remote}"
    assert VALUE not in json.dumps([program.entry, remote.entry])


@pytest.mark.parametrize("reference", ["${keyring:gh}", "${file:one.txt}"])
def test_such_a_value_is_masked_whatever_it_looks_like_and_wherever_it_stands(
    places: Locations, reference: str
) -> None:
    SecretStore(places.secrets_file, no_keyring).set("gh", VALUE)
    write(places.config_dir / "one.txt", VALUE)
    config = read_entry(places, {"command": "x", "args": [reference], "env": {"PLAIN": reference}})

    masker = masker_for([config], Settings(), {})

    assert masker.text(f"it said: {VALUE}!") == "it said: •••!"


@pytest.mark.proves("bad-config")
@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            {"command": "x", "env": {"T": "${keyring:gh}"}},
            "mcpServers.one.env.T needs the secret 'gh', which is not set; run: mcp-dynaload secret set gh",
        ),
        (
            {"url": "https://x.example", "headers": {"A": "Bearer ${keyring:a b}"}},
            "mcpServers.one.headers.A names the secret 'a b', which no secret can be called; "
            "use up to 64 letters, digits, '.', '_' and '-'",
        ),
        (
            {"command": "x", "args": ["y", "${file:none.txt}"]},
            "mcpServers.one.args[1] takes its value from the file 'none.txt', which cannot be read "
            "(No such file or directory); put the value there, as text and nothing else, readable by you",
        ),
        (
            {"command": "x", "args": ["${file:empty.txt}"]},
            "mcpServers.one.args[0] takes its value from the file 'empty.txt', which holds no value; "
            "put the value there, as text and nothing else, readable by you",
        ),
        (
            {"command": "x", "args": ["${file:}"]},
            "mcpServers.one.args[0] names no file; write the whole path, or one that begins with ~/",
        ),
    ],
)
def test_what_is_missing_is_told_with_its_key_and_what_to_do_and_keeps_this_server_alone_from_being_used(
    places: Locations, entry: object, said: str
) -> None:
    write(places.config_dir / "empty.txt", "\n")

    assert problems_of(places, servers(one=entry, other={"command": "y"})) == [f"1: {said}"]
    assert [one.name for one in read(places).upstreams] == ["other"]


@pytest.mark.parametrize("content", [b"\xff\xfe\xfd", b"a\0b", b"x" * 70_000], ids=["no text", "nul", "large"])
def test_a_file_that_holds_no_value_is_refused_and_nothing_of_it_is_shown(places: Locations, content: bytes) -> None:
    places.config_dir.mkdir(parents=True)
    (places.config_dir / "odd.txt").write_bytes(content)

    (said,) = problems_of(places, servers(one={"command": "x", "args": ["${file:odd.txt}"]}))

    assert "takes its value from the file 'odd.txt'" in said
    assert "xxxx" not in said


@pytest.mark.proves("trust")
def test_a_project_that_is_not_trusted_has_nothing_read(places: Locations) -> None:
    entry = {"command": "x", "args": ["${file:none.txt}", "${keyring:gh}"]}
    write(places.project_servers_file, servers(one=entry))

    (problem,) = read(places).problems

    assert "is new or has changed" in str(problem)


def test_where_there_is_a_keyring_it_has_the_value_and_the_file_only_the_name(places: Locations) -> None:
    keyring = KeyringInMemory()
    store = SecretStore(places.secrets_file, lambda: keyring)

    place = store.set("gh", VALUE)
    read_back, names = store.get("gh"), store.names()
    text = places.secrets_file.read_text("utf-8")
    was_there, is_there = store.remove("gh"), store.remove("gh")

    assert (place, names) == ("the system's keyring", {"gh": "the system's keyring"})
    assert read_back == VALUE
    assert VALUE not in text
    assert (was_there, is_there, store.get("gh"), keyring.kept) == (True, False, None, {})


def test_without_a_keyring_a_file_that_only_the_user_may_read_has_it_and_says_so(places: Locations) -> None:
    places.state_dir.mkdir(parents=True)
    places.secrets_file.write_text("{}")
    places.secrets_file.chmod(0o644)
    store = SecretStore(places.secrets_file, no_keyring)

    place = store.set("gh", VALUE)

    assert place == f"the file {places.secrets_file}, which only you may read"
    assert stat.S_IMODE(places.secrets_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(places.state_dir.stat().st_mode) == 0o700


def test_a_secret_moves_to_the_keyring_when_it_is_set_where_there_is_one(places: Locations) -> None:
    keyring = KeyringInMemory()
    SecretStore(places.secrets_file, no_keyring).set("gh", "old")
    before = SecretStore(places.secrets_file, lambda: keyring).get("gh")
    SecretStore(places.secrets_file, lambda: keyring).set("gh", VALUE)

    assert before == "old"
    assert keyring.kept == {(SERVICE, "gh"): VALUE}
    assert "old" not in places.secrets_file.read_text("utf-8")


@pytest.mark.parametrize(
    ("keyring", "said"),
    [(LockedKeyring(), "the system's keyring failed (PermissionError); unlock it"), (None, "install the extra")],
    ids=["locked", "gone"],
)
def test_a_keyring_that_cannot_be_used_is_told_without_what_it_said(
    places: Locations, keyring: Keyring | None, said: str
) -> None:
    SecretStore(places.secrets_file, KeyringInMemory).set("gh", VALUE)

    with pytest.raises(StoreError) as caught:
        SecretStore(places.secrets_file, lambda: keyring).get("gh")

    assert said in str(caught.value)
    assert VALUE not in str(caught.value)


def test_running_sessions_see_that_a_secret_was_set_again(places: Locations) -> None:
    files = followed_files(places, ())
    store = SecretStore(places.secrets_file, KeyringInMemory)
    stamps = [stamp_of(files)]
    for value in ("one", "two"):
        store.set("gh", value)
        stamps.append(stamp_of(files))

    assert len(set(stamps)) == 3


def test_what_a_later_version_keeps_in_a_way_of_its_own_survives_a_change(places: Locations) -> None:
    places.secrets_file.parent.mkdir(parents=True, exist_ok=True)
    places.secrets_file.write_text('{"sealed": {"by": "later"}}')
    store = SecretStore(places.secrets_file, no_keyring)

    store.set("gh", VALUE)

    assert json.loads(places.secrets_file.read_text()) == {"gh": VALUE, "sealed": {"by": "later"}}
    assert store.names().keys() == {"gh"}
