import os
import subprocess
import threading
from pathlib import Path

from mcp_dynaload.demo.workspace import ensure_part

PARTS = ("project", "tracker", "shop", "site", "telemetry", "agenda", "mailbox", "docker", "notes", "pipelines")


def create_workspace(path: Path) -> Path:
    for part in PARTS:
        ensure_part(path, part)
    return path


def _contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and ".git" not in file.parts)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def _head(workspace: Path) -> str:
    command = ["git", "-C", str(workspace / "project"), "rev-parse", "main", "feature/discount-codes", "v0.1.0"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _cpu_seconds() -> float:
    """Return our processor time and our children's: a busy machine does not change it."""
    return sum(os.times()[:4])


def test_two_fresh_workspaces_are_the_same(tmp_path: Path) -> None:
    first, second = create_workspace(tmp_path / "a"), create_workspace(tmp_path / "b")

    assert _contents(first) == _contents(second)
    assert _head(first) == _head(second)


def test_a_workspace_is_filled_in_less_than_a_second_of_work(tmp_path: Path) -> None:
    before = _cpu_seconds()
    create_workspace(tmp_path)

    assert _cpu_seconds() - before < 1.0


def test_filling_again_keeps_what_was_changed(tmp_path: Path) -> None:
    note = create_workspace(tmp_path) / "project/todo.txt"
    note.write_text("changed")

    create_workspace(tmp_path)

    assert note.read_text() == "changed"


def test_a_part_appears_alone_and_whole(tmp_path: Path) -> None:
    ensure_part(tmp_path, "agenda")

    assert [folder.name for folder in tmp_path.iterdir()] == ["agenda"]


def test_servers_that_start_together_share_one_whole_part(tmp_path: Path) -> None:
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait(5)
        ensure_part(tmp_path, "project")

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert [folder.name for folder in tmp_path.iterdir()] == ["project"]
    assert _head(tmp_path).count("\n") == 3
