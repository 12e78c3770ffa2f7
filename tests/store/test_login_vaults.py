"""Sealed logins are kept alike in the state folder and in a Redis."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from mcp_dynaload.errors import StoreError
from mcp_dynaload.logins.sealing import Sealer
from mcp_dynaload.logins.vault import LoginVault
from mcp_dynaload.store.backends import open_login_vault

pytestmark = pytest.mark.proves("user-logins")

KEYS = bytes(32), bytes(range(32))


@pytest.fixture
def vault(url: str, tmp_path: Path) -> Iterator[LoginVault]:
    with open_login_vault(url, tmp_path / "user-logins.db") as opened:
        yield opened


async def test_what_one_replica_keeps_another_reads_by_owner_until_it_is_forgotten(
    vault: LoginVault, url: str, tmp_path: Path
) -> None:
    with open_login_vault(url, tmp_path / "user-logins.db") as other:
        await vault.write("ann", "1", "a")
        await vault.write("ann", "2", "b")
        await vault.write("bob", "1", "c")
        await vault.write("ann", "1", "newer")

        assert await other.all("ann") == {"1": "newer", "2": "b"}
        assert (await other.read("bob", "1"), await other.read("bob", "2")) == ("c", None)
        await other.remove("ann", "2")
        assert await vault.all("ann") == {"1": "newer"}
        await other.forget("ann")
        assert (await vault.all("ann"), await vault.all("bob")) == ({}, {"1": "c"})


async def test_what_is_kept_for_a_time_is_gone_after_it(vault: LoginVault) -> None:
    await vault.write("begun", "long", "a", 60)
    await vault.write("begun", "short", "b", 0.02)
    await anyio.sleep(0.05)

    assert (await vault.read("begun", "long"), await vault.read("begun", "short")) == ("a", None)
    await vault.remove("begun", "long")
    assert await vault.read("begun", "long") is None


async def test_one_holds_an_id_until_it_lets_go_or_its_time_is_over(vault: LoginVault) -> None:
    assert await vault.hold("1", "one", 60)
    assert not await vault.hold("1", "other", 60)
    assert await vault.hold("2", "other", 0.02)
    await vault.release("1", "other")
    assert not await vault.hold("1", "other", 60)
    await vault.release("1", "one")
    assert await vault.hold("1", "other", 60)
    await anyio.sleep(0.05)
    assert await vault.hold("2", "one", 60)


def test_a_sealed_text_opens_with_its_key_in_its_place_unchanged_and_in_no_other_way() -> None:
    old, new = Sealer(KEYS[:1]), Sealer(KEYS[::-1])
    sealed = old.seal("ann/1", "secret")

    assert new.open("ann/1", sealed) == "secret"
    assert "secret" not in sealed
    assert old.seal("ann/1", "secret") != sealed
    for sealer, place, text, said in (
        (Sealer(KEYS[1:]), "ann/1", sealed, "not among login_keys"),
        (old, "bob/1", sealed, "not as it was sealed"),
        (old, "ann/1", sealed[:-5] + ("AAAA=" if not sealed.endswith("AAAA=") else "BBBB="), "not as it was sealed"),
        (old, "ann/1", sealed.rpartition(".")[0] + ".?", "not as it was sealed"),
        (old, "ann/1", new.seal("ann/1", "secret"), "not among login_keys"),
    ):
        with pytest.raises(StoreError, match=said):
            sealer.open(place, text)
