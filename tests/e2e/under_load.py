"""Says how many prompts have their tool in their first request at the terminal while something keeps all cores busy.

    .venv/bin/python -m tests.e2e.under_load 20

It takes about ten seconds a session on two cores; what keeps them busy ends with it.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from mcp_dynaload.measure.peers.choice_times import busy_cores
from tests.e2e.names import CURRENT_TIME, GIT_LOG
from tests.e2e.stage import FROZEN_LIST_MODEL, NPM_BIN, PROXY_COMMAND, Stage
from tests.e2e.test_every_prompt import CLOCK, HISTORY
from tests.e2e.upstreams import Workplace


def main(times: int) -> None:
    """Play so many sessions of two prompts each, and print what became of them."""
    with tempfile.TemporaryDirectory(prefix="under-load-") as folder, ExitStack() as stack:
        workplace = Workplace(Path(folder, "workplace"), NPM_BIN, PROXY_COMMAND)
        workplace.root.mkdir()
        workplace.prepare()
        state = Path(folder, "filled", "state")
        workplace.fill_catalog(state)
        with busy_cores():
            had = [
                _had_its_tools(_stage(workplace, state, Path(folder, str(number)), stack)) for number in range(times)
            ]
        print(f"first prompts {sum(first for first, _ in had)} of {times}, later ones {sum(later for _, later in had)}")


def _stage(workplace: Workplace, state: Path, folder: Path, stack: ExitStack) -> Stage:
    folder.mkdir()
    return Stage(workplace, state, folder, stack)


def _had_its_tools(stage: Stage) -> tuple[bool, bool]:
    claude = stage.claude({}, model=FROZEN_LIST_MODEL, plugin=True)
    with claude.terminal() as terminal:
        terminal.ask(HISTORY)
        terminal.ask(CLOCK)
    needed = {HISTORY: GIT_LOG, CLOCK: CURRENT_TIME}
    first, later = (name in claude.api.main(prompt)[0].visible_tools for prompt, name in needed.items())
    print(f"first {first}, later {later}", flush=True)
    return first, later


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
