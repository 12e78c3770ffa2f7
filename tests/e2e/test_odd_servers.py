"""Odd servers in front of the real client: what the model reads of them, and that others go on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.stage import Stage
from tests.faults.scripted import entry

PROMPT = "Call the tools"
RAW, WAIT, BAD = "mcp__dynaload__odd__raw", "mcp__dynaload__good__wait", "mcp__dynaload__bad__echo"


def in_front_of(stage: Stage, folder: Path, flag: Path) -> Stage:
    """Return the stage with other servers: an odd, a good, and one that does not start while the flag is there."""
    workplace = replace(stage.workplace, root=folder)
    servers = {
        "odd": entry("odd", options={"pin": ["raw"]}),
        "good": entry("good", options={"pin": ["wait"]}),
        "bad": entry("bad", options={"pin": ["echo"]}, exits_with="no key", exits_while=str(flag)),
    }
    workplace.project.mkdir(parents=True)
    workplace.servers_file.write_text(json.dumps({"mcpServers": servers}))
    workplace.fill_catalog(stage.folder / "state")
    return replace(stage, workplace=workplace)


@pytest.mark.proves("plain-json", "in-words")
def test_the_model_reads_what_can_be_used_and_why_a_server_failed(stage: Stage, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    line = '{"jsonrpc":"2.0","id":{id},"result":{"content":[],"structuredContent":{"harbour":NaN}}}'
    broken = '{"jsonrpc":"2.0","id":{id},"result":"afloat"}'
    claude = in_front_of(stage, tmp_path / "odd", flag).claude(
        {
            PROMPT: [
                tool_use(RAW, {"line": line}),
                tool_use(RAW, {"line": broken}),
                tool_use(WAIT, {"arrived": str(flag), "until": str(tmp_path)}),
                tool_use(BAD, {}),
            ]
        }
    )

    claude.run_print(PROMPT)

    *_, after_null, after_broken, after_wait, after_bad = claude.api.main()
    assert '"harbour":null' in after_null.last_result.replace(" ", "")
    assert "MCP server 'odd' failed at 'tools/call': it answered with something unreadable" in after_broken.last_result
    assert "done waiting" in after_wait.last_result
    assert "MCP server 'bad' did not start: it ended before it answered the handshake" in after_bad.last_result
    assert "TaskGroup" not in after_bad.last_result
