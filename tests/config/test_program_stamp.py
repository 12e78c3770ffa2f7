"""Whether the program of an entry is another than at its last listing is seen without starting it."""

import os
from pathlib import Path

import pytest

from mcp_dynaload.config.upstream_config import UpstreamConfig


def print_of(folder: Path, command: str, *args: str) -> str:
    entry = {"command": command, "args": list(args)}
    return UpstreamConfig(name="a", transport="stdio", command=command, args=args, entry=entry).fingerprint(folder)


def write(path: Path, text: str, *, at: int) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    os.utime(path, ns=(at, at))
    return path


@pytest.mark.proves("pinning")
@pytest.mark.parametrize(
    ("name", "is_seen"),
    [("server.py", True), ("index.js", True), ("tools.json", True), ("notes.db", False), ("data.txt", False)],
)
def test_a_changed_script_or_configuration_is_seen_and_changed_data_is_not(
    tmp_path: Path, name: str, *, is_seen: bool
) -> None:
    file = write(tmp_path / name, "one", at=1)
    before = [print_of(tmp_path, "python", str(file)), print_of(tmp_path, "python", name)]
    write(file, "two", at=2)
    after = [print_of(tmp_path, "python", str(file)), print_of(tmp_path, "python", name)]

    assert [one != other for one, other in zip(before, after, strict=True)] == [is_seen, is_seen]


@pytest.mark.proves("pinning")
def test_a_program_that_was_exchanged_is_seen_and_one_that_is_missing_is_no_mistake(tmp_path: Path) -> None:
    program = write(tmp_path / "server", "#!/bin/sh", at=1)
    before, missing = print_of(tmp_path, str(program)), print_of(tmp_path, "no-such-program", "x" * 10_000 + ".py")
    write(program, "#!/bin/sh -e", at=1)

    assert print_of(tmp_path, str(program)) != before
    assert print_of(tmp_path, "no-such-program", "x" * 10_000 + ".py") == missing
