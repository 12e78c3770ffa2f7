"""A profile that is switched in a session decides what the model's requests have, in a resumed session, too."""

import pytest

from tests.e2e.names import CURRENT_TIME, GIT_LOG
from tests.e2e.stage import Stage

pytestmark = pytest.mark.proves("profiles")

COMMITS = "Show me the latest commits in the git log of the repository"
TIME = "What is the current time in the timezone Asia/Tokyo?"


def test_a_profile_switched_in_a_session_decides_what_is_loaded_and_is_kept_when_that_is_resumed(stage: Stage) -> None:
    claude = stage.claude({}, environment={"MCP_DYNALOAD_CONFIG_DIR": str(stage.folder / "config")})
    config = stage.folder / "config"
    config.mkdir()
    (config / "dynaload.toml").write_text('[profiles.clock]\nservers = ["time"]\n')

    with claude.print_session() as session:
        answer = session.ask("/mcp__dynaload__profile clock")
        session.ask(TIME)
    claude.run_print(COMMITS, "--resume", str(session.session_id))

    (time,), (commits,) = claude.api.main(TIME), claude.api.main(COMMITS)
    assert "Profile 'clock' is in use" in str(answer)
    assert CURRENT_TIME in time.tools_of()
    assert GIT_LOG not in {*time.tools_of(), *commits.visible_tools}
    assert GIT_LOG not in commits.additional_context
