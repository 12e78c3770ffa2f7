"""The program's start, in this process."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder

import pytest

from mcp_dynaload.cli import main


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
