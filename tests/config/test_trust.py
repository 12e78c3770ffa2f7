"""Trust in a project's servers file."""

import json
import stat
from pathlib import Path

import pytest

from mcp_dynaload.config.trust import TrustRecord, forget, is_trusted, trust_content, trust_file
from mcp_dynaload.errors import ConfigError, StoreError


@pytest.fixture
def servers(tmp_path: Path) -> Path:
    file = tmp_path / "servers.json"
    file.write_text('{"mcpServers": {}}', encoding="utf-8")
    return file


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_a_file_is_not_trusted_at_first(servers: Path, state_dir: Path) -> None:
    assert not is_trusted(servers, state_dir)
    assert not state_dir.exists()


def test_a_trusted_file_is_trusted(servers: Path, state_dir: Path) -> None:
    trust_file(servers, state_dir)

    assert is_trusted(servers, state_dir)


def test_a_changed_file_is_not_trusted_until_it_is_as_before(servers: Path, state_dir: Path) -> None:
    before = servers.read_bytes()
    trust_file(servers, state_dir)

    servers.write_bytes(before + b" ")
    assert not is_trusted(servers, state_dir)

    servers.write_bytes(before)
    assert is_trusted(servers, state_dir)


def test_the_same_content_elsewhere_is_not_trusted(servers: Path, state_dir: Path) -> None:
    trust_file(servers, state_dir)
    copy = servers.with_name("copy.json")
    copy.write_bytes(servers.read_bytes())

    assert not is_trusted(copy, state_dir)


def test_a_relative_path_and_a_link_above_the_project_lead_to_the_same_trust(
    servers: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(servers.parent)
    above = servers.parent / "link"
    above.symlink_to(servers.parent)

    record = trust_file(Path("servers.json"), state_dir)

    assert record.path == servers.resolve()
    assert is_trusted(above / "servers.json", state_dir)


@pytest.mark.proves("trust")
@pytest.mark.parametrize("linked", [".mcp-dynaload/servers.json", ".mcp-dynaload"])
def test_a_link_in_another_repository_to_a_trusted_file_is_not_trusted(
    tmp_path: Path, state_dir: Path, linked: str
) -> None:
    trusted, hostile = tmp_path / "trusted", tmp_path / "hostile"
    file = trusted / ".mcp-dynaload" / "servers.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"mcpServers": {}}', encoding="utf-8")
    trust_file(file, state_dir)
    (hostile / linked).parent.mkdir(parents=True)
    (hostile / linked).symlink_to(trusted / linked)

    assert is_trusted(file, state_dir)
    assert not is_trusted(hostile / ".mcp-dynaload" / "servers.json", state_dir)


def test_what_was_shown_is_trusted_even_if_the_file_changed_meanwhile(servers: Path, state_dir: Path) -> None:
    shown = servers.read_bytes()
    servers.write_text("changed", encoding="utf-8")

    trust_content(servers, shown, state_dir)

    assert not is_trusted(servers, state_dir)


def test_trusting_again_keeps_the_other_files(servers: Path, state_dir: Path) -> None:
    other = servers.with_name("other.json")
    other.write_text("{}", encoding="utf-8")
    trust_file(servers, state_dir)
    trust_file(other, state_dir)

    assert is_trusted(servers, state_dir)
    assert is_trusted(other, state_dir)


def test_forgetting_withdraws_trust_and_says_whether_there_was_any(servers: Path, state_dir: Path) -> None:
    trust_file(servers, state_dir)

    assert forget(servers, state_dir) is True
    assert forget(servers, state_dir) is False
    assert not is_trusted(servers, state_dir)


def test_a_removed_file_can_be_forgotten(servers: Path, state_dir: Path) -> None:
    trust_file(servers, state_dir)
    servers.unlink()

    assert forget(servers, state_dir) is True


def test_the_record_holds_path_and_hash_and_is_the_users_only(servers: Path, state_dir: Path) -> None:
    record = trust_file(servers, state_dir)

    file = state_dir / "trust.json"
    assert json.loads(file.read_text("utf-8")) == {str(record.path): record.sha256}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in state_dir.iterdir()] == ["trust.json"]
    assert record == TrustRecord(servers.resolve(), "139f0a6d5883f3caadbca38e6cbcc1d39ffcbff19c43fc17f5d6163673021b5e")


def test_a_file_that_is_not_there_cannot_be_trusted(state_dir: Path) -> None:
    with pytest.raises(ConfigError, match="no-such-file"):
        trust_file(Path("no-such-file"), state_dir)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_record_is_an_error_and_no_trust(servers: Path, state_dir: Path, content: str) -> None:
    state_dir.mkdir()
    (state_dir / "trust.json").write_text(content, encoding="utf-8")

    with pytest.raises(StoreError, match="trust your files again"):
        is_trusted(servers, state_dir)


def test_a_state_folder_that_cannot_be_made_is_an_error(servers: Path, state_dir: Path) -> None:
    state_dir.symlink_to(state_dir.with_name("nowhere"))

    with pytest.raises(StoreError, match="cannot be written"):
        trust_file(servers, state_dir)


def test_a_record_that_cannot_be_read_is_an_error(servers: Path, state_dir: Path) -> None:
    (state_dir / "trust.json").mkdir(parents=True)

    with pytest.raises(StoreError, match="cannot be read"):
        is_trusted(servers, state_dir)


def test_what_a_later_version_records_in_a_way_of_its_own_survives_a_change(servers: Path, state_dir: Path) -> None:
    state_dir.mkdir(parents=True, exist_ok=True)
    record = state_dir / "trust.json"
    record.write_text('{"/elsewhere": {"by": "later"}}')

    trust_file(servers, state_dir)
    forget(servers, state_dir)

    assert json.loads(record.read_text()) == {"/elsewhere": {"by": "later"}}
