"""Prints the screen of the real Claude Code in front of seven real servers, for the README; only the model is scripted.

.venv/bin/python -m tests.e2e.capture
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.e2e.model_api import text, tool_use
from tests.e2e.names import GIT_LOG
from tests.e2e.stage import FROZEN_LIST_MODEL, NPM_BIN, PROXY_COMMAND, Stage
from tests.e2e.test_commands import choose, wait_for_our_menu
from tests.e2e.test_every_prompt import HISTORY
from tests.e2e.upstreams import COMMITS, Workplace

COLUMNS = 100


def main() -> None:
    """Type a prompt and a command, and print what stands on the screen."""
    with tempfile.TemporaryDirectory(prefix="capture-") as folder, ExitStack() as stack:
        workplace = Workplace(Path(folder, "workplace"), NPM_BIN, PROXY_COMMAND)
        workplace.root.mkdir()
        workplace.prepare()
        state = Path(folder, "filled", "state")
        workplace.fill_catalog(state)
        place = Path(folder, "place")
        place.mkdir()
        stage = Stage(workplace, state, place, stack)
        steps = [tool_use(GIT_LOG, {"repo_path": str(workplace.repository)}), text(f"The newest is “{COMMITS[-1]}”.")]
        claude = stage.claude({HISTORY: steps}, model=FROZEN_LIST_MODEL, plugin=True)
        with claude.terminal(columns=COLUMNS) as terminal:
            wait_for_our_menu(terminal)
            terminal.ask(HISTORY)
            choose(terminal, "why")
            terminal.wait_until(lambda screen: "Original prompt" in screen, "what the command tells")
            print(terminal.screen.rstrip())


if __name__ == "__main__":
    main()
