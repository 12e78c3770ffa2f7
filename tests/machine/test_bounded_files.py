"""Files that somebody else put into a repository are read within bounds, or not at all."""

import os
import threading
from pathlib import Path

import pytest

from mcp_dynaload.machine.bounded_files import MAX_FILE_BYTES, is_inside, read_bounded, read_inside, read_named


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_a_plain_file_and_a_link_within_the_folder_are_read(project: Path) -> None:
    (project / "a").write_text("text")
    (project / "b").symlink_to("a")

    assert read_inside(project / "a", project) == read_inside(project / "b", project) == b"text"


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_is_not(project: Path) -> None:
    (project / "largest").write_bytes(b"x" * MAX_FILE_BYTES)
    (project / "larger").write_bytes(b"x" * (MAX_FILE_BYTES + 1))

    assert len(read_bounded(project / "largest")) == MAX_FILE_BYTES
    with pytest.raises(OSError, match="larger than 1,000,000 bytes"):
        read_bounded(project / "larger")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/stdin", "/dev/tty", "/dev/null"])
def test_a_link_to_a_device_is_never_read(project: Path, device: str) -> None:
    (project / "link").symlink_to(device)

    with pytest.raises(OSError, match="leads out of"):
        read_inside(project / "link", project)


def test_a_pipe_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe")

    with pytest.raises(OSError, match="no regular file"):
        read_inside(project / "pipe", project)


def test_a_folder_is_no_file(project: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        read_bounded(project)


@pytest.mark.parametrize("link", ["file", "folder/file"])
def test_a_link_that_leads_out_is_not_followed(tmp_path: Path, project: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("private")
    first = project / link.split("/")[0]
    first.symlink_to(outside if "/" in link else outside / "file")

    assert not is_inside(project / link, project)
    with pytest.raises(OSError, match="leads out of"):
        read_inside(project / link, project)


def test_a_project_that_is_reached_by_a_link_is_itself(tmp_path: Path, project: Path) -> None:
    (project / "a").write_text("text")
    (tmp_path / "link").symlink_to(project)

    assert read_inside(tmp_path / "link" / "a", tmp_path / "link") == b"text"


@pytest.mark.proves("bounded")
def test_a_pipe_that_the_user_names_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"x" * 200_000,))
    writer.start()

    assert read_named(pipe) == b"x" * 200_000
    writer.join()


@pytest.mark.proves("bounded")
def test_a_pipe_into_which_nobody_writes_is_given_up_and_a_device_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.machine.bounded_files.PIPE_SECONDS", 0.05)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(OSError, match=r"nothing came through the pipe in 0.05 s"):
        read_named(pipe)
    with pytest.raises(OSError, match="no regular file"):
        read_named(Path("/dev/zero"))
    with pytest.raises(IsADirectoryError):
        read_named(tmp_path)
