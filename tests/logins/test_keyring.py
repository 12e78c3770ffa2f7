"""Logins of which the system's keyring has what is secret."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.config.system_keyring import Keyring
from mcp_dynaload.errors import StoreError
from mcp_dynaload.logins.login import Login, LoginKey, RegisteredClient
from mcp_dynaload.logins.store import LoginStore
from mcp_dynaload.masking import Masker
from tests.cli.test_login import invoked, places, said
from tests.keyrings import SECRET, KeyringInMemory, LockedKeyring
from tests.logins.authorization import protected

__all__ = ["places"]

pytestmark = pytest.mark.proves("logins")

KEY = LoginKey("far", "https://far.example/mcp")
OF = RegisteredClient(client_id="we", client_secret="of-the-client", redirect_uri="http://localhost:1/callback")
LOGIN = Login(
    issuer="https://far.example",
    token_endpoint="https://far.example/token",
    client=OF,
    access_token="the-access-token",
    refresh_token="the-refresh-token",
)


def store_in(folder: Path, keyring: Keyring | None, *, in_keyring: bool = True) -> LoginStore:
    return LoginStore(folder, Masker(), in_keyring=in_keyring, find=lambda: keyring)


def written(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.glob("*.json"))


async def test_the_keyring_has_what_is_secret_and_each_process_sees_a_change(tmp_path: Path) -> None:
    keyring = KeyringInMemory()
    one, other = store_in(tmp_path, keyring), store_in(tmp_path, keyring, in_keyring=False)
    await one.write(KEY, LOGIN)
    before = await other.stamp(KEY)

    assert await other.read(KEY) == LOGIN == await one.read(KEY)
    assert await other.all() == {KEY: LOGIN}
    assert not [secret for secret in LOGIN.secrets if secret in written(tmp_path)]
    assert one.place_of(KEY) == "the system's keyring"
    await one.write(KEY, LOGIN.without_tokens())
    assert await other.stamp(KEY) != before
    assert await other.read(KEY) == LOGIN.without_tokens()
    await one.remove(KEY)
    assert (keyring.kept, await other.read(KEY)) == ({}, None)


async def test_a_login_moves_with_the_setting_when_it_is_written_next(tmp_path: Path) -> None:
    keyring = KeyringInMemory()
    of_file, of_keyring = store_in(tmp_path, keyring, in_keyring=False), store_in(tmp_path, keyring)
    await of_file.write(KEY, LOGIN)
    assert (keyring.kept, LOGIN.access_token in written(tmp_path)) == ({}, True)
    await of_keyring.write(KEY, LOGIN)
    assert (len(keyring.kept), LOGIN.access_token in written(tmp_path)) == (1, False)
    await of_file.write(KEY, LOGIN)
    assert (keyring.kept, LOGIN.access_token in written(tmp_path)) == ({}, True)


@pytest.mark.parametrize(
    ("keyring", "why"), [(None, "install the extra `keyring`"), (LockedKeyring(), "unlock it and try again")]
)
async def test_without_a_keyring_the_file_has_it_and_that_is_told(
    tmp_path: Path, keyring: Keyring | None, why: str
) -> None:
    store = store_in(tmp_path, keyring)
    with capture_logs() as logged:
        await store.write(KEY, LOGIN)

    assert await store.read(KEY) == LOGIN
    (told,) = [entry for entry in logged if entry["event"] == "login_kept_in_file"]
    assert why in told["why"]
    assert SECRET not in str(logged)
    assert "only you may read" in store.place_of(KEY)


async def test_a_keyring_that_is_gone_is_told_with_what_to_do(tmp_path: Path) -> None:
    await store_in(tmp_path, KeyringInMemory()).write(KEY, LOGIN)

    with pytest.raises(StoreError, match="install the extra `keyring`"):
        await store_in(tmp_path, None).read(KEY)
    with pytest.raises(StoreError, match="unlock it"):
        await store_in(tmp_path, LockedKeyring()).remove(KEY)
    assert list(await store_in(tmp_path, None).all()) == [KEY]
    cleared = await store_in(tmp_path, KeyringInMemory()).read(KEY)  # as after the user has emptied it
    assert cleared is not None
    assert not cleared.has_tokens


async def test_the_commands_keep_say_and_clear_it(places: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = KeyringInMemory()
    monkeypatch.setattr("keyring.get_keyring", lambda: keyring)
    monkeypatch.setenv("MCP_DYNALOAD_LOGIN_STORE", "keyring")
    async with protected() as server:
        await said("add", "--no-list", "far", server.url)
        told = [await said("login", "far")]
        assert len(keyring.kept) == 1
        told.append(await said("logout", "far"))
        assert keyring.kept == {}
        await said("login", "far")
        told.append((await invoked("uninstall")).output)
        assert keyring.kept == {}
        monkeypatch.setattr("keyring.get_keyring", LockedKeyring)
        told.append(await said("login", "far"))

    assert "far: logged in. It is kept in the system's keyring." in told[0]
    assert "far: forgotten here, and revoked at its server." in told[1]
    assert "Forgotten in the system's keyring: the logins to far." in told[2]
    assert "there is no keyring to be used here" in told[3]
