"""The program's start, in this process."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder

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
