"""The real client in front of a server whose login ends and is made again while a session runs."""

import json
from dataclasses import replace

import anyio.from_thread
import pytest

from tests.e2e.claude import Claude
from tests.e2e.model_api import tool_use
from tests.e2e.stage import Stage
from tests.e2e.test_live_servers import wait_until_logged
from tests.logins.authorization import ProtectedServer, protected
from tests.logins.test_sessions import log_in_elsewhere

READ = "mcp__dynaload__far__read"
BEFORE = "Read what the far server has to say"
LOGGED_IN = "Once more, please"
ENDED = "And a last time, please"


@pytest.mark.proves("logins")
def test_a_session_without_anybody_at_the_screen_takes_a_login_up_and_says_when_it_has_ended(stage: Stage) -> None:
    claude = stage.claude({prompt: [tool_use(READ, {})] for prompt in (BEFORE, LOGGED_IN, ENDED)})
    with anyio.from_thread.start_blocking_portal() as portal, portal.wrap_async_context_manager(protected()) as server:
        claude = in_front_of(claude, stage, server)
        with claude.print_session() as session:
            session.ask(BEFORE)
            portal.call(log_in_elsewhere, stage.folder, server)
            wait_until_logged(stage, "upstream_let_us_in")
            session.ask(LOGGED_IN)
            server.issuer.revoke_all()
            session.ask(ENDED)

    (_, unknown), (_, answered), (_, refused) = (claude.api.main(prompt)[-2:] for prompt in (BEFORE, LOGGED_IN, ENDED))
    assert "No such tool available" in unknown.last_result
    assert "done: read" in answered.last_result
    assert "The user can log in with `mcp-dynaload login far`" in refused.last_result


def in_front_of(claude: Claude, stage: Stage, server: ProtectedServer) -> Claude:
    """Return the client with this server alone behind ours."""
    file, config = stage.folder / "servers.json", stage.folder / "mcp.json"
    file.write_text(
        json.dumps({"mcpServers": {"far": {"type": "http", "url": server.url, "dynaload": {"pin": ["*"]}}}})
    )
    config.write_text(claude.mcp_config.read_text().replace(str(stage.workplace.servers_file), str(file)))
    return replace(claude, mcp_config=config)
