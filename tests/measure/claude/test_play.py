"""A client that does not play: the session fails by itself, and says why."""

from pathlib import Path

import pytest

from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.measure.claude.play import Playing, play
from mcp_dynaload.measure.claude.setups import ClientFiles, SetUp
from mcp_dynaload.measure.claude.tasks import BenchSession, task
from mcp_dynaload.measure.claude.ways import ToolsByName


def test_a_client_that_ends_at_once_is_told_with_its_own_words(tmp_path: Path) -> None:
    binary = tmp_path / "claude"
    binary.write_text("#!/bin/sh\necho 'error: unknown option --settings' >&2\nexit 1\n")
    binary.chmod(0o755)
    set_up = SetUp("tool search", ToolsByName({}, lambda server, tool: {}), lambda _: ClientFiles({}, {}, {}))
    session = BenchSession("small talk", "us", (task("1", "hello", []),))

    with pytest.raises(DynaloadError, match=r"session 'small talk', tool search, m: .*unknown option --settings"):
        play(Playing(session, set_up, "m", tmp_path / "played", tmp_path, binary))
