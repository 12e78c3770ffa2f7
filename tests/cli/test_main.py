"""The program's start, in this process."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from io import FileIO, TextIOWrapper
from pathlib import Path

import pytest

from mcp_dynaload.cli import main
from mcp_dynaload.errors import DynaloadError
from tests.cli.conftest import Shell
from tests.waiting import HANG_SECONDS


class _Interrupting(MetaPathFinder):
    """Ctrl-C in the middle of an import."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> None:
        if fullname.startswith("mcp_dynaload.cli."):
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "module"), [("doctor", "app"), ("serve", "program"), ("statusline", "statusline")]
)
def test_ctrl_c_while_the_program_is_read_ends_it_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: str, module: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["mcp-dynaload", arguments])
    monkeypatch.delitem(sys.modules, f"mcp_dynaload.cli.{module}", raising=False)
    monkeypatch.setattr(sys, "meta_path", [_Interrupting(), *sys.meta_path])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")


def test_a_command_of_a_session_is_told_to_whoever_types_it_at_the_shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mcp-dynaload", "pin", "git__git_log"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "'pin' is typed in a session: /dynaload:pin in Claude Code" in " ".join(capsys.readouterr().err.split())


def test_our_own_error_in_a_task_is_told_in_a_line_and_a_fault_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*errors: Exception) -> Callable[..., None]:
        def run(**_: object) -> None:
            raise ExceptionGroup("tasks", [ExceptionGroup("inner", [*errors])])

        return run

    monkeypatch.setattr(sys, "argv", ["mcp-dynaload", "doctor"])
    monkeypatch.setattr("mcp_dynaload.cli.app.app", failing(DynaloadError("it is gone")))
    with pytest.raises(SystemExit) as ended:
        main()
    monkeypatch.setattr("mcp_dynaload.cli.app.app", failing(DynaloadError("it is gone"), ValueError("a fault")))
    with pytest.raises(ExceptionGroup):
        main()

    assert (ended.value.code, capsys.readouterr().err) == (2, "mcp-dynaload: it is gone\n")


def test_commands_that_only_look_do_without_the_sdk(shell: Shell) -> None:
    shell.write_servers({"db": {"command": "db"}, "docs": {"type": "http", "url": "https://docs.example.com/mcp"}})
    looks = [
        ["list"],
        ["get", "db"],
        ["audit"],
        ["stats"],
        ["profile", "list"],
        ["quarantine", "list"],
        ["disable", "db"],
    ]
    program = (
        "import contextlib, sys\n"
        "from mcp_dynaload.cli import main\n"
        f"for command in {looks!r}:\n"
        "    sys.argv[1:] = command\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        main()\n"
        "    print('ran', *command, file=sys.stderr)\n"
        "heavy = {'mcp', 'mcp_types', 'httpx2', 'starlette', 'fastapi', 'numpy'} & set(sys.modules)\n"
        "print('heavy', sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=shell.project,
        env=shell.environ,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=True,
    )

    assert "docs.example.com" in done.stdout
    assert "db: used, user scope" in done.stdout
    assert done.stderr.splitlines() == [*(f"ran {' '.join(look)}" for look in looks), "heavy []"]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Run in a home of its own; what is printed goes to the file that is returned."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLAUDE_PROJECT_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["mcp-dynaload", "list", "--json"])
    return tmp_path / "printed"


def test_an_output_that_cannot_be_written_is_told_in_a_line(
    alone: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            main()

    assert ended.value.code == 1
    assert capfd.readouterr().err.endswith("mcp-dynaload: the output could not be written (No space left on device)\n")


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["statusline"]])
def test_so_is_one_without_a_buffer(
    alone: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mcp-dynaload", *arguments])
    with TextIOWrapper(FileIO("/dev/full", "w"), write_through=True) as full:  # pyright: ignore[reportArgumentType] - as Python does for PYTHONUNBUFFERED
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            main()

    assert ended.value.code == 1
    assert capfd.readouterr().err.endswith("mcp-dynaload: the output could not be written (No space left on device)\n")


def test_an_error_never_goes_to_stdout_for_want_of_a_stderr(shell: Shell) -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.quote(sys.executable)} -m mcp_dynaload get nix <&- 2>&-"],
        cwd=shell.project,
        env=shell.environ,
        stdout=subprocess.PIPE,
        timeout=HANG_SECONDS,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, b"")


def test_who_reads_no_more_is_told_nothing(
    alone: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as broken:
        monkeypatch.setattr(sys, "stdout", broken)
        with pytest.raises(SystemExit) as ended:
            main()

    assert (ended.value.code, capfd.readouterr().err) == (1, "")


def test_letters_that_the_output_does_not_have_are_escaped(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mcp-dynaload", "add", "--no-list", "x", "--", "\u65e5\u672c"])
    with alone.open("w", encoding="ascii") as output:
        monkeypatch.setattr(sys, "stdout", output)
        with pytest.raises(SystemExit) as ended:
            main()

    assert ended.value.code == 0
    assert "\\u65e5\\u672c" in alone.read_text("ascii")


def test_a_folder_that_is_gone_is_told(
    alone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.delenv("CLAUDE_PROJECT_DIR")
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "the folder that you are in is gone" in capsys.readouterr().err
